"""HTTP answers: JSON with ``data`` or ``errors``, whatever the status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson
from starlette.types import Send

from app.graphql.engine import RequestError, Result
from app.graphql.errors import AWAY, ErrorCode, explain, outcome
from app.graphql.negotiation import JSON, RESPONSE

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

RETRY_AFTER: Final[Headers] = ((b"retry-after", b"1"),)
CONTENT_TYPES: Final = {kind: f"{kind}; charset=utf-8".encode() for kind in (JSON, RESPONSE)}


@dataclass(slots=True)
class Answer:
    """``outcome`` is for the observer: OK or an error code."""

    status: int
    body: bytes
    outcome: str
    headers: Headers = ()

    async def send(self, send: Send, media_type: str, request_id: str) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": [
                    (b"content-type", CONTENT_TYPES[media_type]),
                    (b"content-length", str(len(self.body)).encode()),
                    (b"cache-control", b"no-store"),
                    (b"vary", b"accept"),
                    (b"x-request-id", request_id.encode()),
                    *self.headers,
                ],
            }
        )
        await send({"type": "http.response.body", "body": self.body})


def success(result: Result) -> Answer:
    """Also for one whose fields failed: there was an execution, and its answer has ``data``."""
    return Answer(200, result.encode(), outcome(result))


def request_error(error: RequestError, media_type: str) -> Answer:
    """400 under the new media type; 200 under the old one, whose clients do not look into a 4xx."""
    status = 400 if media_type == RESPONSE else 200
    return of_errors(status, error.formatted())


def refused(status: int, message: str, code: ErrorCode, headers: Headers = ()) -> Answer:
    error = {"message": message, "extensions": {"code": code.value}}
    return of_errors(status, [error], headers)


def fault(error: Exception) -> Answer:
    """Of ours, logged; the client is told to come back if that may help."""
    message, extensions = explain(error)
    status, headers = (503, RETRY_AFTER) if isinstance(error, AWAY) else (500, ())
    return of_errors(status, [{"message": message, "extensions": extensions}], headers)


def of_errors(status: int, errors: list[dict[str, Any]], headers: Headers = ()) -> Answer:
    code = errors[0]["extensions"]["code"]
    return Answer(status, orjson.dumps({"errors": errors}), code, headers)
