"""Letting old events go, in the background.

PostgreSQL decides what is old, and of whom: migration 0003. Here it is asked, now and then.
Source: docs/decisions/0010-retention.md.
"""

import asyncio
import logging
import time
from datetime import timedelta
from typing import Final

from db.database import Database
from services.events.backoff import delays
from services.events.pages import TRANSIENT

logger = logging.getLogger(__name__)

AT_MOST: Final = 1000
"""Events of one account that one statement lets go."""

FIRST: Final = timedelta(seconds=2)
EVERY: Final = timedelta(hours=1)
FIRST_RETRY: Final = 1.0  # seconds
LONGEST_RETRY: Final = 60.0
STOPPING: Final = 2.0  # seconds that a statement under way is given to be cancelled


async def prune(database: Database, retention: timedelta, *, at_most: int = AT_MOST) -> int | None:
    """Let go some of what is older than ``retention``, which is a day at least.

    Of one account, the one that is the most behind: its horizon moves over ``at_most`` events, and
    the rows go of handoffs that have been over for that long. Returns how many rows went; None
    when nothing is old, or when another process prunes at this moment. Writers don't wait for it.
    """
    async with database.system() as connection:
        gone: int | None = await connection.fetchval(
            "SELECT prune_events($1, $2)", retention, at_most
        )
    return gone


class Pruner:
    """One per process. Soon after the start, and then about every hour, it prunes what is old.

    ``pruned`` counts rows. ``done_at`` is when it last left nothing to do, on time.monotonic()'s
    clock, None before the first time. While the database is away it waits, and tries again.
    """

    def __init__(
        self,
        database: Database,
        *,
        retention: timedelta,
        first: timedelta = FIRST,
        every: timedelta = EVERY,
    ) -> None:
        self.pruned = 0
        self.done_at: float | None = None
        self._database = database
        self._retention = retention
        self._first = first.total_seconds()
        self._every = every.total_seconds()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """The database must be open, not necessarily up."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="pruning")

    async def stop(self) -> None:
        """Bounded; safe to repeat. A statement under way is cancelled, and nothing of it done."""
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.wait({task}, timeout=STOPPING)

    async def _run(self) -> None:
        pause = self._first
        while True:
            # shortened at random, so that processes that start together don't prune together
            await asyncio.sleep(next(delays(pause, pause)))
            pause = self._every
            try:
                await self._until_done()
            except Exception:
                # whatever it was, the next time may be better
                logger.exception("pruning old events failed")

    async def _until_done(self) -> None:
        pauses = delays(FIRST_RETRY, LONGEST_RETRY)
        troubled = False
        while True:
            try:
                await self._until_nothing_is_old()
            except TRANSIENT as error:
                # once per outage, not once per attempt
                logger.log(
                    logging.DEBUG if troubled else logging.WARNING,
                    "old events can't be pruned, trying again: %r",
                    error,
                )
                troubled = True
                await asyncio.sleep(next(pauses))
            else:
                return

    async def _until_nothing_is_old(self) -> None:
        while True:
            began = time.monotonic()
            gone = await prune(self._database, self._retention)
            if gone is None:
                self.done_at = time.monotonic()
                return
            self.pruned += gone
            # it is never urgent: half of the time belongs to others
            await asyncio.sleep(time.monotonic() - began)
