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
from app.graphql.seats import Seat
from app.graphql.sockets.admission import TRY_AGAIN, Refused, admit
from app.graphql.sockets.asked import WEBSOCKET, Asked
from app.graphql.sockets.liveness import NOWHERE
from app.graphql.sockets.operations import SocketOperation
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
from app.graphql.sockets.subscriptions import SocketSubscription
from app.wire import Wire

if TYPE_CHECKING:
    from app.graphql.sockets.endpoint import GraphQLSockets

CLOSE_WITHIN: Final = 2.0
"""Seconds for a client to be sent what waits and the close frame, to read them, and to leave; then
it is cut off."""
CLEAN_UP_WITHIN: Final = 5.0
"""Seconds for operations that were cancelled to close their sources; then they go on unwatched."""
NO_CODE: Final = 1006


class Connection(Generic[IdentityT]):
    """The task that calls ``run`` reads; whoever has something to say writes it to the outbox; each
    operation may have tasks of its own. Whoever wants the socket closed calls ``close``: the first
    to do so says why."""

    __slots__ = (
        "closing",
        "count",
        "heard",
        "identity",
        "initialised",
        "left",
        "operations",
        "outbox",
        "place",
        "reader",
        "receive",
        "request_id",
        "seat",
        "send",
        "server",
        "signing_in",
        "tasks",
        "timer",
    )

    def __init__(
        self,
        server: GraphQLSockets[IdentityT],
        wire: Wire,
        receive: Receive,
        send: Send,
        *,
        request_id: str,
        seat: Seat,
    ) -> None:
        self.server = server
        self.receive = receive
        self.send = send
        self.request_id = request_id
        self.seat = seat
        self.outbox = Outbox(wire)
        self.heard = 0
        self.place = NOWHERE
        self.reader: asyncio.Task[Any] | None = None
        self.initialised = False
        self.signing_in: asyncio.Task[None] | None = None
        self.identity: IdentityT | None = None
        self.left: Callable[[], None] | None = None
        self.operations: dict[str, Asked[IdentityT]] = {}
        self.tasks: set[asyncio.Task[None]] = set()  # also of those the client has completed
        self.count = 0
        self.closing: tuple[int, str] | None = None
        self.timer: asyncio.TimerHandle | None = None  # of the init, then of the token

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
            self.heard = self.server.liveness.now
            await self.take(event)
        return NO_CODE

    async def leave(self, code: int) -> None:
        self.server.liveness.leave(self)
        if self.left is not None:
            self.left()
            self.left = None  # it knows us
        if self.timer is not None:
            self.timer.cancel()
        for operation in list(self.operations.values()):
            operation.stop()
        waiting = self.tasks - self.server.mutations.running
        if self.signing_in is not None:
            self.signing_in.cancel()
            waiting.add(self.signing_in)
        try:
            if self.closing is None:
                self.closing = (code, "")  # from here on nobody closes any more
                await self.outbox.hang_up(within=CLOSE_WITHIN)
            else:
                await self.outbox.finish(self.send, *self.closing, within=CLOSE_WITHIN)
        finally:
            self.seat()
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
        """Instead of what the timer was set to before."""
        if self.timer is not None:
            self.timer.cancel()
        loop = asyncio.get_running_loop()
        self.timer = loop.call_later(max(0.0, seconds), self.close, code, why)

    def silent(self) -> None:
        self.close(CloseCode.SILENT, "Nothing was heard for too long")

    # ------------------------------------------------------------------ messages

    async def take(self, event: Event) -> None:
        text = event.get("text")
        if text is None:
            self.close(CloseCode.MALFORMED, "Messages must be text")
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

    def ping(self) -> None:
        self.outbox.put_now(PING)

    def initialise(self, message: Init) -> None:
        """Signing in is a task, so that pings are answered meanwhile."""
        if self.initialised:
            self.close(CloseCode.SECOND_INIT, "Too many initialisation requests")
            return
        self.initialised = True
        if self.timer is not None:
            self.timer.cancel()
        loop = asyncio.get_running_loop()
        self.signing_in = loop.create_task(self.sign_in(message.token()))

    async def sign_in(self, token: str | None) -> None:
        server = self.server
        server.observe.entered(WEBSOCKET, self.request_id)
        timeout = server.options.sign_in_timeout.total_seconds()
        identity = await admit(server.sign_in, token, timeout)
        self.signing_in = None
        if not isinstance(identity, Refused):
            identity = self.seated(identity)
        if isinstance(identity, Refused):
            server.observe.refused(WEBSOCKET, identity.code)
            self.close(identity.close, identity.why)
            return
        server.observe.signed_in(identity)
        self.identity = identity
        # the client comes back after this code too, and is seen as it is then
        self.left = server.keep(identity, lambda why: self.close(CloseCode.FORBIDDEN, why))
        left = (identity.expires_at - datetime.now(UTC)).total_seconds()
        # the client comes back after this code, and fetches a fresh token first
        self.close_in(left, CloseCode.FORBIDDEN, "The token expired")
        self.outbox.put_now(ACK)
        server.liveness.join(self)

    def seated(self, identity: IdentityT) -> IdentityT | Refused:
        """With a seat of their own, no more a stranger's."""
        self.seat()
        try:
            self.seat = self.server.seats.take(identity.engineer, identity.account)
        except ClientError as error:
            return Refused(CloseCode.TRY_AGAIN, error.message, error.code)
        return identity

    async def subscribe(self, message: Subscribe) -> None:
        if self.identity is None:
            self.close(CloseCode.NOT_INITIALISED, "Unauthorized")
            return
        if message.id in self.operations:
            self.close(CloseCode.DUPLICATE_ID, f"Subscriber for {message.id} already exists")
            return
        server, asked = self.server, message.asked
        try:
            if self.running() >= server.options.max_operations:
                raise ClientError(  # noqa: TRY301  # told like the others
                    f"A socket has at most {server.options.max_operations} operations.",
                    ErrorCode.TOO_MANY_OPERATIONS,
                )
            operation = server.gate.read(
                self.identity,
                lambda: operation_of(
                    server.engine, asked, introspection=server.options.introspection
                ),
            )
            charge = server.gate.admit(self.identity, operation, asked.variables)
        except Exception as error:
            errors, code = told(error)
            server.observe.refused(WEBSOCKET, code)
            await self.outbox.put(Frames(message.id).error(errors))
            return
        kind = SocketSubscription if operation.kind == "subscription" else SocketOperation
        started: Asked[IdentityT] = kind(
            self, self.identity, message.id, operation, asked.variables, charge=charge
        )
        self.operations[message.id] = started
        self.watch(started.start())

    def watch(self, task: asyncio.Task[None] | None) -> None:
        """Until it has ended, the connection has not."""
        if task is not None and not task.done():
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def running(self) -> int:
        """Operations, with those that were completed and have yet to end."""
        theirs = {each.task for each in self.operations.values()}
        ending = (each for each in self.tasks if each not in theirs and not each.done())
        return len(self.operations) + sum(1 for _ in ending)

    def complete(self, id_: str) -> None:
        """Of an id nobody knows: it ended by itself, and the two crossed."""
        operation = self.operations.pop(id_, None)
        if operation is not None:
            operation.stop()

    def forget(self, operation: Asked[IdentityT]) -> None:
        """Its id is free again."""
        if self.operations.get(operation.id) is operation:
            del self.operations[operation.id]

    def next_request_id(self) -> str:
        self.count += 1
        return f"{self.request_id}.{self.count}"
