"""HTTP answers: ``data`` or ``errors``, whatever the status, as JSON or a stream of one event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import orjson
from starlette.types import Send

from app.graphql.engine import Result
from app.graphql.errors import AWAY, ErrorCode, explain, outcome
from app.graphql.negotiation import JSON, RESPONSE, STREAM
from app.graphql.sse import frames

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

RETRY_AFTER: Final[Headers] = ((b"retry-after", b"1"),)
CONTENT_TYPES: Final = {
    kind: f"{kind}; charset=utf-8".encode() for kind in (JSON, RESPONSE, STREAM)
}
PASSING: Final = {
    ErrorCode.TOO_MANY_CONNECTIONS: 429,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.TIMEOUT: 504,
    ErrorCode.INTERNAL: 500,
}
"""Reasons for not beginning that do not lie in the request: it is not answered as if they did, and
clients of event streams ask again."""


@dataclass(slots=True)
class Answer:
    """``outcome`` is for the observer: OK or an error code. ``media_type``: if not the one that the
    request asks for."""

    status: int
    body: bytes
    outcome: str
    headers: Headers = ()
    media_type: str | None = None

    async def send(self, send: Send, media_type: str, request_id: str) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": [
                    (b"content-type", CONTENT_TYPES[self.media_type or media_type]),
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


def streamed(answer: Answer) -> Answer:
    """The same as a stream. Request errors too, as the protocol wants it: a client of streams does
    not look into a 4xx, it asks again."""
    return replace(answer, status=200, body=frames.whole(answer.body), media_type=STREAM)


def request_error(errors: list[dict[str, Any]], media_type: str) -> Answer:
    """400 under the new media type; 200 under the old one, whose clients do not look into a 4xx."""
    status = PASSING.get(errors[0]["extensions"]["code"])
    if status is not None:
        return of_errors(status, errors, retry_after(errors[0]) if status in (429, 503) else ())
    if media_type == STREAM:
        return streamed(of_errors(200, errors))
    return of_errors(400 if media_type == RESPONSE else 200, errors)


def retry_after(error: dict[str, Any]) -> Headers:
    """As long as the error says, or a second."""
    seconds = error["extensions"].get("retryAfter")
    return RETRY_AFTER if seconds is None else ((b"retry-after", b"%d" % seconds),)


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
