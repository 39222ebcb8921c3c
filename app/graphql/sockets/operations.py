"""One query or mutation on a socket."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

from app.graphql.callers import IdentityT
from app.graphql.errors import ClientError, ErrorCode, cancelled, outcome, told
from app.graphql.observer import CANCELLED
from app.graphql.sockets.asked import WEBSOCKET, Asked

if TYPE_CHECKING:
    pass


class SocketOperation(Asked[IdentityT]):
    """``start`` it once. It ends with ``complete``, or with ``error`` when there is no result, so
    that a client never takes a fault for the end of its operation."""

    __slots__ = ()

    def start(self) -> asyncio.Task[None]:
        if self.operation.kind != "mutation":
            return super().start()
        self.task = self.connection.server.mutations.start(self.run())
        return self.task

    def stop(self) -> None:
        """The client wants no more of it. A mutation runs on, and tells nobody."""
        self.stopped = True
        if self.task is not None and self.operation.kind != "mutation":
            self.task.cancel()

    async def run(self) -> None:
        self.begin()
        observe, operation = self.connection.server.observe, self.operation
        started = perf_counter()
        result = CANCELLED
        try:
            result, last = await self.ended()
        finally:
            self.connection.forget(self)
            seconds = perf_counter() - started
            observe.operation_finished(WEBSOCKET, operation.kind, operation.name, result, seconds)
        await self.put(last)

    async def ended(self) -> tuple[str, bytes]:
        """(outcome, last frame)"""
        try:
            return await self.answer(), self.frames.complete
        except asyncio.CancelledError as error:
            errors, code = told(cancelled(error))
        except Exception as error:
            errors, code = told(error)
        return code, self.frames.error(errors)

    async def answer(self) -> str:
        server = self.connection.server
        context = server.make_context(self.identity, self.request_id)
        limit = None
        if self.operation.kind == "query":
            limit = server.options.timeout.total_seconds()
        try:
            async with asyncio.timeout(limit) as clock:
                result = await server.engine.execute(self.operation, self.variables, context)
        except TimeoutError:
            if not clock.expired():
                raise
            raise ClientError(
                f"The query took longer than {limit:g} s.", ErrorCode.TIMEOUT
            ) from None
        payload = result.encode()
        if self.charge is not None:
            payload = self.charge.told_in(payload)
        await self.put(self.frames.next(payload))
        return outcome(result)

    async def put(self, frame: bytes) -> None:
        if not self.stopped:
            await self.connection.outbox.put(frame)
