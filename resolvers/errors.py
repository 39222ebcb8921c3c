"""What may go wrong at the top level of an answer, as clients are told it.

An expected outcome of an operation is a type of its result union, never one of these: these are for
requests that make no sense, callers who may not ask at all, streams that can not go on, and bugs.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class ErrorCode(StrEnum):
    """Every value that ``extensions.code`` of an error can have. Clients match on it: a new one is
    a change of the contract, and a removed one breaks them."""

    BAD_REQUEST = "BAD_REQUEST"
    """The request, its variables or an argument do not fit. Sending it again changes nothing."""
    SYNTAX_ERROR = "SYNTAX_ERROR"
    """The document is no GraphQL."""
    VALIDATION_FAILED = "VALIDATION_FAILED"
    """The document does not fit the schema, or is larger than a document may be."""
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    """No trusted document has the id. Who may can send the document itself."""
    PERSISTED_QUERY_ID_REQUIRED = "PERSISTED_QUERY_ID_REQUIRED"
    """Only trusted documents are carried out here, by their id, and a text was sent."""
    UNAUTHENTICATED = "UNAUTHENTICATED"
    """No token, or one that is not accepted. Come back with a fresh one."""
    FORBIDDEN = "FORBIDDEN"
    """Not for this caller, or not on this server."""
    NOT_FOUND = "NOT_FOUND"
    """HTTP: there is nothing at this path."""
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    """HTTP: no media type that the client accepts can be given."""
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    """HTTP: the body is not JSON in UTF-8."""
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    """HTTP: neither POST, nor GET with a query."""
    TOO_LARGE = "TOO_LARGE"
    """The request has more bytes than are read."""
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    """The document, or what it asks for, is beyond a limit of one request: ``extensions.limit``
    names it, with what is ``allowed`` and what was ``asked``. Sending it again changes nothing."""
    RATE_LIMITED = "RATE_LIMITED"
    """The engineer or their account has asked for too much in too short a time. Try again after
    ``extensions.retryAfter`` seconds."""
    TOO_MANY_OPERATIONS = "TOO_MANY_OPERATIONS"
    """Too many operations run on this socket. Complete one first."""
    TOO_MANY_CONNECTIONS = "TOO_MANY_CONNECTIONS"
    """Too many connections are open: of this engineer, this account, or in all. Close one first, or
    try again later."""
    CURSOR_INVALID = "CURSOR_INVALID"
    """The cursor was not given out here. Start from a fresh one."""
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    """The events after the cursor are no longer kept. Read the current state, then its cursor."""
    RESYNC_REQUIRED = "RESYNC_REQUIRED"
    """The stream ended because its reader fell behind. Subscribe again after the last cursor."""
    TIMEOUT = "TIMEOUT"
    """The answer took too long and was given up."""
    UNAVAILABLE = "UNAVAILABLE"
    """Something the service needs is away for the moment. Try again shortly."""
    INTERNAL = "INTERNAL"
    """A fault of ours. ``extensions.errorId`` finds it in the log."""


class ClientError(Exception):
    """A refusal the client may read as it is written: message, code, and what else helps.

    ``extensions`` become entries of the error's ``extensions`` beside ``code``.
    """

    def __init__(
        self,
        message: str,
        code: ErrorCode = ErrorCode.BAD_REQUEST,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.extensions: dict[str, Any] = {**(extensions or {}), "code": code.value}
