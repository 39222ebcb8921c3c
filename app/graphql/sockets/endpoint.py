"""The ASGI application for one path: who may open a socket, how many, and closing them all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final, Generic

from starlette.types import Receive, Scope, Send

from app.graphql.callers import IdentityT, Keep, MakeContext, SignIn, request_id
from app.graphql.engine import Engine
from app.graphql.mutations import Mutations
from app.graphql.observer import Observer
from app.graphql.sockets.connection import Connection
from app.graphql.sockets.options import SocketOptions
from app.graphql.sockets.origins import Origins
from app.graphql.sockets.protocol import SUBPROTOCOL, CloseCode

RESTARTING: Final = "Service restart"


def keep_all(_identity: object, _out: Callable[[str], None]) -> Callable[[], None]:
    """For as long as their tokens are good."""
    return lambda: None


class GraphQLSockets(Generic[IdentityT]):
    """An ASGI application for one path. The server's own pings should be off, and its limit of a
    message's size should be no less than ``options.max_message``."""

    def __init__(
        self,
        engine: Engine,
        sign_in: SignIn[IdentityT],
        make_context: MakeContext[IdentityT],
        *,
        keep: Keep[IdentityT] = keep_all,
        options: SocketOptions | None = None,
        allowed_origins: Iterable[str] = (),
        observe: Observer | None = None,
    ) -> None:
        self.engine = engine
        self.sign_in = sign_in
        self.keep = keep
        self.make_context = make_context
        self.options = options or SocketOptions()
        self.origins = Origins(allowed_origins)
        self.observe = observe or Observer()
        self.mutations = Mutations()
        self.connections: set[Connection[IdentityT]] = set()
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        if not self.origins.allow(scope["headers"]):
            await send({"type": "websocket.close", "code": 1000})  # before accepting: HTTP 403
            return
        refusal = self.refusal(scope)
        given = dict(scope["headers"]).get(b"x-request-id")
        id_ = request_id(given)
        await send(
            {
                "type": "websocket.accept",
                "subprotocol": SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None,
                "headers": [(b"x-request-id", id_.encode())],
            }
        )
        if refusal is not None:
            code, why = refusal
            await send({"type": "websocket.close", "code": code, "reason": why})
            return
        connection = Connection(self, receive, send, id_)
        self.connections.add(connection)
        self.observe.socket_opened()
        code = 1006
        try:
            code = await connection.run()
        finally:
            self.connections.discard(connection)
            self.observe.socket_closed(code)

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Said after accepting: a browser hides from its page why a handshake failed."""
        if SUBPROTOCOL not in scope["subprotocols"]:
            return CloseCode.WRONG_SUBPROTOCOL, "Subprotocol not acceptable"
        if self.draining:
            return CloseCode.RESTARTING, RESTARTING
        if len(self.connections) >= self.options.max_connections:
            return CloseCode.TRY_AGAIN, "Too many connections"
        return None

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
