"""One socket: what each message does, and when and why the socket is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Generic

from starlette.types import Message as Event
from starlette.types import Receive, Send

from app.graphql.callers import IdentityT
from app.graphql.errors import ClientError, ErrorCode, explain, told
from app.graphql.parameters import Malformed, operation_of
from app.graphql.sockets.admission import TRY_AGAIN, Refused, admit
from app.graphql.sockets.liveness import Liveness
from app.graphql.sockets.operations import WEBSOCKET, SocketOperation
from app.graphql.sockets.outbox import Outbox
from app.graphql.sockets.protocol import (
    ACK,
    PING,
    CloseCode,
    Complete,
    Frames,
    Init,
    Ping,
    Pong,
    Subscribe,
    pong,
    read,
    reason,
)

if TYPE_CHECKING:
    from app.graphql.sockets.endpoint import GraphQLSockets

CLOSE_WITHIN: Final = 1.0
"""Seconds for what is still to be written, the close frame included."""
CLEAN_UP_WITHIN: Final = 5.0
"""Seconds for operations that were cancelled to close their sources; then they go on unwatched."""
NO_CODE: Final = 1006


class Connection(Generic[IdentityT]):
    """The task that calls ``run`` reads; the outbox has a task that writes; each operation has one
    of its own. Whoever wants the socket closed calls ``close``: the first to do so says why."""

    __slots__ = (
        "closing",
        "count",
        "identity",
        "initialised",
        "left",
        "liveness",
        "loop",
        "operations",
        "outbox",
        "reader",
        "receive",
        "request_id",
        "server",
        "signing_in",
        "tasks",
        "timers",
    )

    def __init__(
        self, server: GraphQLSockets[IdentityT], receive: Receive, send: Send, request_id: str
    ) -> None:
        self.server = server
        self.receive = receive
        self.request_id = request_id
        self.loop = asyncio.get_running_loop()
        self.outbox = Outbox(send)
        self.liveness = Liveness(
            server.options.ping_interval.total_seconds(),
            server.options.ping_timeout.total_seconds(),
            lambda: self.outbox.put_now(PING),
            lambda: self.close(CloseCode.SILENT, "Nothing was heard for too long"),
        )
        self.reader: asyncio.Task[Any] | None = None
        self.initialised = False
        self.signing_in: asyncio.Task[None] | None = None
        self.identity: IdentityT | None = None
        self.left: Callable[[], None] | None = None
        self.operations: dict[str, SocketOperation[IdentityT]] = {}
        self.tasks: set[asyncio.Task[None]] = set()  # also of those the client has completed
        self.count = 0
        self.closing: tuple[int, str] | None = None
        self.timers: list[asyncio.TimerHandle] = []

    async def run(self) -> int:
        """Serve until either side closes. Returns the close code."""
        self.reader = asyncio.current_task()
        self.close_in(
            self.server.options.init_timeout.total_seconds(),
            CloseCode.INIT_TIMEOUT,
            "connection_init did not come in time",
        )
        code = NO_CODE
        try:
            code = await self.read()
        except asyncio.CancelledError:
            if self.closing is None or self.reader is None or self.reader.uncancel() > 0:
                raise  # the server ends us
        except Exception as error:  # a fault of ours: said once in the log, and not with 1006
            explain(error, where="a socket")
            self.closing = self.closing or (CloseCode.TRY_AGAIN, TRY_AGAIN)
        finally:
            await self.leave(code)
        return self.closing[0] if self.closing else code

    async def read(self) -> int:
        while self.closing is None:
            event = await self.receive()
            if event["type"] == "websocket.disconnect":
                return int(event.get("code", NO_CODE))
            self.liveness.heard()
            await self.take(event)
        return NO_CODE

    async def leave(self, code: int) -> None:
        self.liveness.stop()
        if self.left is not None:
            self.left()
        for timer in self.timers:
            timer.cancel()
        for operation in list(self.operations.values()):
            operation.stop()
        waiting = self.tasks - self.server.mutations.running
        if self.signing_in is not None:
            self.signing_in.cancel()
            waiting.add(self.signing_in)
        if self.closing is None:
            self.closing = (code, "")  # from here on nobody closes any more
            self.outbox.drop()
        else:
            await self.outbox.finish(*self.closing, within=CLOSE_WITHIN)
        if waiting:
            await asyncio.wait(waiting, timeout=CLEAN_UP_WITHIN)

    # ------------------------------------------------------------------ closing

    def close(self, code: int, why: str) -> None:
        if self.closing is not None:
            return
        self.closing = (code, reason(why))
        if self.reader is not None and asyncio.current_task() is not self.reader:
            self.reader.cancel()

    def close_in(self, seconds: float, code: int, why: str) -> None:
        self.timers.append(self.loop.call_later(max(0.0, seconds), self.close, code, why))

    # ------------------------------------------------------------------ messages

    async def take(self, event: Event) -> None:
        text = event.get("text")
        if text is None:
            self.close(CloseCode.MALFORMED, "Messages must be text")
            return
        limit = self.server.options.max_message
        if len(text) > limit or (4 * len(text) > limit and len(text.encode()) > limit):
            self.close(CloseCode.TOO_LARGE, f"A message has at most {limit} bytes")
            return
        try:
            message = read(text)
        except Malformed as error:
            self.close(CloseCode.MALFORMED, str(error))
            return
        match message:
            case Ping(payload):
                await self.outbox.put(pong(payload))
            case Pong():
                pass
            case Init():
                self.initialise(message)
            case Subscribe():
                await self.subscribe(message)
            case Complete(id_):
                self.complete(id_)

    def initialise(self, message: Init) -> None:
        """Signing in is a task, so that pings are answered meanwhile."""
        if self.initialised:
            self.close(CloseCode.SECOND_INIT, "Too many initialisation requests")
            return
        self.initialised = True
        self.timers.pop().cancel()  # the init timeout: so far there is no other
        self.signing_in = self.loop.create_task(self.sign_in(message.token()))

    async def sign_in(self, token: str | None) -> None:
        server = self.server
        server.observe.entered(WEBSOCKET, self.request_id)
        timeout = server.options.sign_in_timeout.total_seconds()
        identity = await admit(server.sign_in, token, timeout)
        if isinstance(identity, Refused):
            server.observe.refused(WEBSOCKET, identity.code)
            self.close(identity.close, identity.why)
            return
        server.observe.signed_in(identity)
        self.identity = identity
        self.signing_in = None
        # the client comes back after this code too, and is seen as it is then
        self.left = server.keep(identity, lambda why: self.close(CloseCode.FORBIDDEN, why))
        left = (identity.expires_at - datetime.now(UTC)).total_seconds()
        # the client comes back after this code, and fetches a fresh token first
        self.close_in(left, CloseCode.FORBIDDEN, "The token expired")
        self.outbox.put_now(ACK)
        self.liveness.start()

    async def subscribe(self, message: Subscribe) -> None:
        if self.identity is None:
            self.close(CloseCode.NOT_INITIALISED, "Unauthorized")
            return
        if message.id in self.operations:
            self.close(CloseCode.DUPLICATE_ID, f"Subscriber for {message.id} already exists")
            return
        server, asked = self.server, message.asked
        try:
            if len(self.tasks) >= server.options.max_operations:
                raise ClientError(  # noqa: TRY301  # told like the others
                    f"A socket has at most {server.options.max_operations} operations.",
                    ErrorCode.TOO_MANY_OPERATIONS,
                )
            operation = operation_of(
                server.engine, asked, introspection=server.options.introspection
            )
        except Exception as error:
            errors, code = told(error)
            server.observe.refused(WEBSOCKET, code)
            await self.outbox.put(Frames(message.id).error(errors))
            return
        started = SocketOperation(self, self.identity, message.id, operation, asked.variables)
        self.operations[message.id] = started
        task = started.start()
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def complete(self, id_: str) -> None:
        """Of an id nobody knows: it ended by itself, and the two crossed."""
        operation = self.operations.pop(id_, None)
        if operation is not None:
            operation.stop()

    def forget(self, operation: SocketOperation[IdentityT]) -> None:
        """Its id is free again."""
        if self.operations.get(operation.id) is operation:
            del self.operations[operation.id]

    def next_request_id(self) -> str:
        self.count += 1
        return f"{self.request_id}.{self.count}"
