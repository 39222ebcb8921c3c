"""A subscription executed for one subscriber, as graphql-core would do it."""

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from app.graphql.engine import Engine, Operation, Result


async def subscribe(
    engine: Engine,
    operation: Operation,
    variables: Mapping[str, Any] | None,
    context_factory: Callable[[], Any],
) -> AsyncGenerator[Result, None]:
    """The source gets a context of its own, and so does each of its events."""
    coerced = operation.variables(variables)
    source = await engine.source(operation, coerced, context_factory())
    return engine.events(operation, coerced, source, context_factory)
