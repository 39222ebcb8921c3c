"""A transaction that waits for a database which is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from uuid import UUID

from db.database import Database, Transaction
from services.events.backoff import delays
from services.events.pages import TRANSIENT

T = TypeVar("T")

FIRST_RETRY: Final = 0.05  # seconds
LONGEST_RETRY: Final = 1.0


async def patiently(
    database: Database,
    account_id: UUID,
    verb: Callable[[Transaction], Awaitable[T]],
    patience: float,
) -> T:
    """``verb`` in a transaction of the account, again and again for ``patience`` seconds. Raises
    what the database raises after that."""
    pauses = delays(FIRST_RETRY, LONGEST_RETRY)
    until = time.monotonic() + patience
    while True:
        try:
            async with database.transaction(account_id) as tx:
                return await verb(tx)
        except TRANSIENT:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(next(pauses))
