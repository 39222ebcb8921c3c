"""An event as a result, as bytes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from graphql.execution.values import VariableValues

from app.graphql.engine import Engine, Operation, Result
from app.graphql.errors import AWAY, ErrorCode
from services.events.backoff import delays

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_RETRY: Final = 0.05  # seconds
LONGEST_RETRY: Final = 1.0


class Renderer:
    """Of one subscription: its operation, its variables."""

    __slots__ = ("engine", "operation", "variables")

    def __init__(
        self, engine: Engine, operation: Operation, variables: Mapping[str, Any] | None
    ) -> None:
        """Raises RequestError for variables that do not fit."""
        self.engine = engine
        self.operation = operation
        self.variables: VariableValues = operation.variables(variables)

    async def render(self, value: Any, make_context: Callable[[], Any]) -> bytes:
        """The result for a value of the source stream, as JSON.

        While the database is away this waits and tries again, each time with a new context: an
        event that could not be looked at is late, not lost.
        """

        async def attempt() -> bytes:
            return (await self.attempt(value, make_context())).encode()

        return await patiently(attempt)

    async def attempt(self, value: Any, context: Any) -> Result:
        """Raises DatabaseAway instead of giving a result that says so."""
        result = await self.engine.execute_event(self.operation, self.variables, value, context)
        if unavailable(result):
            raise DatabaseAway
        return result


class DatabaseAway(ConnectionError):
    """Some field of an execution could not be read for now."""


def unavailable(result: Result) -> bool:
    return any(
        (error.extensions or {}).get("code") == ErrorCode.UNAVAILABLE
        for error in result.errors or ()
    )


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What ``ask`` gives, asked again for as long as the database is away."""
    pauses = delays(FIRST_RETRY, LONGEST_RETRY)
    while True:
        try:
            return await ask()
        except AWAY as error:
            # the parts that read all day say so once per outage: the hub, the poll
            logger.debug("waiting for the database: %r", error)
        await asyncio.sleep(next(pauses))
