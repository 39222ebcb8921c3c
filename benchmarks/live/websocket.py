"""The client's end of a WebSocket, at the least cost: it shares a core with PostgreSQL.

Source: https://www.rfc-editor.org/rfc/rfc6455, section 5.2 (frames)
"""

import asyncio
from collections.abc import Mapping
from time import perf_counter
from typing import Final, cast

TEXT: Final = 0x81
CLOSE: Final = 0x88
PING: Final = 0x89
PONG: Final = 0x8A
NO_CODE: Final = 1006
NONE_GIVEN: Final = 1005
NORMAL: Final = (1000).to_bytes(2)


def frame(first: int, payload: bytes) -> bytes:
    """Masked, as a client's must be: by a key of zeros, which changes nothing."""
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    else:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2)
    return head + b"\x00\x00\x00\x00" + payload


def handshake(path: str, headers: Mapping[str, str]) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        "host: benchmark",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: YSBrZXkgb2YgMTYgYnl0ZQ==",
        "sec-websocket-protocol: graphql-transport-ws",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class WebSocket(asyncio.Protocol):
    """To be subclassed. Texts come whole, with the moment at which their last byte was read."""

    __slots__ = ("_code", "_going", "_open", "_request", "_rest", "_transport")

    def __init__(self, request: bytes) -> None:
        """``request`` is a ``handshake``."""
        self._request = request
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._open = False
        self._going = False
        self._code = NO_CODE

    def opened(self) -> None:
        raise NotImplementedError

    def text(self, payload: bytes, at: float) -> None:
        raise NotImplementedError

    def lost(self, why: str) -> None:
        raise NotImplementedError

    def write(self, ready: bytes) -> None:
        assert self._transport is not None
        self._transport.write(ready)

    def say(self, payload: bytes) -> None:
        self.write(frame(TEXT, payload))

    def go(self) -> None:
        """As a closed browser does."""
        self._going = True
        self.write(frame(CLOSE, NORMAL))

    def cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost(f"closed with {self._code}" if exc is None else repr(exc))

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        if self._rest:
            data = self._rest + data
        at = 0 if self._open else self._after_handshake(data)
        if at < 0:
            self._rest = data
            return
        end = len(data)
        while end - at >= 2:
            size, begin = data[at + 1], at + 2
            if size >= 126:
                begin += 2 if size == 126 else 8
                if end < begin:
                    break
                size = int.from_bytes(data[at + 2 : begin])
            stop = begin + size
            if stop > end:
                break
            if data[at] == TEXT:
                self.text(data[begin:stop], now)
            else:
                self._control(data[at], data[begin:stop])
            at = stop
        self._rest = data[at:]

    def _after_handshake(self, data: bytes) -> int:
        """Where frames begin; less than 0 while they don't."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return -1
        if not data.startswith(b"HTTP/1.1 101 "):
            self.lost(f"refused: {data[:300]!r}")
            self.cut()
            return len(data)
        self._open = True
        self.opened()
        return end + 4

    def _control(self, first: int, payload: bytes) -> None:
        if first == PING:
            self.write(frame(PONG, payload))
        elif first == CLOSE:
            self._code = int.from_bytes(payload[:2]) if payload else NONE_GIVEN
            if not self._going:
                self.write(frame(CLOSE, payload[:2]))
