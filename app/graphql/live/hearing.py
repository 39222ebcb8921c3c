"""Writing down who had a call for help on a live screen, behind the fan-out's back."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from contextvars import Context
from typing import Any, Final, TypeAlias
from uuid import UUID

from db.database import Database
from services.events import Event
from services.events.backoff import delays
from services.events.pages import TRANSIENT
from services.handoffs import reaching
from services.notifications import OFFERS

logger = logging.getLogger(__name__)

MOST_WAITING: Final = 10_000
"""(handoff, engineer) not written yet; some 200 bytes each. What comes on top is not written."""

FIRST_RETRY: Final = 0.1  # seconds
LONGEST_RETRY: Final = 2.0
STOPPING: Final = 2.0


Hears: TypeAlias = Callable[[UUID, Event, Collection[Any]], None]
"""(account, event, engineers): all of them asked by the event, and handed it. Never waits."""


def tell(heard: Hears, account_id: UUID, event: Event, handed_to: Iterable[Any]) -> None:
    """Of those who have been handed the event, tell ``heard`` of those whom it asks for help."""
    if event.type in OFFERS:
        asked = set(event.notified).intersection(handed_to)
        if asked:
            heard(account_id, event, asked)


def unnoticed(_account_id: UUID, _event: Event, _engineers: Collection[UUID]) -> None:
    """Nobody wants to know."""


class Hearing:
    """``heard`` notes, a task writes: the database may be slow or away without any stream noticing.

    What is lost with the process makes a handoff look less heard than it is, never more.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: defaultdict[UUID, set[tuple[UUID, UUID]]] = defaultdict(set)
        self._count = 0
        self._task: asyncio.Task[None] | None = None

    def heard(self, account_id: UUID, event: Event, engineers: Collection[UUID]) -> None:
        if self._count >= MOST_WAITING:
            return
        waiting = self._waiting[account_id]
        before = len(waiting)
        if event.handoff_id is not None:
            waiting.update((event.handoff_id, engineer) for engineer in engineers)
        self._count += len(waiting) - before
        if self._task is None or self._task.done():
            # in a context of its own: what it logs is not to bear the name of who was told
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._write_all(), context=Context())

    async def stop(self) -> None:
        """What waits has a moment to be written. Safe to repeat."""
        if self._task is not None and not self._task.done():
            _, late = await asyncio.wait({self._task}, timeout=STOPPING)
            for task in late:
                task.cancel()
            await asyncio.wait({self._task}, timeout=STOPPING)

    async def _write_all(self) -> None:
        pauses = delays(FIRST_RETRY, LONGEST_RETRY)
        while self._waiting:
            account_id, heard = self._waiting.popitem()
            try:
                await self._write(account_id, heard)
            except TRANSIENT as error:
                logger.warning("who was told can't be written: %r", error)
                self._waiting[account_id] |= heard
                await asyncio.sleep(next(pauses))
                continue
            except Exception:
                logger.exception("who was told in account %s can't be written", account_id)
            else:
                pauses = delays(FIRST_RETRY, LONGEST_RETRY)
            self._count -= len(heard)

    async def _write(self, account_id: UUID, heard: set[tuple[UUID, UUID]]) -> None:
        async with self._database.transaction(account_id) as tx:
            await reaching.hear(tx, heard)
