"""What follows from a model's answer: a version of the written account, unless a later one is
there, and a card that is changed."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from db.database import Database, Row
from db.models.vocabulary import AssessmentState, IntegrationKind, StepOutcome
from services.assessments.finishing import Outcome, finish
from services.handoffs.cancelling import cancel
from services.handoffs.escalating import Escalated
from services.handoffs.resolving import resolve
from services.sessions.concluding import record_outcome
from services.sessions.recording import StepDraft, record_step
from tests.harness.assessed import TIMED_OUT, assessed, attach, begun
from tests.harness.messages import answer, cites
from tests.harness.people import Account
from tests.harness.story import NOON, WITH_MODEL, claimed, escalated, started, waiting
from tests.services.deliveries.parts import connect


@pytest.fixture
async def raised(database: Database, account: Account) -> Escalated:
    return await waiting(database, account.tier1, options=WITH_MODEL)


async def versions(database: Database, account: Account) -> list[Row]:
    async with database.transaction(account.id) as tx:
        return list(await tx.fetch("SELECT * FROM documentation ORDER BY version"))


async def kinds(database: Database, account: Account) -> list[str]:
    return [row["kind"] for row in await versions(database, account)]


async def test_an_answer_becomes_a_version_of_the_account_that_says_whose_words_it_has(
    database: Database, account: Account, raised: Escalated
) -> None:
    await assessed(database, account.id, raised.handoff["id"])
    before, written = await versions(database, account)
    assert (written["version"], written["kind"]) == (2, "ASSESSED")
    assert written["handoff_id"] == raised.handoff["id"]
    section = (
        "## Assessment\n\nBy a language model, from the steps below. Each statement names those it "
        "rests on.\n\nOutlook can't connect.\n\n"
        "- **Likely cause:** Perhaps cause 2. (medium confidence, step 2)\n"
        "- **Known:** The second check decided nothing. (step 2)\n\n"
    )
    assert section in written["markdown"]
    next_ = "By a language model, from the recorded steps:\n\n- Look again (step 2)\n  - Twice\n"
    assert f"{next_}\n## What was tried" in written["markdown"]
    derived = "Derived by rule from the recorded steps:\n\n- Repeat: Check 2\n"
    as_before = written["markdown"].replace(section, "").replace(next_, derived)
    assert as_before == before["markdown"]


async def test_what_did_not_stand_and_what_would_be_markup_is_not_in_it(
    database: Database, account: Account, raised: Escalated
) -> None:
    summary = cites("<b>See</b> [here](https://evil.test/x) @channel **now**", "S1")
    known = [cites("Invented.", "S9"), cites("Uncited.")]
    said = answer(summary=summary, whatWeKnow=known, more="Raw words.")
    await assessed(database, account.id, raised.handoff["id"], said)
    _, written = await versions(database, account)
    assert "\n\nSee here channel now\n\n" in written["markdown"]
    for each in ("Invented", "Uncited", "evil", "Raw words"):
        assert each not in written["markdown"]


async def test_it_tells_the_steps_as_they_were_frozen_whatever_was_done_since(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    async with database.transaction(account.id) as tx:
        draft = StepDraft("ACTION", "Renew it", "At the gateway")
        begun_step = await record_step(tx, account.tier1, session["id"], draft, now=NOON)
    raised = await escalated(database, account.tier1, session, options=WITH_MODEL)
    await claimed(database, account.tier2, raised)
    async with database.transaction(account.id) as tx:
        step_id = begun_step.step["id"]
        await record_outcome(tx, account.tier2, step_id, StepOutcome.WORKED, now=NOON)
        await record_step(
            tx, account.tier2, session["id"], StepDraft("NOTE", "Found it since"), now=NOON
        )
    await assessed(database, account.id, raised.handoff["id"])
    _, written = await versions(database, account)
    assert "3. **Renew it**: not finished (Action, Tier1" in written["markdown"]
    assert "Found it since" not in written["markdown"]


async def test_a_long_timeline_is_told_as_far_as_it_was_frozen(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1, steps=103)
    raised = await escalated(database, account.tier1, session, options=WITH_MODEL)
    said = answer(summary=cites("As before.", "S103"))
    await assessed(database, account.id, raised.handoff["id"], said)
    _, written = await versions(database, account)
    left_out = "## What was tried (103)\n\nThe earliest 3 steps are left out here"
    assert left_out in written["markdown"]


async def test_a_late_answer_is_written_down_too_and_a_failure_is_not(
    database: Database, account: Account, raised: Escalated
) -> None:
    taken = await begun(database, account.id, raised.handoff["id"])
    async with database.transaction(account.id) as tx:
        assert await finish(tx, taken, TIMED_OUT) is not None
    assert await kinds(database, account) == ["RAISED"]
    await attach(database, account.id, taken, late=True)
    assert await kinds(database, account) == ["RAISED", "ASSESSED"]


async def test_after_the_end_no_version_is_written(
    database: Database, account: Account, raised: Escalated
) -> None:
    taken = await begun(database, account.id, raised.handoff["id"])
    won = await claimed(database, account.tier2, raised)
    async with database.transaction(account.id) as tx:
        await resolve(tx, account.tier2, won.session["id"], "New certificate", now=NOON)
    await attach(database, account.id, taken)
    assert await kinds(database, account) == ["RAISED", "RESOLVED"]


async def test_a_session_that_was_handed_over_again_keeps_its_newer_version(
    database: Database, account: Account, raised: Escalated
) -> None:
    taken = await begun(database, account.id, raised.handoff["id"])
    async with database.transaction(account.id) as tx:
        await cancel(tx, account.tier1, raised.handoff["id"], now=NOON)
    await escalated(database, account.tier1, raised.session, reason="Once more")
    await attach(database, account.id, taken)
    assert await kinds(database, account) == ["RAISED", "RAISED"]


async def test_who_resolves_at_the_same_moment_has_the_last_word(
    database: Database, account: Account, raised: Escalated
) -> None:
    taken = await begun(database, account.id, raised.handoff["id"])
    won = await claimed(database, account.tier2, raised)
    async with database.transaction(account.id) as tx:
        await resolve(tx, account.tier2, won.session["id"], "New certificate", now=NOON)
        attaching = asyncio.create_task(attach(database, account.id, taken))
        done, _ = await asyncio.wait({attaching}, timeout=0.3)
        assert not done  # it waits for the session
    await asyncio.wait_for(attaching, 5)
    assert await kinds(database, account) == ["RAISED", "RESOLVED"]


async def test_who_has_lost_it_writes_no_version(
    database: Database, account: Account, raised: Escalated
) -> None:
    taken = await begun(database, account.id, raised.handoff["id"], lease=timedelta())
    await begun(database, account.id, raised.handoff["id"])
    async with database.transaction(account.id) as tx:
        assert await finish(tx, taken, Outcome(AssessmentState.READY)) is None
    assert await kinds(database, account) == ["RAISED"]


SLACK = IntegrationKind.SLACK
BOT = {"channel": "#escalations"}


@pytest.fixture
async def everywhere(database: Database, account: Account) -> Escalated:
    """Told by a bot's card, by Teams, a webhook and mail."""
    for kind in (SLACK, IntegrationKind.TEAMS, IntegrationKind.WEBHOOK):
        await connect(database, account, kind, settings=BOT)  # others have none, and if they had
    options = replace(WITH_MODEL, mail=True)
    return await waiting(database, account.tier1, options=options)


async def told(database: Database, account: Account) -> list[tuple[str, str]]:
    """What was promised because an answer came."""
    async with database.transaction(account.id) as tx:
        rows = await tx.fetch("SELECT * FROM delivery WHERE purpose NOT IN ('raised', 'claimed')")
    return [(row["channel"], row["purpose"]) for row in rows]


async def test_a_card_that_can_be_changed_is_and_nobody_else_is_told(
    database: Database, account: Account, everywhere: Escalated
) -> None:
    await assessed(database, account.id, everywhere.handoff["id"])
    assert await told(database, account) == [("SLACK", "assessed")]


async def test_a_late_answer_changes_the_card_and_a_failure_does_not(
    database: Database, account: Account, everywhere: Escalated
) -> None:
    taken = await begun(database, account.id, everywhere.handoff["id"])
    async with database.transaction(account.id) as tx:
        await finish(tx, taken, TIMED_OUT)
    assert await told(database, account) == []
    await attach(database, account.id, taken, late=True)
    assert await told(database, account) == [("SLACK", "assessed")]


async def test_a_card_that_tells_of_a_claim_is_left_alone(
    database: Database, account: Account, everywhere: Escalated
) -> None:
    await claimed(database, account.tier2, everywhere)
    await assessed(database, account.id, everywhere.handoff["id"])
    assert await told(database, account) == []


async def test_what_an_incoming_webhook_has_posted_is_left_alone(
    database: Database, account: Account
) -> None:
    await connect(database, account, SLACK, settings={"channel": None})
    raised = await waiting(database, account.tier1, options=WITH_MODEL)
    await assessed(database, account.id, raised.handoff["id"])
    assert await told(database, account) == []
