"""The way out of a WebSocket: frames that are ready, written straight to their transport.

ASGI has a coroutine and a dictionary for each message, and has the server frame it anew; a stream
that a thousand clients listen to does that a thousand times for the same bytes. ``WireProtocol``,
which uvicorn takes as its ``ws``, puts a ``Wire`` into the scope: whatever a client is sent between
``websocket.accept`` and ``websocket.close`` goes through it. Opening, receiving and closing are
ASGI's.

It also bounds what one client can cost the others: bytes that wait for one who does not read, work
that is done for what one sends at once, and memory while nothing happens. It stands on attributes
that uvicorn does not document; tests/app/test_wire.py notices when they change.
"""

from __future__ import annotations

import asyncio
import struct
from http import HTTPStatus
from typing import Any, Final, Protocol, cast

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.http11 import Request
from websockets.protocol import OPEN

from app import tcp

EXTENSION: Final = "baton.wire"
"""Where a ``Wire`` is found among the extensions of a scope."""

HIGH_WATER: Final = 64 * 1024
LOW_WATER: Final = 16 * 1024
"""Bytes the transport holds when ``writable`` ends, and when it begins again."""

MAX_MESSAGE: Final = 256 * 1024
"""Bytes of a message from a client; a longer one closes the socket with 1009."""

SLICE: Final = 4 * 1024
"""Bytes parsed before what they said is counted. The smallest frame has six, so that a client who
floods us keeps the others waiting for a few milliseconds."""
TOO_MANY: Final = (1013, "Too many messages")

TEXT: Final = 0x81  # a whole message of text
MEDIUM: Final = struct.Struct(">BBH").pack
LARGE: Final = struct.Struct(">BBQ").pack


def frame(text: bytes, more: bytes = b"", end: bytes = b"") -> bytes:
    """UTF-8, in parts, as the one frame of a message from a server (RFC 6455, section 5.2)."""
    size = len(text) + len(more) + len(end)
    if size < 126:
        head = bytes((TEXT, size))
    elif size < 65536:
        head = MEDIUM(TEXT, 126, size)
    else:
        head = LARGE(TEXT, 127, size)
    return b"".join((head, text, more, end))


class Listener(Protocol):
    """Whoever writes to a wire. Called on the event loop, ``held`` from inside of ``write``."""

    def held(self) -> None:
        """What was written is held back: write no more for now."""

    def drained(self) -> None:
        """There is room again."""

    def ended(self) -> None:
        """Nothing that is written from now on is sent. May be called more than once."""


class Wire:
    """One socket's. ``listener`` is set by whoever writes, before the first ``write``."""

    __slots__ = ("_gone", "_lost", "_protocol", "_transport", "listener", "writable")

    def __init__(self, protocol: WireProtocol) -> None:
        self._protocol: WireProtocol | None = protocol
        self._transport = cast(asyncio.Transport, None)  # until the connection is made
        self._gone: asyncio.Future[None] | None = None
        self._lost = False
        self.writable = True
        self.listener: Listener | None = None

    @property
    def open(self) -> bool:
        """Whether data may be sent: the handshake is complete, and nobody has begun to close."""
        protocol = self._protocol
        return (
            protocol is not None
            and protocol.conn.state is OPEN
            and not self._transport.is_closing()
        )

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return self._transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        """One frame or several. Nothing happens when the wire is not ``open``; when it is not
        ``writable``, what is written has to wait in memory."""
        if self.open:
            self._transport.write(data)

    def limit(self, per_second: float, at_once: int) -> None:
        """How many frames the client may send from now on; one more closes the socket with 1013."""
        if self._protocol is not None:
            self._protocol.frames_per_second = per_second
            self._protocol.frames_at_once = at_once

    async def gone(self) -> None:
        """Until the connection is lost, by whichever side."""
        if not self._lost:
            if self._gone is None or self._gone.done():
                self._gone = asyncio.get_running_loop().create_future()
            await self._gone

    def abort(self) -> None:
        """Reset the connection."""
        if not self._lost:
            tcp.reset(self._transport)

    # ------------------------------------------------------------------ from the protocol

    def made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(HIGH_WATER, LOW_WATER)
        tcp.hold_little(transport)

    def paused(self) -> None:
        self.writable = False
        if self.listener is not None:
            self.listener.held()

    def resumed(self) -> None:
        self.writable = True
        if self.listener is not None:
            self.listener.drained()

    def ended(self) -> None:
        if self.listener is not None:
            self.listener.ended()

    def lost(self) -> None:
        """What is over is not to wait for the garbage collector, which a thousand leaving at once
        would keep busy: it refers to nothing that refers to it."""
        self._lost = True
        self._protocol = self.listener = None
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)


class Inbox:
    """What uvicorn needs of asyncio.Queue, for one receiver, in a tenth of the memory."""

    __slots__ = ("_events", "_loop", "_waiter", "_wire")

    def __init__(self, loop: asyncio.AbstractEventLoop, wire: Wire) -> None:
        self._events: list[ASGIReceiveEvent] = []
        self._loop = loop
        self._waiter: asyncio.Future[None] | None = None
        self._wire = wire

    def empty(self) -> bool:
        return not self._events

    def put_nowait(self, event: ASGIReceiveEvent) -> None:
        self._events.append(event)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if event["type"] == "websocket.disconnect":
            self._wire.ended()  # whoever waits to write does not receive

    async def get(self) -> ASGIReceiveEvent:
        while not self._events:
            self._waiter = self._loop.create_future()
            await self._waiter
        self._waiter = None
        return self._events.pop(0)


class WireProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's, with a ``Wire``. Of a scope, ``headers`` are gone after ``websocket.accept``."""

    frames_per_second: float = 50
    frames_at_once: int = 200

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.wire = Wire(self)
        self.queue = cast("asyncio.Queue[ASGIReceiveEvent]", Inbox(self.loop, self.wire))
        self.failed = False
        self.paid_until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.wire.made(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.wire.lost()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.wire.paused()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.wire.resumed()

    # ------------------------------------------------------------------ opening

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            cast("dict[str, Any]", self.scope["extensions"])[EXTENSION] = self.wire

    def shutdown(self) -> None:
        """Uvicorn's answers 500 to a handshake under way, and the socket that the application
        accepts nevertheless once more, with a traceback."""
        if self.handshake_complete or self.close_sent:
            super().shutdown()
            return
        self.conn.send_response(self.conn.reject(HTTPStatus.SERVICE_UNAVAILABLE, "Restarting.\n"))
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()

    async def send(self, message: ASGISendEvent) -> None:
        if self.transport.is_closing() and not self.handshake_complete:
            raise ClientDisconnected
        await super().send(message)
        if message["type"] == "websocket.accept":
            # kept by a parser, a scope and a response for as long as a socket is open: 4 kB
            self.request.headers.clear()
            self.response.headers.clear()
            self.scope["headers"] = []

    # ------------------------------------------------------------------ receiving

    def data_received(self, data: bytes) -> None:
        """Slice by slice, so that a flood is noticed before it is parsed."""
        for start in range(0, len(data), SLICE):
            if self.failed:
                return  # the client has yet to read why
            self.conn.receive_data(data[start : start + SLICE])
            if self.conn.parser_exc is not None:
                self.handle_parser_exception()
            elif self.too_many(len(self.conn.events)):
                self.conn.events.clear()
                self.conn.fail(*TOO_MANY)
                self.handle_parser_exception()
            else:
                self.handle_events()

    def too_many(self, frames: int) -> bool:
        """Whether a client sends faster than it may: each frame is paid for with a share of a
        second, and ``frames_at_once`` may be owed."""
        if not frames:
            return False
        now = self.loop.time()
        self.paid_until = max(self.paid_until, now) + frames / self.frames_per_second
        return self.paid_until - now > self.frames_at_once / self.frames_per_second

    def send_receive_event_to_app(self) -> None:
        """As uvicorn's, except that text which is no UTF-8 is nothing for our log."""
        data = b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        if self.curr_msg_data_type == "bytes":
            self.queue.put_nowait({"type": "websocket.receive", "bytes": data})
        else:
            try:
                self.queue.put_nowait({"type": "websocket.receive", "text": data.decode()})
            except UnicodeDecodeError:
                self.conn.fail(1007, "Messages must be UTF-8")
                self.handle_parser_exception()
                return
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def handle_ping(self) -> None:
        """Who reads nothing is not answered: RFC 6455, 5.5.3, asks only for the latest."""
        if self.wire.writable and not self.failed:
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def handle_parser_exception(self) -> None:
        """Say why, and hang up. The connection stays, deaf, until the client has gone or somebody
        aborts: a reset, the answer to what it is still sending, would overtake the close frame."""
        self.failed = True
        close = self.conn.close_sent
        if close is None:  # there is no socket yet to say it on
            self.wire.abort()
            return
        if not self.close_sent:
            self.close_sent = True
            self.queue.put_nowait(
                {"type": "websocket.disconnect", "code": close.code, "reason": close.reason}
            )
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.write_eof()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
