"""Server-sent events, the way GraphQL over SSE uses them in its distinct connections mode.

Lines end in LF alone: urql finds its events by it. Source: graphql-sse, PROTOCOL.md; WHATWG HTML,
section 9.2, "Server-sent events".
"""

from __future__ import annotations

from typing import Any, Final

import orjson
from starlette.types import Message

from app.graphql.negotiation import STREAM

HEARTBEAT: Final = b":\n\n"
"""A comment: it keeps proxies from taking the silence for the end, and makes them pass the head."""
COMPLETE: Final = b"event: complete\ndata:\n\n"


def next_event(payload: bytes, cursor: str | None = None) -> bytes:
    """``payload`` is a result as JSON on one line. The id is what event sources come back with."""
    if cursor is None:
        return b"event: next\ndata: %b\n\n" % payload
    return b"event: next\nid: %b\ndata: %b\n\n" % (cursor.encode(), payload)


def errors_event(errors: list[dict[str, Any]]) -> bytes:
    return next_event(orjson.dumps({"errors": errors}))


def whole(payload: bytes) -> bytes:
    """All of the stream of an operation that has one result."""
    return next_event(payload) + COMPLETE


def start(request_id: str) -> Message:
    return {
        "type": "http.response.start",
        "status": 200,
        "headers": [
            (b"content-type", f"{STREAM}; charset=utf-8".encode()),
            # no-transform: middleware that compresses collects events until they are worth it
            (b"cache-control", b"no-store, no-transform"),
            (b"vary", b"accept"),
            (b"x-accel-buffering", b"no"),  # nginx passes each event on as it comes
            (b"x-request-id", request_id.encode()),
        ],
    }


def body(batch: bytes) -> Message:
    return {"type": "http.response.body", "body": batch, "more_body": True}
