"""Finding accounts that have work, and carrying it out within bounds.

Source: docs/deliveries.md, "The carrier".
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg

from app.worker.attempt import Trier
from app.worker.counting import Counted
from app.worker.lease import Lease
from app.worker.looking import keep_looking
from app.worker.lookout import Lookout
from app.worker.preparing import Prepared
from app.worker.pulse import Pulse
from db.database import Database
from services.deliveries import finishing
from services.deliveries.taking import Taken, take
from services.deliveries.work import Backlog, backlog, due_accounts
from services.events import Doorbell
from services.events.pages import TRANSIENT

logger = logging.getLogger(__name__)

TAKERS: Final = 4  # accounts that are taken from at a time: each waits for its lock and its COMMIT
SHUNNED: Final = 5.0  # seconds that an account is left alone whose work can't be taken
STOPPING: Final = 2.0  # seconds that cancelled tasks have


@dataclass(frozen=True, slots=True)
class Attempt:
    """One under way. ``since`` is the monotonic clock's, in seconds."""

    taken: Taken
    lease: Lease
    since: float


class Carrier:
    """One per process; any number on one database.

    A ring makes it look at once, and it looks every ``poll`` in any case. At most ``slots``
    attempts run at a time. With k accounts at work here, each has a (k + 1)th of them: a newcomer
    finds room however much the others have waiting. An account that makes its taker wait holds up
    one of TAKERS.
    """

    def __init__(
        self,
        database: Database,
        doorbell: Doorbell,
        trier: Trier,
        lookout: Lookout,
        *,
        worker: str,
        slots: int = 128,
        lease: timedelta = timedelta(seconds=15),
        poll: timedelta = timedelta(seconds=1),
        drain: timedelta = timedelta(seconds=10),
    ) -> None:
        self.pulse = Pulse()
        self.lookout = lookout
        self._backlog = Counted("the backlog", lambda: backlog(database))
        self._database = database
        self._trier = trier
        self._worker = worker
        self._slots = slots
        self._lease = lease
        self._holding = lease.total_seconds() / 3  # from one renewal to the next
        self._poll = poll.total_seconds()
        self._drain = drain.total_seconds()
        self._taking: dict[UUID, int] = {}  # the slots that are kept for what is found
        self._takers: set[asyncio.Task[None]] = set()
        self._away: Exception | None = None  # what the database said to a taker
        self._running: dict[asyncio.Task[None], Attempt] = {}
        self._shunned: dict[UUID, float] = {}
        self._woken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        doorbell.listen(lambda account_id, seq: self._woken.set(), self._woken.set)

    @property
    def backlog(self) -> Backlog | None:
        return self._backlog.last

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def oldest_running(self) -> float:
        """Seconds that the oldest attempt under way here has taken so far."""
        now = time.monotonic()
        return max((now - each.since for each in self._running.values()), default=0.0)

    async def start(self) -> None:
        """The database must be open, not necessarily up; the doorbell is started by others."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._keep_looking(), name="carrier"),
                asyncio.create_task(self.lookout.keep_looking(), name="unheard calls"),
                asyncio.create_task(self._keep_holding(), name="carrier leases"),
                asyncio.create_task(self._backlog.keep_counting(), name="carrier backlog"),
            ]

    async def stop(self) -> None:
        """Take nothing more; what is under way has ``drain`` to end. Bounded; safe to repeat.

        What is cut off then is tried again by others once its lease has ended.
        """
        self._stopping = True
        self._woken.set()
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        await asyncio.wait({tasks[0], *self._takers}, timeout=STOPPING)
        if self._running:
            await asyncio.wait(set(self._running), timeout=self._drain)
        late = [*tasks, *self._takers, *self._running, *self._trier.tasks]
        for task in late:
            task.cancel()
        await asyncio.wait(late, timeout=STOPPING)

    # ------------------------------------------------------------------ finding work

    async def _keep_looking(self) -> None:
        await keep_looking(
            "deliveries",
            self._look,
            self.pulse,
            woken=self._woken,
            poll=self._poll,
            stopping=lambda: self._stopping,
        )

    async def _look(self) -> None:
        if self._away is not None:
            error, self._away = self._away, None
            raise error
        if self._free <= 0 or len(self._taking) >= TAKERS:
            return
        # no more than ``slots`` of them can have their share already
        found = await due_accounts(self._database, 2 * self._slots)
        due = [account_id for account_id in found if account_id not in self._taking]
        at_work = Counter(each.taken.account_id for each in self._running.values())
        accounts = {*at_work, *self._taking, *due}
        share = max(1, self._slots // (len(accounts) + 1))
        # who has least under way comes first; among equals, who has waited longest
        for account_id in sorted(due, key=lambda account_id: at_work[account_id]):
            room = min(share - at_work[account_id], self._free)
            if room > 0 and len(self._taking) < TAKERS and not self._shuns(account_id):
                self._send_for(account_id, room)

    @property
    def _free(self) -> int:
        return self._slots - self.running - sum(self._taking.values())

    def _send_for(self, account_id: UUID, room: int) -> None:
        self._taking[account_id] = room
        task = asyncio.create_task(self._take(account_id, room), name=f"taking from {account_id}")
        self._takers.add(task)
        task.add_done_callback(self._takers.discard)

    async def _take(self, account_id: UUID, room: int) -> None:
        until = self._lease_from_now()
        try:
            async with self._database.transaction(account_id) as tx:
                found = await take(tx, self._worker, at_most=room, lease=self._lease)
        except asyncpg.LockNotAvailableError:
            # somebody holds the account and has gone to sleep: others' work is not to wait for it
            self._shun(account_id)
            logger.warning("account %s is held by another worker", account_id)
        except TRANSIENT as error:
            self._away = error
        except Exception:
            # one account's rows are no reason for another's to wait
            self._shun(account_id)
            logger.exception("the deliveries of account %s can't be taken", account_id)
        else:
            self._begin(found, until)
        finally:
            del self._taking[account_id]
            self._woken.set()

    def _shuns(self, account_id: UUID) -> bool:
        if self._shunned.get(account_id, 0) > time.monotonic():
            return True
        self._shunned.pop(account_id, None)
        return False

    def _shun(self, account_id: UUID) -> None:
        self._shunned[account_id] = time.monotonic() + SHUNNED

    # ------------------------------------------------------------------ attempts under way

    def _begin(self, found: Sequence[Taken], until: float) -> None:
        if not found:
            return
        prepared = self._trier.prepare(found)
        for taken in found:
            lease = Lease(until)
            trying = self._carry(taken, lease, prepared)
            task = asyncio.create_task(trying, name=f"delivery {taken.id}")
            self._running[task] = Attempt(taken, lease, time.monotonic())
            task.add_done_callback(self._ended)

    async def _carry(
        self, taken: Taken, lease: Lease, prepared: Awaitable[Mapping[UUID, Prepared]]
    ) -> None:
        try:
            await self._trier.attempt(taken, lease, prepared)
        except Exception:
            logger.exception("what became of delivery %s can't be written", taken.id)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._woken.set()

    async def _keep_holding(self) -> None:
        while True:
            await asyncio.sleep(self._holding)
            by_account: dict[UUID, dict[asyncio.Task[None], Attempt]] = {}
            for task, attempt in self._running.items():
                by_account.setdefault(attempt.taken.account_id, {})[task] = attempt
            # together: no account's leases end because another's rows are locked
            await asyncio.gather(*(self._hold(*each) for each in by_account.items()))

    async def _hold(self, account_id: UUID, held: dict[asyncio.Task[None], Attempt]) -> None:
        """Renew the leases; let go of what others have taken over meanwhile."""
        until = self._lease_from_now()
        taken = [attempt.taken for attempt in held.values()]
        try:
            async with asyncio.timeout(self._holding), self._database.transaction(account_id) as tx:
                ours = await finishing.renew(tx, taken, self._lease)
        except (*TRANSIENT, TimeoutError) as error:
            logger.warning("leases of account %s can't be renewed: %r", account_id, error)
        except Exception:
            logger.exception("renewing the leases of account %s failed", account_id)
        else:
            self._hold_on(held, ours, until)

    def _hold_on(
        self, held: dict[asyncio.Task[None], Attempt], ours: Collection[UUID], until: float
    ) -> None:
        for task, attempt in held.items():
            if task not in self._running:
                continue
            if attempt.taken.id in ours:
                attempt.lease.extend(until)
            else:
                logger.warning("delivery %s is not ours any more", attempt.taken.id)
                task.cancel()

    def _lease_from_now(self) -> float:
        return asyncio.get_running_loop().time() + self._lease.total_seconds()
