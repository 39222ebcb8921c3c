"""Subscriptions over server-sent events: who may have one, until when, and ending them all."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, Final, Generic

from app.graphql.callers import IdentityT, Keep
from app.graphql.engine import Operation
from app.graphql.errors import ClientError, ErrorCode
from app.graphql.live import Live
from app.graphql.observer import Observer
from app.graphql.seats import Seats
from app.graphql.sse.options import StreamOptions
from app.graphql.sse.response import EventStream

SSE: Final = "sse"
RESTARTING: Final = "This process is about to stop. Ask again: another one answers."


class EventStreams(Generic[IdentityT]):
    """Those of one process. ``seats`` are shared with the sockets."""

    def __init__(
        self,
        live: Live[IdentityT],
        seats: Seats,
        *,
        keep: Keep[IdentityT],
        options: StreamOptions | None = None,
        observe: Observer | None = None,
    ) -> None:
        self.live = live
        self.seats = seats
        self.keep = keep
        self.heartbeat = (options or StreamOptions()).heartbeat.total_seconds()
        self.observe = observe or Observer()
        self.running: set[EventStream] = set()
        self.draining = False

    async def open(
        self,
        identity: IdentityT,
        operation: Operation,
        variables: dict[str, Any] | None,
        request_id: str,
        after: str | None,
    ) -> EventStream:
        """A stream that is subscribed; ``run`` it, or ``close`` it.

        Raises ClientError (UNAVAILABLE when we are stopping, TOO_MANY_CONNECTIONS), and what
        ``Live.subscribe`` raises.
        """
        if self.draining:
            raise ClientError(RESTARTING, ErrorCode.UNAVAILABLE)
        stream = EventStream(self.heartbeat)
        leaving = stream.leaving
        try:
            leaving.callback(self.seats.take(identity.engineer, identity.account))
            self.running.add(stream)
            leaving.callback(self.running.discard, stream)
            # its client comes back, with a fresh token or as who it is then
            leaving.callback(self.keep(identity, lambda _: stream.lose()))
            left = (identity.expires_at - datetime.now(UTC)).total_seconds()
            leaving.callback(stream.loop.call_later(max(0.0, left), stream.lose).cancel)
            subscription = await self.live.subscribe(
                identity, operation, variables, stream, request_id, after=after
            )
        except BaseException:
            stream.close()
            raise
        stream.room = subscription.room
        leaving.callback(subscription.leave)
        self.note(stream, operation)
        return stream

    def note(self, stream: EventStream, operation: Operation) -> None:
        observe, name, started = self.observe, operation.name, perf_counter()
        observe.subscription_started(SSE, name)

        def ended() -> None:
            observe.subscription_ended(SSE, name, stream.outcome, perf_counter() - started)

        # whoever ends it, it is this request's line in the log
        stream.leaving.callback(copy_context().run, ended)

    async def close_all(self, within: timedelta = timedelta(seconds=5)) -> None:
        """End every stream so that its client comes back, to another replica or the next process;
        whoever comes here is sent away from now on."""
        self.draining = True
        tasks = {stream.task for stream in self.running if stream.task is not None}
        for stream in list(self.running):
            stream.lose()
        if tasks:
            await asyncio.wait(tasks, timeout=within.total_seconds())
