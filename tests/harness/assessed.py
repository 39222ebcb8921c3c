"""What an assessor does when a model has answered, without a model."""

from datetime import timedelta
from uuid import UUID

from db.database import Database
from db.models.vocabulary import AssessmentReason, AssessmentState
from services.assessments.finishing import Outcome, finish
from services.assessments.judging import judge
from services.assessments.taking import Taken, frozen, take
from tests.harness.messages import answer

TIMED_OUT = Outcome(AssessmentState.TIMED_OUT, AssessmentReason.OUT_OF_TIME)


async def assessed(database: Database, account_id: UUID, handoff_id: UUID, text: str = "") -> None:
    """The answer arrives in time: ``text``, or the usual one."""
    await attach(database, account_id, await begun(database, account_id, handoff_id), text)


async def begun(
    database: Database,
    account_id: UUID,
    handoff_id: UUID,
    *,
    lease: timedelta = timedelta(minutes=1),
) -> Taken:
    async with database.transaction(account_id) as tx:
        taken = await take(tx, at_most=100, lease=lease, daily=1_000)
    return next(each for each in taken if each.handoff_id == handoff_id)


async def attach(
    database: Database, account_id: UUID, taken: Taken, text: str = "", *, late: bool = False
) -> None:
    async with database.transaction(account_id) as tx:
        judged = judge(text or answer(), await frozen(tx, taken.handoff_id))
        ready = Outcome(AssessmentState.READY, content=judged.content, confidence=judged.confidence)
        assert await finish(tx, taken, ready, late=late) is not None
