"""Following accounts' logs live: what was missed first, then the news, with no seam between."""

import asyncio
import logging
from collections.abc import Collection
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

from db.database import Database
from services.events.doorbell import Doorbell
from services.events.follower import Follower
from services.events.log import Span, span
from services.events.pages import TRANSIENT, Source, Tally
from services.events.people import People
from services.events.problems import HubStopped
from services.events.tail import KEPT, Tail

__all__ = ["Follower", "Hub"]

logger = logging.getLogger(__name__)

STOPPING: Final = 2.0  # seconds that a read under way is given when the hub stops


class Head(NamedTuple):
    """How far an account's log reaches, and how often its people's rights have changed."""

    seq: int
    people: int


NOTHING_YET: Final = Head(0, 0)


class Hub:
    """One per process: follows the accounts that have followers here, one reader for each.

    A ring makes a reader look at once. Every ``poll``, and whenever the doorbell has a new line,
    one query asks how far all followed logs reach, so that rings may get lost. The same query
    tells whether in an account that ``people`` watches somebody's rights have changed.
    """

    def __init__(
        self, database: Database, doorbell: Doorbell, *, poll: timedelta = timedelta(seconds=1)
    ) -> None:
        self._database = database
        self.doorbell = doorbell
        self.tally = Tally()
        self.people = People()
        self._poll = poll.total_seconds()
        self._tails: dict[UUID, Tail] = {}
        self._due = asyncio.Event()
        self._poller: asyncio.Task[None] | None = None
        self._stopped = False
        doorbell.listen(self._heard, self._due.set, self.people.tell)

    @property
    def accounts(self) -> int:
        """Accounts followed."""
        return len(self._tails)

    @property
    def followers(self) -> int:
        return sum(len(tail.flags) for tail in self._tails.values())

    @property
    def lag(self) -> float:
        """Seconds that the oldest news this process knows of and has not read has waited.

        From the ring (or the poll, for a ring that was lost): 0 nearly always, growing while the
        database does not answer.
        """
        return max((tail.lag for tail in self._tails.values()), default=0.0)

    async def start(self) -> None:
        """Begin to poll, and start the doorbell. The database must be open, not necessarily up."""
        await self.doorbell.start()
        if self._poller is None:
            self._poller = asyncio.create_task(self._keep_looking(), name="event log poll")

    async def stop(self) -> None:
        """End every follower with HubStopped, and stop the doorbell. Bounded; safe to repeat."""
        self._stopped = True
        tails, self._tails = list(self._tails.values()), {}
        for tail in tails:
            tail.end(HubStopped)
        if self._poller is not None:
            self._poller.cancel()
        await self.doorbell.stop()
        tasks = [tail.task for tail in tails]
        if self._poller is not None:
            tasks.append(self._poller)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOPPING)
            for task in late:
                task.cancel()

    def ring(self, account_id: UUID, seq: int) -> None:
        """The account's log reaches ``seq``: wake its followers, here and on other replicas.

        After COMMIT. Never waits, never raises.
        """
        self._tell(account_id, seq, Source.HERE)
        self.doorbell.ring(account_id, seq)

    def ring_people(self, account_id: UUID) -> None:
        """Somebody's rights have changed: look again, here and on other replicas.

        After COMMIT. Never waits, never raises.
        """
        self.people.tell(account_id)
        self.doorbell.ring_people(account_id)

    async def follow(self, account_id: UUID, after: int | None) -> Follower:
        """Follow an account's log from ``after``, or from its end as committed by now (None).

        Everything committed once this has returned is yielded. Raises CursorExpired,
        CursorUnknown, HubStopped, or what the database raises when it is away.
        """
        if self._stopped:
            raise HubStopped(after or 0)
        tail = self._tails.get(account_id)
        if after is not None and tail is not None and tail.ended_by is None and tail.holds(after):
            # the usual reconnect: nothing to ask the database
            return Follower(tail, after, self._left)
        if after is None:
            head = (await self._heads([account_id])).get(account_id, NOTHING_YET).seq
            return self._joined(account_id, head, head)
        found = await self._span(account_id)
        found.check(after)
        return self._joined(account_id, after, found.head)

    async def _span(self, account_id: UUID) -> Span:
        async with self._database.transaction(account_id) as tx:
            return await span(tx)

    def _joined(self, account_id: UUID, position: int, head: int) -> Follower:
        # no await from here on: two that come at once share one tail
        if self._stopped:
            raise HubStopped(position)
        tail = self._tails.get(account_id)
        if tail is None or tail.ended_by is not None:
            # a first follower a little behind takes the tail along: read once, kept for the others
            start = position if head - position <= KEPT else head
            tail = Tail(self._database, account_id, start, self.tally)
            self._tails[account_id] = tail
        follower = Follower(tail, position, self._left)
        tail.hear(head)
        return follower

    def _left(self, tail: Tail) -> None:
        """Called by a follower that is gone: the last one's tail ends."""
        if not tail.flags:
            tail.end(HubStopped)
            if self._tails.get(tail.account_id) is tail:
                del self._tails[tail.account_id]

    def _heard(self, account_id: UUID, seq: int) -> None:
        self._tell(account_id, seq, Source.DOORBELL)

    def _tell(self, account_id: UUID, seq: int, source: Source) -> None:
        tail = self._tails.get(account_id)
        if tail is not None:
            tail.hear(seq, source)

    async def _keep_looking(self) -> None:
        troubled = False
        while True:
            await self._until_due()
            try:
                await self._look_everywhere()
                troubled = False
            except TRANSIENT as error:
                # once per outage, not once per poll
                logger.log(
                    logging.DEBUG if troubled else logging.WARNING,
                    "the logs can't be polled: %r",
                    error,
                )
                troubled = True
            except Exception:
                # the backstop of everything live outlives what nobody foresaw
                logger.exception("polling the logs failed")

    async def _until_due(self) -> None:
        try:
            async with asyncio.timeout(self._poll):
                await self._due.wait()
        except TimeoutError:
            pass
        self._due.clear()

    async def _look_everywhere(self) -> None:
        # positions first: a head read after them can only be smaller when the log went back
        positions = {account_id: tail.position for account_id, tail in self._tails.items()}
        watched = list(self.people.watched)
        if not positions and not watched:
            return
        heads = await self._heads({*positions, *watched})
        for account_id, position in positions.items():
            tail = self._tails.get(account_id)
            if tail is None:
                continue
            head = heads.get(account_id, NOTHING_YET).seq
            tail.hear(head, Source.POLL)
            if head < position:
                tail.look()
        for account_id in watched:
            self.people.counted(account_id, heads.get(account_id, NOTHING_YET).people)

    async def _heads(self, accounts: Collection[UUID]) -> dict[UUID, Head]:
        async with self._database.system() as connection:
            rows = await connection.fetch(
                "SELECT account_id, seq, people FROM event_heads($1)", list(accounts)
            )
        return {row["account_id"]: Head(row["seq"], row["people"]) for row in rows}
