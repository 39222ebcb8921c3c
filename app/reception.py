"""What is refused before there is a request: bytes that are no HTTP, and a head without end.

Uvicorn answers the first in plain text, and keeps as much of the second as is sent. It stands on
attributes that uvicorn does not document; tests/journeys/test_front_door.py notices when they
change.
"""

from __future__ import annotations

from typing import Final

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.graphql.errors import ErrorCode
from app.graphql.sse.hanging_up import HttpProtocol

MAX_HEAD: Final = 512 * 1024
"""Bytes of a request line and headers that are read on for: twice a query string (``GraphQLHTTP``).
What comes at once is parsed at once, so that they may be 256 KiB more."""

NO_HTTP: Final = "This is not HTTP/1.1 as it can be read here."
ENDLESS: Final = "The request line and the headers are too long."


class Reception(HttpProtocol):
    """Its refusals are JSON, like all others."""

    def connection_made(self, transport: object) -> None:
        self.in_head = False
        self.head_size = 0
        super().connection_made(transport)  # type: ignore[arg-type]

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_head = True
        self.head_size = 0

    def on_headers_complete(self) -> None:
        self.in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        continued = self.in_head
        super().data_received(data)
        if continued and self.in_head:
            self.head_size += len(data)
            if self.head_size > MAX_HEAD:
                self.refuse(431, ENDLESS, ErrorCode.TOO_LARGE)

    def send_400_response(self, msg: str) -> None:
        self.refuse(400, NO_HTTP, ErrorCode.BAD_REQUEST)

    def refuse(self, status: int, message: str, code: ErrorCode) -> None:
        """And close. In the middle of an answer there is no room for another one."""
        if self.cycle is None or self.cycle.response_complete:
            error = {"message": message, "extensions": {"code": code.value}}
            body = orjson.dumps({"errors": [error]})
            self.transport.write(
                b"%bcontent-type: application/json; charset=utf-8\r\ncontent-length: %d\r\n"
                b"connection: close\r\n\r\n%b" % (STATUS_LINE[status], len(body), body)
            )
        self.transport.close()
