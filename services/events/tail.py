"""One process's view of the end of one account's log."""

import asyncio
import logging
import time
from typing import Final
from uuid import UUID

from db.database import Database
from services.events.log import Event
from services.events.pages import Source, Tally, page
from services.events.problems import CursorExpired, CursorUnknown, HubStopped

logger = logging.getLogger(__name__)

KEPT: Final = 1000
"""How many of the newest events are kept in memory for the followers."""

PAGE: Final = 200
"""Events per read."""

Ending = type[CursorExpired] | type[CursorUnknown] | type[HubStopped]


class Tail:
    """Reads an account's news once, for all of the process's followers of that account.

    Followers are known by their wake flags alone and take events from here at their own pace:
    there is no queue that a slow one could make grow.
    """

    def __init__(self, database: Database, account_id: UUID, position: int, tally: Tally) -> None:
        self.account_id = account_id
        self.position = position
        self.flags: set[asyncio.Event] = set()
        self.ended_by: Ending | None = None
        self._stopped = asyncio.Event()
        self._database = database
        self._tally = tally
        self._recent: dict[int, Event] = {}
        self._look = asyncio.Event()
        self._news_since: float | None = None
        self.task = asyncio.create_task(self._run(), name=f"tail {account_id}")

    @property
    def lag(self) -> float:
        """Seconds since it was told of an event that it has not read yet; 0 when there is none."""
        return 0.0 if self._news_since is None else time.monotonic() - self._news_since

    def event(self, seq: int) -> Event | None:
        """The event of that number, if it is among the newest."""
        return self._recent.get(seq)

    def holds(self, after: int) -> bool:
        """Whether everything after ``after`` can be had from memory."""
        return after == self.position or (after + 1) in self._recent

    async def replay(self, after: int) -> list[Event]:
        """A page from the table, for a follower that stands too far back for ``event``.

        Raises CursorExpired or CursorUnknown. Empty when the tail has ended meanwhile.
        """
        self._tally.replays += 1
        return await self._read(after)

    def hear(self, seq: int, source: Source | None = None) -> None:
        """Somebody says that the log reaches ``seq``. They may be wrong."""
        if seq > self.position:
            if self._news_since is None:
                self._news_since = time.monotonic()
                if source is not None:
                    self._tally.wakes[source] += 1
            self.look()

    def look(self) -> None:
        """Read what comes after ``position``, soon."""
        self._look.set()

    def end(self, by: Ending) -> None:
        """Stop reading; every follower's iteration raises ``by``. A read under way finishes."""
        if self.ended_by is None:
            self.ended_by = by
            self._stopped.set()
            self._look.set()
            self._wake()

    async def _run(self) -> None:
        try:
            while self.ended_by is None:
                await self._look.wait()
                self._look.clear()
                await self._catch_up()
        except (CursorExpired, CursorUnknown) as problem:
            logger.error("can't follow account %s any further: %s", self.account_id, problem)  # noqa: TRY400 - a fact about rows, no code to trace
            self.end(type(problem))
        except Exception:
            # whatever it was, followers must be told rather than wait for ever
            logger.exception("following account %s failed", self.account_id)
            self.end(HubStopped)

    async def _catch_up(self) -> None:
        more = True
        while more:
            events = await self._read(self.position)
            self._tally.reads += 1
            self._take_in(events)
            more = len(events) == PAGE
        if not self._look.is_set():
            self._news_since = None

    async def _read(self, after: int) -> list[Event]:
        return await page(
            self._database,
            self.account_id,
            after,
            limit=PAGE,
            stop=self._stopped,
            tally=self._tally,
        )

    def _take_in(self, events: list[Event]) -> None:
        for event in events:
            self._recent[event.seq] = event
            self._recent.pop(event.seq - KEPT, None)
            self.position = event.seq
        if events:
            self._wake()

    def _wake(self) -> None:
        for flag in self.flags:
            flag.set()
