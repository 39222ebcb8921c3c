"""The ASGI application for one path: who may open a socket, how many, and closing them all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final, Generic

from starlette.types import Receive, Scope, Send

from app.graphql.callers import IdentityT, Keep, MakeContext, SignIn, request_id
from app.graphql.engine import Engine
from app.graphql.errors import ClientError, ErrorCode
from app.graphql.limits.gate import Gate
from app.graphql.live import Live
from app.graphql.mutations import Mutations
from app.graphql.observer import Observer
from app.graphql.seats import Seat, Seats
from app.graphql.sockets.admission import Refused
from app.graphql.sockets.asked import WEBSOCKET
from app.graphql.sockets.connection import CLOSE_WITHIN, Connection
from app.graphql.sockets.liveness import Liveness
from app.graphql.sockets.options import SocketOptions
from app.graphql.sockets.origins import Origins
from app.graphql.sockets.outbox import Outbox
from app.graphql.sockets.protocol import SUBPROTOCOL, CloseCode
from app.wire import EXTENSION, Wire

RESTARTING: Final = "Service restart"


def keep_all(_identity: object, _out: Callable[[str], None]) -> Callable[[], None]:
    """For as long as their tokens are good."""
    return lambda: None


class GraphQLSockets(Generic[IdentityT]):
    """An ASGI application for one path, on a server that gives it a Wire and bounds the size of a
    message; its own pings should be off. That is ``app.server.configured``."""

    def __init__(
        self,
        engine: Engine,
        sign_in: SignIn[IdentityT],
        make_context: MakeContext[IdentityT],
        live: Live[IdentityT],
        *,
        keep: Keep[IdentityT] = keep_all,
        seats: Seats | None = None,
        gate: Gate | None = None,
        options: SocketOptions | None = None,
        allowed_origins: Iterable[str] = (),
        observe: Observer | None = None,
    ) -> None:
        self.engine = engine
        self.sign_in = sign_in
        self.keep = keep
        self.make_context = make_context
        self.live = live
        self.seats = seats or Seats()
        self.gate = gate or Gate(engine)
        self.options = options or SocketOptions()
        self.origins = Origins(allowed_origins)
        self.observe = observe or Observer()
        self.mutations = Mutations()
        self.liveness = Liveness(
            self.options.ping_interval.total_seconds(), self.options.ping_timeout.total_seconds()
        )
        self.connections: set[Connection[IdentityT]] = set()
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wire = wire_of(scope)
        await receive()  # websocket.connect
        if not self.origins.allow(scope["headers"]):
            await send({"type": "websocket.close", "code": 1000})  # before accepting: HTTP 403
            return
        wire.limit(self.options.messages_per_second, self.options.messages_at_once)
        seat = self.seat(scope)
        id_ = request_id(dict(scope["headers"]).get(b"x-request-id"))
        try:
            await send(
                {
                    "type": "websocket.accept",
                    "subprotocol": SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None,
                    "headers": [(b"x-request-id", id_.encode())],
                }
            )
            if isinstance(seat, Refused):
                self.observe.refused(WEBSOCKET, seat.code)
                await Outbox(wire).finish(send, seat.close, seat.why, within=CLOSE_WITHIN)
            else:
                await self.serve(Connection(self, wire, receive, send, request_id=id_, seat=seat))
        finally:
            if isinstance(seat, Seat):
                seat()

    async def serve(self, connection: Connection[IdentityT]) -> None:
        self.connections.add(connection)
        self.observe.socket_opened()
        code = 1006
        try:
            code = await connection.run()
        finally:
            self.connections.discard(connection)
            self.observe.socket_closed(code)

    def seat(self, scope: Scope) -> Seat | Refused:
        """A refusal is said after accepting: a browser hides from its page why a handshake
        failed."""
        if SUBPROTOCOL not in scope["subprotocols"]:
            return Refused(
                CloseCode.WRONG_SUBPROTOCOL, "Subprotocol not acceptable", ErrorCode.BAD_REQUEST
            )
        if self.draining:
            return Refused(CloseCode.RESTARTING, RESTARTING, ErrorCode.UNAVAILABLE)
        try:
            return self.seats.enter()
        except ClientError as error:
            return Refused(CloseCode.TRY_AGAIN, error.message, error.code)

    async def close_all(self, within: timedelta = timedelta(seconds=5)) -> None:
        """Close every socket, and every one that still comes, with 1012: clients come back, to
        another replica or the next process. Waits for them and for running mutations, so long."""
        self.draining = True
        loop = asyncio.get_running_loop()
        until = loop.time() + within.total_seconds()
        readers = {each.reader for each in self.connections if each.reader is not None}
        for connection in list(self.connections):
            connection.close(CloseCode.RESTARTING, RESTARTING)
        if readers:
            await asyncio.wait(readers, timeout=within.total_seconds())
        await self.mutations.finish(timedelta(seconds=max(0.0, until - loop.time())))


def wire_of(scope: Scope) -> Wire:
    wire: Wire | None = scope.get("extensions", {}).get(EXTENSION)
    if wire is None:
        raise RuntimeError(
            f"Sockets need the scope extension {EXTENSION!r}: run them on uvicorn with "
            "ws=app.wire.WireProtocol, as app.server does."
        )
    return wire
