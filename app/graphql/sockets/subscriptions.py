"""A live subscription on a socket."""

from __future__ import annotations

import asyncio
from contextvars import Context, copy_context
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from app.graphql.callers import IdentityT
from app.graphql.engine import Operation
from app.graphql.errors import ErrorCode, cancelled, told
from app.graphql.limits.gate import Charge
from app.graphql.live import Close, Ending, LiveSubscription
from app.graphql.observer import CANCELLED
from app.graphql.sockets.asked import WEBSOCKET, Asked
from app.graphql.sockets.protocol import CloseCode

if TYPE_CHECKING:
    from app.graphql.sockets.connection import Connection

CLOSES: Final = {
    Close.TOO_SLOW: (CloseCode.TOO_SLOW, "RESYNC_REQUIRED"),
    Close.BROKEN: (CloseCode.TRY_AGAIN, "The stream failed: subscribe again after your cursor"),
}


class SocketSubscription(Asked[IdentityT]):
    """The task that ``start`` makes ends when the subscription stands: what comes then is handed
    to ``offer``, and no task waits for it."""

    __slots__ = ("live", "said_in", "since")

    def __init__(
        self,
        connection: Connection[IdentityT],
        identity: IdentityT,
        id_: str,
        operation: Operation,
        variables: dict[str, Any] | None,
        *,
        charge: Charge | None,
    ) -> None:
        super().__init__(connection, identity, id_, operation, variables, charge=charge)
        self.since = perf_counter()
        self.said_in: Context | None = None  # of the log, once it has begun
        self.live: LiveSubscription | None = None

    async def run(self) -> None:
        server = self.connection.server
        self.begin()
        self.said_in = copy_context()
        server.observe.subscription_started(WEBSOCKET, self.operation.name)
        try:
            live = await server.live.subscribe(
                self.identity, self.operation, self.variables, self, self.request_id
            )
        except asyncio.CancelledError as error:
            self.fail(cancelled(error))
        except Exception as error:
            self.fail(error)
        else:
            self.stand(live)

    def stand(self, live: LiveSubscription) -> None:
        self.task = self.variables = None
        if self.stopped:
            self.connection.watch(live.leave())
        else:
            self.live = live

    def fail(self, error: Exception) -> None:
        errors, code = told(error)
        away = code == ErrorCode.UNAVAILABLE
        self.end(Ending(code, [] if away else errors, Close.BROKEN if away else Close.NO))

    def stop(self) -> None:
        """The client wants no more of it, or is gone."""
        if self.stopped:
            return
        live = self.live
        self.finished(CANCELLED)
        if live is not None:
            self.connection.watch(live.leave())
        if self.task is not None:
            self.task.cancel()

    # ------------------------------------------------------------------ from the stream

    def offer(self, payload: bytes, _cursor: str | None) -> bool:
        outbox = self.connection.outbox
        if outbox.offer(self.frames.next(payload)):
            return True
        outbox.on_room(self.room)
        return False

    def room(self) -> None:
        if self.live is not None:
            self.live.room()

    def end(self, ending: Ending) -> None:
        if self.stopped:
            return
        self.finished(ending.code)
        connection = self.connection
        if ending.errors:
            connection.outbox.put_now(self.frames.error(ending.errors))
        elif ending.close is Close.NO:
            connection.outbox.put_now(self.frames.complete)
        if ending.close is not Close.NO:
            connection.close(*CLOSES[ending.close])

    def finished(self, outcome: str) -> None:
        self.stopped = True
        self.live = None  # it knows us
        self.connection.forget(self)
        if self.said_in is None:
            return
        # whoever ends it, it is this subscriber's line in the log
        self.said_in.run(
            self.connection.server.observe.subscription_ended,
            WEBSOCKET,
            self.operation.name,
            outcome,
            perf_counter() - self.since,
        )
