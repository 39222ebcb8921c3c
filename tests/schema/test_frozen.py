"""A snapshot stays as it was, whatever happens to the session afterwards."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.database import Database
from db.models.vocabulary import AssessmentState, Confidence, StepKind, StepOutcome
from services.actor import Actor
from services.assessments.finishing import Outcome, finish
from services.assessments.taking import take
from services.events import Doorbell, Hub
from services.handoffs.additions import Additions
from services.handoffs.suggested import start_suggested
from services.ids import Kind, public
from services.problems import Problem
from services.sessions.concluding import record_outcome
from services.sessions.recording import StepDraft, record_step
from tests.harness.people import Account, make_account
from tests.harness.story import NOON, escalated, started
from tests.model.life import Stage, stage
from tests.schema.asking import Client
from tests.services.handoffs.verbs import Desk

SHOWN = """query ($id: ID!) { handoff(id: $id) { snapshot {
  capturedAt problemSummary problemDomain environment confidenceTier stepCount branchCount
  customer { name contact reachableUntil } ticket { system number } redactions
  hypothesesOpen hypothesesRuledOut cut { steps details hypothesesOpen hypothesesRuledOut }
  timeline { id position kind title detail hypothesis outcome authorName recordedAt } } } }"""

Change = Callable[[Database, Desk, Account, Actor], Awaitable[Any]]


async def _step(database: Database, desk: Desk, account: Account, who: Actor) -> None:
    draft = StepDraft(StepKind.FINDING, "Found later", "net use x", "Cause 2", StepOutcome.FAILED)
    async with database.transaction(account.id) as tx:
        await record_step(tx, who, desk.session_id, draft, now=NOON)


async def _further(database: Database, desk: Desk, account: Account, who: Actor) -> None:
    additions = Additions("DNS", "A new laptop", "Eve", "+1", NOON + timedelta(1), Confidence.HIGH)
    session = await desk.session(who)
    await escalated(database, who, session, reason="Further", additions=additions)


async def _suggested(database: Database, desk: Desk, account: Account, who: Actor) -> None:
    async with database.transaction(account.id) as tx:
        await start_suggested(tx, who, desk.handoff_id, "derived:1", now=NOON)


async def _outcome(database: Database, desk: Desk, account: Account, who: Actor) -> None:
    """Of whatever was begun last and has none: of what was frozen, if nothing was since."""
    async with database.transaction(account.id) as tx:
        step_id = await tx.fetchval(
            "SELECT id FROM step WHERE session_id = $1 AND outcome = 'PENDING' "
            "ORDER BY position DESC LIMIT 1",
            desk.session_id,
        )
        if step_id is None:
            raise Problem("Nothing is pending.")
        done = StepOutcome.WORKED
        await record_outcome(tx, who, step_id, done, now=NOON, detail="It was the cable")


async def _assessed(database: Database, desk: Desk, account: Account, who: Actor) -> None:
    """A worker takes it, and is answered; or it was assessed before."""
    async with database.transaction(account.id) as tx:
        await tx.execute(
            "UPDATE assessment SET state = 'PENDING', due_at = now() WHERE handoff_id = $1",
            desk.handoff_id,
        )
        [taken] = await take(tx, at_most=1, lease=timedelta(minutes=1), daily=1000)
    content = {"summary": "Another problem", "what_we_know": []}
    async with database.transaction(account.id) as tx:
        await finish(tx, taken, Outcome(AssessmentState.READY, content=content))


async def _by_hand(database: Database, desk: Desk, account: Account, who: Actor) -> None:
    """What is nobody's to do yet: rows are changed in the database."""
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE engineer SET name = name || '!' WHERE id = $1", who.id)
        await tx.execute(
            "UPDATE step SET title = 'Rewritten', outcome = 'WORKED', hypothesis = 'Another' "
            "WHERE session_id = $1",
            desk.session_id,
        )
        await tx.execute(
            "UPDATE session SET problem_summary = 'Another', environment = 'Another', "
            "ticket_system = 'X', ticket_number = '1' WHERE id = $1",
            desk.session_id,
        )


CHANGES: Final[dict[str, Change]] = {
    "step": _step,
    "suggested": _suggested,
    "outcome": _outcome,
    "assessed": _assessed,
    "further": _further,
    "by hand": _by_hand,
    "claim": lambda _database, desk, _account, who: desk.claim(who),
    "release": lambda _database, desk, _account, who: desk.release(who),
    "return": lambda _database, desk, _account, who: desk.return_(who),
    "cancel": lambda _database, desk, _account, who: desk.cancel(who),
    "decline": lambda _database, desk, _account, who: desk.decline(who),
    "reassign": lambda _database, desk, account, who: desk.reassign(who, account.tier3),
    "resolve": lambda _database, desk, _account, who: desk.resolve(who),
}
WHO: Final = ("tier1", "tier2", "tier3", "admin")
STORIES: Final = st.lists(
    st.tuples(st.sampled_from(sorted(CHANGES)), st.sampled_from(WHO)), min_size=1, max_size=12
)


@pytest.fixture(scope="module")
def on(dsn: str) -> Iterator[Stage]:
    with stage(dsn) as opened:
        yield opened


async def _frozen(client: Client, desk: Desk, account: Account) -> tuple[Any, Any]:
    """As it is kept, and as it is shown."""
    async with client.database.transaction(account.id) as tx:
        kept = await tx.fetchval(
            "SELECT to_jsonb(c) FROM snapshot c WHERE handoff_id = $1", desk.handoff_id
        )
    shown = await client.ask(account.admin, SHOWN, id=public(Kind.HANDOFF, desk.handoff_id))
    return kept, shown


async def _tell(database: Database, story: list[tuple[str, str]]) -> int:
    """Returns how many of the changes were made."""
    account = await make_account(database)
    session = await started(database, account.tier1)
    begun = StepDraft(StepKind.ACTION, "Begun", hypothesis="Cause 3")
    async with database.transaction(account.id) as tx:
        await record_step(tx, account.tier1, session["id"], begun, now=NOON)
    raised = await escalated(database, account.tier1, session, target_id=account.tier2.id)
    desk, client = Desk(database, raised), Client(database, Hub(database, Doorbell("memory://")))
    before, made = await _frozen(client, desk, account), 0
    assert before[1]["handoff"]["snapshot"]["timeline"]
    for change, who in story:
        with suppress(Problem):  # it may not be their turn
            await CHANGES[change](database, desk, account, getattr(account, who))
            made += 1
        assert await _frozen(client, desk, account) == before, (change, who)
    return made


def test_a_snapshot_never_changes_whatever_happens_afterwards(on: Stage) -> None:
    made = 0

    @settings(max_examples=20, deadline=None, database=None)
    @given(STORIES)
    def tell(story: list[tuple[str, str]]) -> None:
        nonlocal made
        made += on.run(asyncio.wait_for(_tell(on.database, story), 30))

    tell()
    assert made > 20


async def test_each_of_these_changes_happens(database: Database) -> None:
    """Otherwise nothing would be proved by their leaving a snapshot alone."""
    for story in (
        [("outcome", "tier1"), ("assessed", "admin"), ("claim", "tier2"), ("suggested", "tier2"),
         ("outcome", "tier2"), ("resolve", "tier2")],
        [("step", "tier1"), ("by hand", "tier1"), ("decline", "tier2"), ("claim", "tier2"),
         ("release", "tier2"), ("claim", "tier3"), ("return", "tier3"), ("further", "tier1")],
        [("reassign", "tier1"), ("claim", "tier3"), ("resolve", "tier3")],
        [("cancel", "tier1")],
    ):  # fmt: skip
        assert await _tell(database, story) == len(story)
