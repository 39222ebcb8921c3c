"""One execution of a plan: what is still awaited, which errors came, what they nulled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, TypeAlias

from graphql import GraphQLError
from graphql.execution.values import VariableValues

if TYPE_CHECKING:
    from app.graphql.plan.fields import Field
    from app.graphql.plan.positions import Position
    from app.graphql.plan.selections import Selection

# A place in the answer: (the node above it, its key there, the dict or list holding it, its rules).
# A plain tuple, because one is made for every object and every list item.
Node: TypeAlias = tuple[Any, str | int, Any, "Position"]
Path: TypeAlias = tuple[str | int, ...]


def path_of(node: Node | None) -> Path:
    keys: list[str | int] = []
    while node is not None:
        keys.append(node[1])
        node = node[0]
    keys.reverse()
    return tuple(keys)


class Run:
    """State of one execution. The walk itself is synchronous; whatever a resolver leaves to be
    awaited is noted in ``started`` with the node it belongs to, a null holds its place, and
    ``drive`` fills it in later. So a subtree without awaitables costs no coroutine, no task.
    """

    __slots__ = (
        "arguments",
        "arrived",
        "context",
        "errors",
        "nulled",
        "operation",
        "started",
        "variables",
        "waiter",
    )

    def __init__(self, operation: Any, variables: VariableValues, context: Any) -> None:
        self.operation = operation  # plan.operations.Variant: where raw infos come from
        self.variables = variables
        self.context = context
        self.errors: list[GraphQLError] = []
        self.nulled: set[Path] = set()
        self.started: list[tuple[Awaitable[Any], Node]] = []
        self.arrived: list[asyncio.Future[Any]] = []
        self.waiter: asyncio.Future[None] | None = None
        self.arguments: dict[Any, dict[str, Any]] = {}

    # ------------------------------------------------------------------ the whole answer

    async def execute(
        self, selection: Selection, source: Any, *, serially: bool = False
    ) -> dict[str, Any] | None:
        """Data of the answer, or None when a null reached the root; errors are in ``errors``."""
        if not serially:
            return await self.complete(lambda: selection.execute(self, source, None))
        data: dict[str, Any] = {}
        for part in selection.one_by_one():
            fields = await self.complete(partial(part.execute, self, source, None))
            if fields is None:
                return None
            data.update(fields)
        return data

    async def execute_event(self, field: Field, event: Any) -> dict[str, Any] | None:
        """The answer to one event of a subscription, whose root field's value is the event."""

        def walk() -> dict[str, Any]:
            data: dict[str, Any] = {field.key: None}
            data[field.key] = field.position.settle(
                self, event, (None, field.key, data, field.position)
            )
            return data

        return await self.complete(walk)

    async def complete(self, walk: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
        data: dict[str, Any] | None = None
        try:
            try:
                data = walk()
            except GraphQLError as error:
                self.record(error, ())
            if self.started:
                await self.drive()
        finally:
            self.abandon()
        return None if () in self.nulled else data

    async def drive(self) -> None:
        while self.started:
            if len(self.started) == 1:  # alone: awaited here, without a task of its own
                awaitable, node = self.started.pop()
                try:
                    value = await awaitable
                except Exception as error:
                    self.refuse(node, error)
                else:
                    self.resume(node, value)
            else:
                await self.drive_together()

    async def drive_together(self) -> None:
        """Await everything started, and what that starts in turn, at the same time.

        Results that arrive in one turn of the loop (a loader's batch) are resumed in one go, so
        that what they ask for next becomes one batch again. When this task is cancelled, the
        tasks made here are cancelled and waited for; futures of others (loaders) are left alone.
        """
        loop = asyncio.get_running_loop()
        tasks: set[asyncio.Future[Any]] = set()
        places: dict[asyncio.Future[Any], list[Node]] = {}
        try:
            while True:
                self.watch(places, tasks)
                if not places:
                    return
                if not self.arrived:
                    self.waiter = loop.create_future()
                    await self.waiter
                batch, self.arrived = self.arrived, []
                for future in batch:
                    tasks.discard(future)
                    self.hand_out(future, places.pop(future))
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise

    def watch(
        self, places: dict[asyncio.Future[Any], list[Node]], tasks: set[asyncio.Future[Any]]
    ) -> None:
        """Hear of everything started. A future that fills several places is watched once."""
        started, self.started = self.started, []
        for awaitable, node in started:
            if isinstance(awaitable, asyncio.Future):
                future: asyncio.Future[Any] = awaitable
            else:
                future = asyncio.ensure_future(awaitable)
                tasks.add(future)
            waiting = places.get(future)
            if waiting is not None:
                waiting.append(node)
            else:
                places[future] = [node]
                future.add_done_callback(self.arrive)

    def hand_out(self, future: asyncio.Future[Any], nodes: list[Node]) -> None:
        error = future.exception()  # raises when a resolver was cancelled
        if error is None:
            value = future.result()
            for node in nodes:
                self.resume(node, value)
        elif isinstance(error, Exception):
            for node in nodes:
                self.refuse(node, error)
        else:
            raise error

    def arrive(self, future: asyncio.Future[Any]) -> None:
        if not future.cancelled():
            future.exception()  # seen: no "never retrieved" should the run be over by now
        self.arrived.append(future)
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def abandon(self) -> None:
        """Close what was never awaited, because the run was cancelled before it got there."""
        for awaitable, _ in self.started:
            if iscoroutine(awaitable):
                awaitable.close()
        self.started.clear()

    # ------------------------------------------------------------------ one awaited value

    def wait(self, awaitable: Awaitable[Any], node: Node) -> Any:
        """The completed value if the future is done already; else None, which holds its place."""
        if isinstance(awaitable, asyncio.Future) and awaitable.done():
            try:
                value = awaitable.result()
            except Exception as error:
                return node[3].fail(self, error, node)
            return node[3].finish(self, value, node)
        self.started.append((awaitable, node))
        return None

    def resume(self, node: Node, value: Any) -> None:
        if self.nulled and self.is_dead(path_of(node)):
            return
        try:
            node[2][node[1]] = node[3].finish(self, value, node)
        except GraphQLError as error:
            self.propagate(node[0], error)

    def refuse(self, node: Node, error: Exception) -> None:
        if self.nulled and self.is_dead(path_of(node)):
            return
        try:
            node[2][node[1]] = None
            node[3].fail(self, error, node)
        except GraphQLError as located:
            self.propagate(node[0], located)

    # ------------------------------------------------------------------ nulls and errors

    def propagate(self, node: Node | None, error: GraphQLError) -> None:
        """Null the nearest nullable place at or above ``node``."""
        while node is not None and not node[3].nullable:
            node = node[0]
        if node is not None:
            node[2][node[1]] = None
        self.record(error, path_of(node))

    def record(self, error: GraphQLError, path: Path) -> None:
        """``path`` is where the null came to rest. What is awaited below it is dropped when it
        arrives (``is_dead``), so nothing is recorded below a null."""
        self.nulled.add(path)
        self.errors.append(error)

    def is_dead(self, path: Path) -> bool:
        return any(path[:length] in self.nulled for length in range(len(path) + 1))
