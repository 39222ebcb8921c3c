"""Reading the log from outside a transaction, however long the database stays away."""

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg

from db.database import CONNECTION_LOST, Database
from services.events.backoff import delays
from services.events.log import Event, GapInLog, read, span

logger = logging.getLogger(__name__)

TRANSIENT: Final = (
    *CONNECTION_LOST,
    OSError,  # refused, socket not there yet, timed out
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
)
"""Errors that pass without anybody changing the program. Anything else is a bug and is raised."""

FIRST_RETRY = 0.05  # seconds
LONGEST_RETRY = 1.0  # seconds


class Source(StrEnum):
    """Who says that a log has grown."""

    HERE = "here"  # this process, which wrote
    DOORBELL = "doorbell"
    POLL = "poll"


@dataclass(slots=True)
class Tally:
    """What reading has come to in this process."""

    reads: int = 0  # pages read by tails
    replays: int = 0  # pages read by followers that stood too far back for the tail's memory
    gaps: int = 0
    # times a tail had read everything and was told of more, by who was first to say so
    wakes: Counter[Source] = field(default_factory=Counter)


async def page(
    database: Database,
    account_id: UUID,
    after: int,
    *,
    limit: int,
    stop: asyncio.Event,
    tally: Tally,
) -> list[Event]:
    """The next events after ``after``; empty when there are none, or when ``stop`` was set.

    A lost connection is waited out. So is a hole in the log, loudly: it is never read over.
    Raises CursorExpired when retention has overtaken ``after``, CursorUnknown when the log ends
    before it (a database restored from an older copy).
    """
    pauses = delays(FIRST_RETRY, LONGEST_RETRY)
    troubled = False
    while not stop.is_set():
        try:
            return await _attempt(database, account_id, after, limit)
        except TRANSIENT as error:
            # once per outage, not once per attempt
            logger.log(
                logging.DEBUG if troubled else logging.WARNING, "the log can't be read: %r", error
            )
            troubled = True
        except GapInLog as gap:
            tally.gaps += 1
            logger.error("the log of account %s has a hole: %s", account_id, gap)  # noqa: TRY400 - a fact about rows, no code to trace
        with suppress(TimeoutError):
            async with asyncio.timeout(next(pauses)):
                await stop.wait()
    return []


async def _attempt(database: Database, account_id: UUID, after: int, limit: int) -> list[Event]:
    async with database.transaction(account_id) as tx:
        try:
            events = await read(tx, after, limit=limit)
        except GapInLog:
            (await span(tx)).check(after)
            raise
        if not events:
            (await span(tx)).check(after)
        return events
