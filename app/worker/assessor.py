"""Having assessments written: found, asked for within a budget, and ended whatever happens.

Source: docs/assessment.md.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

import asyncpg

from app.worker.asking import Model, NoAnswer
from app.worker.counting import Counted
from app.worker.looking import keep_looking
from app.worker.pulse import Pulse
from db.database import Database, Transaction
from db.models.vocabulary import AssessmentReason, AssessmentState
from services.assessments.finishing import Outcome, finish
from services.assessments.judging import Unusable, judge
from services.assessments.prompting import PROMPT_VERSION, compose
from services.assessments.taking import (
    Taken,
    accounts_to_assess,
    frozen,
    give_back,
    oldest_due,
    take,
)
from services.events import Doorbell
from services.events.backoff import delays
from services.events.pages import TRANSIENT

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_RETRY: Final = 0.05
LONGEST_RETRY: Final = 1.0
STOPPING: Final = 2.0  # seconds that cancelled tasks, and what is given back, have
WRITING: Final = timedelta(seconds=2)
"""That the outcome may take to be written when the budget is spent: a lease is so much longer."""
TRIES: Final = 2  # of workers that vanish with it
MOST_LATE: Final = 64  # answers that are waited for after their budget

LOST: Final = "LOST"
LATE: Final = "LATE"
NONE: Final = "NONE"
Observe = Callable[[str, str, Outcome], None]
"""Told of each end: its state, or LOST when another worker had taken it over by then; its reason,
NONE, or LATE of an answer that came after its budget; and all of it."""


def _unobserved(state: str, reason: str, outcome: Outcome) -> None:
    """Nobody counts."""


class Assessor:
    """One per process; any number on one database.

    A ring makes it look at once, and it looks every ``poll`` in any case. At most ``slots``
    questions are within their ``budget`` at a time; an answer is waited for ``late`` beyond that.
    Without ``model`` it says so of each. An account has ``daily`` asked for in a day (UTC).
    """

    def __init__(
        self,
        database: Database,
        doorbell: Doorbell,
        model: Model | None,
        *,
        budget: timedelta,
        daily: int,
        slots: int = 16,
        late: timedelta = timedelta(minutes=2),
        poll: timedelta = timedelta(seconds=1),
        drain: timedelta = timedelta(seconds=2),
        observe: Observe = _unobserved,
    ) -> None:
        self.pulse = Pulse()
        self._oldest = Counted("what waits to be assessed", lambda: oldest_due(database))
        self._observe = observe
        self._database = database
        self._doorbell = doorbell
        self._model = model
        self._budget = budget
        self._daily = daily if model is not None else 0
        self._slots = slots
        self._late = late.total_seconds()
        self._poll = poll.total_seconds()
        self._drain = drain.total_seconds()
        self._asking: dict[asyncio.Task[None], Taken] = {}
        self._waiting: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None
        doorbell.listen(lambda account_id, seq: self._woken.set(), self._woken.set)

    @property
    def asking(self) -> int:
        """Questions within their budget."""
        return len(self._asking)

    @property
    def waiting_late(self) -> int:
        """Answers that are waited for after their budget."""
        return len(self._waiting)

    @property
    def oldest_due(self) -> timedelta | None:
        """For how long the account that waits longest has had something due, whosever it is."""
        return self._oldest.last

    async def start(self) -> None:
        """The database must be open, not necessarily up; the doorbell is started by others."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._keep_looking(), name="assessor")
            self._counting = asyncio.create_task(
                self._oldest.keep_counting(), name="assessor backlog"
            )

    async def stop(self) -> None:
        """Take nothing more; what is asked for has ``drain`` to end and is given back then.
        Bounded; safe to repeat."""
        if self._looking is None or self._counting is None:
            return
        ending = {self._looking, self._counting}
        self._looking = self._counting = None
        for task in ending:
            task.cancel()
        await asyncio.wait(ending, timeout=STOPPING)
        if self._asking:
            await asyncio.wait(set(self._asking), timeout=self._drain)
        cut_off = list(self._asking.values())
        late = {*self._asking, *self._waiting}
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=STOPPING)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOPPING):
                await asyncio.gather(*(self._give_back(taken) for taken in cut_off))
        if self._model is not None:
            await self._model.aclose()

    # ------------------------------------------------------------------ finding work

    async def _keep_looking(self) -> None:
        await keep_looking(
            "assessments",
            self._look,
            self.pulse,
            woken=self._woken,
            poll=self._poll,
        )

    async def _look(self) -> None:
        if self._free <= 0:
            return
        accounts = await accounts_to_assess(self._database, self._free)
        # none has all that is free while others wait
        share = max(1, self._free // max(1, len(accounts)))
        for account_id in accounts:
            room = min(share, self._free)
            if room > 0:
                await self._take(account_id, room)
                self.pulse.beat()

    @property
    def _free(self) -> int:
        return self._slots - len(self._asking)

    async def _take(self, account_id: UUID, room: int) -> None:
        until = asyncio.get_running_loop().time() + self._budget.total_seconds()
        try:
            async with self._database.transaction(account_id) as tx:
                found = await take(
                    tx, at_most=room, lease=self._budget + WRITING, daily=self._daily
                )
        except asyncpg.LockNotAvailableError:
            logger.debug("account %s is held", account_id)
        except TRANSIENT:
            raise
        except Exception:
            # one account's rows are no reason for another's to wait
            logger.exception("the assessments of account %s can't be taken", account_id)
        else:
            for taken in found:
                task = asyncio.create_task(
                    self._assess(taken, until), name=f"assessment {taken.handoff_id}"
                )
                self._asking[task] = taken
                task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._asking[task]
        self._woken.set()

    # ------------------------------------------------------------------ one assessment

    async def _assess(self, taken: Taken, until: float) -> None:
        try:
            outcome = _settled(taken, self._model)
            if outcome is not None:
                await self._finish(taken, outcome)
                return
            assert self._model is not None  # noqa: S101 - it would have been settled
            await self._asked(taken, self._model, until)
        except Exception:
            logger.exception("what became of assessment %s can't be written", taken.handoff_id)

    async def _asked(self, taken: Taken, model: Model, until: float) -> None:
        call = asyncio.create_task(
            self._answer(taken, model, until), name=f"asking about {taken.handoff_id}"
        )
        kept = False
        try:
            loop = asyncio.get_running_loop()
            await asyncio.wait({call}, timeout=max(0, until - loop.time()))
            if call.done():
                await self._finish(taken, call.result())
                return
            given_up = Outcome(
                AssessmentState.TIMED_OUT, AssessmentReason.OUT_OF_TIME, model=model.name
            )
            if await self._finish(taken, given_up) and len(self._waiting) < MOST_LATE:
                task = asyncio.create_task(self._attach(taken, call), name="late answer")
                self._waiting.add(task)
                task.add_done_callback(self._waiting.discard)
                kept = True
        finally:
            if not kept:
                call.cancel()

    async def _attach(self, taken: Taken, call: asyncio.Task[Outcome]) -> None:
        """A good answer that comes after its budget. One that is not changes nothing."""
        try:
            await asyncio.wait({call}, timeout=self._late)
            if call.done() and call.result().state is AssessmentState.READY:
                await self._finish(taken, call.result(), late=True)
        except Exception:
            logger.exception("late assessment %s can't be written", taken.handoff_id)
        finally:
            call.cancel()

    async def _answer(self, taken: Taken, model: Model, until: float) -> Outcome:
        """Whatever goes wrong is an outcome, too."""
        loop = asyncio.get_running_loop()
        asked = loop.time()
        outcome = partial(Outcome, model=model.name, prompt_version=PROMPT_VERSION)
        try:
            snapshot = await self._patiently(
                taken.account_id, lambda tx: frozen(tx, taken.handoff_id), self._budget
            )
            # long texts take a while, and requests are answered in this process
            question = await asyncio.to_thread(compose, snapshot)
            outcome = partial(outcome, redactions=question.redactions)
            asked = loop.time()
            answer = await model.ask(question.text, until)
            outcome = partial(
                outcome,
                model=answer.model,
                latency_ms=round(1000 * (loop.time() - asked)),
                tokens_in=answer.tokens_in,
                tokens_out=answer.tokens_out,
            )
            judged = await asyncio.to_thread(judge, answer.text, snapshot)
        except NoAnswer as failure:
            took = round(1000 * (loop.time() - asked))
            return outcome(AssessmentState.FAILED, failure.reason, latency_ms=took)
        except Unusable:
            return outcome(AssessmentState.FAILED, AssessmentReason.MALFORMED)
        except Exception as error:
            # the type alone: an error's words may hold what was to be sent
            logger.error(  # noqa: TRY400
                "assessment %s failed by our fault: %s", taken.handoff_id, type(error).__name__
            )
            return outcome(AssessmentState.FAILED, AssessmentReason.INTERNAL)
        outcome = partial(outcome, dropped=judged.dropped)
        if judged.empty:
            return outcome(AssessmentState.FAILED, AssessmentReason.NOTHING_STOOD)
        return outcome(AssessmentState.READY, content=judged.content, confidence=judged.confidence)

    async def _finish(self, taken: Taken, outcome: Outcome, *, late: bool = False) -> bool:
        """Whether it was still ours."""
        seq = await self._patiently(
            taken.account_id, lambda tx: finish(tx, taken, outcome, late=late), WRITING
        )
        if seq is None:
            self._observe(LOST, NONE, outcome)
            logger.warning("assessment %s is not ours any more", taken.handoff_id)
            return False
        self._observe(outcome.state, LATE if late else outcome.reason or NONE, outcome)
        self._doorbell.ring(taken.account_id, seq)
        return True

    async def _give_back(self, taken: Taken) -> None:
        try:
            async with self._database.transaction(taken.account_id) as tx:
                await give_back(tx, taken)
        except Exception as error:
            # its lease ends, and somebody else takes it then
            logger.warning("assessment %s can't be given back: %r", taken.handoff_id, error)

    async def _patiently(
        self, account_id: UUID, verb: Callable[[Transaction], Awaitable[T]], patience: timedelta
    ) -> T:
        """A transaction. A database that is away is waited for so long."""
        loop = asyncio.get_running_loop()
        pauses = delays(FIRST_RETRY, LONGEST_RETRY)
        until = loop.time() + patience.total_seconds()
        while True:
            try:
                async with self._database.transaction(account_id) as tx:
                    return await verb(tx)
            except TRANSIENT:
                if loop.time() > until:
                    raise
            await asyncio.sleep(next(pauses))


def _settled(taken: Taken, model: Model | None) -> Outcome | None:
    """What is the case without asking; None if it is to be asked for."""
    if model is None:
        return Outcome(AssessmentState.DISABLED, AssessmentReason.NO_KEY)
    if taken.tries > TRIES:
        return Outcome(AssessmentState.TIMED_OUT, AssessmentReason.WORKER_LOST)
    if taken.spent:
        return Outcome(AssessmentState.FAILED, AssessmentReason.BUDGET_SPENT)
    return None
