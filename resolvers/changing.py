"""How every mutation changes something."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from db.database import Transaction
from resolvers.context import Context
from services.problems import Problem

T = TypeVar("T")


class Event(Protocol):
    """What a change that others hear of says of itself: no number if nothing has happened."""

    @property
    def seq(self) -> int | None: ...


E = TypeVar("E", bound=Event)


async def changed(context: Context, change: Callable[[Transaction], Awaitable[T]]) -> T | Problem:
    """As the caller, in one transaction. A refusal rolls it back and is returned.

    What was loaded before is forgotten: it may not be true any more.
    """
    context.forget()
    try:
        async with context.database.transaction(context.account_id) as tx:
            return await change(tx)
    except Problem as problem:
        return problem


async def announced(context: Context, change: Callable[[Transaction], Awaitable[E]]) -> E | Problem:
    """The same, and others hear of it at once."""
    outcome = await changed(context, change)
    if not isinstance(outcome, Problem) and outcome.seq is not None:
        context.hub.ring(context.account_id, outcome.seq)
    return outcome
