"""How every mutation changes something."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from db.database import Transaction
from resolvers.context import Context
from services.problems import Problem

T = TypeVar("T")


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
