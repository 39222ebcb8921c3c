"""Which errors a client may read as they are, and what is said instead of the others."""

from __future__ import annotations

import asyncio
import logging
from secrets import token_hex
from typing import Any, Final

from graphql import GraphQLError

from app.graphql.results import ArgumentError, RequestError, Result
from db.database import CONNECTION_LOST
from resolvers.errors import ClientError, ErrorCode

__all__ = [
    "AWAY",
    "UNAVAILABLE",
    "ClientError",
    "ErrorCode",
    "cancelled",
    "explain",
    "mask",
    "outcome",
    "told",
]

logger = logging.getLogger(__name__)

AWAY: Final = (*CONNECTION_LOST, OSError)
"""The database can not be reached for now. OSError as well: a socket that is not there, a name that
does not resolve, a statement or a connection that timed out (TimeoutError is one)."""

CODES: Final = frozenset(code.value for code in ErrorCode)
UNAVAILABLE: Final = "The service is not available just now. Try again in a moment."
INTERNAL: Final = "Something went wrong on our side. Quote the error's id when you report it."


def mask(error: GraphQLError) -> GraphQLError:
    """The error to show for an execution error; for ``Engine(mask=...)``.

    Shown as they are: a ClientError, an argument that does not fit, and a GraphQLError that brings
    a code of the closed list. Everything else is logged and masked, and so are errors graphql-core
    raises about what our resolvers returned: they quote it.
    """
    cause = cause_of(error)
    if isinstance(cause, ArgumentError):
        return shown(error, error.message, {"code": ErrorCode.BAD_REQUEST.value})
    if isinstance(cause, ClientError):
        return shown(error, cause.message, cause.extensions)
    if isinstance(cause, GraphQLError) and (cause.extensions or {}).get("code") in CODES:
        return shown(error, cause.message, cause.extensions)
    message, extensions = explain(cause, where=error.path)
    return shown(error, message, extensions)


def cause_of(error: GraphQLError) -> Exception:
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def shown(error: GraphQLError, message: str, extensions: dict[str, Any] | None) -> GraphQLError:
    return GraphQLError(
        message, error.nodes, error.source, error.positions, error.path, extensions=extensions
    )


def explain(error: Exception, *, where: Any = None) -> tuple[str, dict[str, Any]]:
    """Log an exception that is not the client's doing. Returns what the client is told:
    (message, extensions). An exception that many fields met, as a loader's does, is logged once.
    """
    away = isinstance(error, AWAY)
    code = ErrorCode.UNAVAILABLE if away else ErrorCode.INTERNAL
    error_id = getattr(error, "_error_id", None)
    if error_id is None:
        error_id = token_hex(8)
        logger.log(
            logging.WARNING if away else logging.ERROR,
            "%s at %s, error id %s",
            code.value,
            where or "the front door",
            error_id,
            exc_info=error,
            extra={"error_id": error_id},
        )
        if hasattr(error, "__dict__"):
            error._error_id = error_id  # type: ignore[attr-defined]
    message = UNAVAILABLE if away else INTERNAL
    return message, {"code": code.value, "errorId": error_id}


def told(error: Exception, *, where: Any = None) -> tuple[list[dict[str, Any]], str]:
    """(errors, code) for what gave no result; logged if it is not the client's doing."""
    if isinstance(error, RequestError):
        errors = error.formatted()
        return errors, errors[0]["extensions"]["code"]
    if isinstance(error, ClientError):
        return [{"message": error.message, "extensions": error.extensions}], error.code.value
    message, extensions = explain(error, where=where)
    return [{"message": message, "extensions": extensions}], extensions["code"]


def cancelled(error: asyncio.CancelledError) -> Exception:
    """The fault to report when a resolver was cancelled by something of its own, or raised this.

    Raises ``error`` again when it is the running task that somebody cancels.
    """
    task = asyncio.current_task()
    if task is None or task.cancelling():
        raise error
    fault = RuntimeError("A resolver was cancelled.")
    fault.__cause__ = error
    return fault


def outcome(result: Result) -> str:
    """``OK``, or the code of the first error: what metrics and logs count an operation by."""
    if not result.errors:
        return "OK"
    code = (result.errors[0].extensions or {}).get("code")
    return str(code) if code else ErrorCode.INTERNAL.value
