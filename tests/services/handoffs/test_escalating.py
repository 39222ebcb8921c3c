"""Escalating: everything that goes with a handoff, once, or nothing."""

import asyncio
from typing import Any

import pytest

from db.database import Database
from db.models.vocabulary import StepKind
from services.handoffs.escalating import Escalation, escalate
from services.handoffs.problems import Ineligible, SessionNotEscalatable, TargetNotEligible
from services.handoffs.resolving import resolve
from services.options import Options
from services.problems import IdempotencyConflict, InvalidInput, NotAllowed
from services.sessions.problems import SessionNotFound
from services.sessions.recording import StepDraft, record_step
from tests.harness.people import Account, make_engineer
from tests.harness.story import (
    NOON,
    OPTIONS,
    claimed,
    count,
    escalated,
    started,
    waiting,
)

EFFECTS = (
    "handoff", "snapshot", "documentation", "assessment", "notification", "delivery", "event",
)  # fmt: skip


async def nothing_was_written(database: Database, account: Account) -> bool:
    counts = [await count(database, account.tier1, table) for table in EFFECTS]
    active = await count(database, account.tier1, "session", "status = 'ACTIVE'")
    return not any(counts) and active == await count(database, account.tier1, "session")


# ------------------------------------------------------------------ what travels


async def test_everything_is_there_after_one_transaction(
    database: Database, account: Account
) -> None:
    session = await started(
        database,
        account.tier1,
        environment="Windows 11 24H2, Outlook classic",
        customer_name="Dana",
        ticket_system="ConnectWise",
        ticket_number="4711",
    )

    raised = await escalated(
        database, account.tier1, session, priority="HIGH", notes="She has a meeting at 14:00"
    )

    assert raised.handoff["status"] == "OPEN"
    assert raised.handoff["problem_summary"] == "Outlook can't connect"
    assert raised.session["status"] == "ESCALATED"
    assert raised.session["escalation_reason"] == "I am out of ideas"
    assert raised.documentation["markdown"].startswith("# Outlook can't connect")
    assert raised.documentation["version"] == 1
    async with database.transaction(account.id) as tx:
        snapshot = await tx.one("SELECT * FROM snapshot")
        event = await tx.one("SELECT * FROM event")
        assessment = await tx.one("SELECT * FROM assessment")
    assert snapshot["handoff_id"] == raised.handoff["id"]
    assert [step["title"] for step in snapshot["timeline"]] == ["Check 1", "Check 2"]
    assert snapshot["environment"] == "Windows 11 24H2, Outlook classic"
    assert (snapshot["hypotheses_open"], snapshot["hypotheses_ruled_out"]) == (
        ["Cause 2"],
        ["Cause 1"],
    )
    assert (event["seq"], event["type"]) == (raised.seq, "handoff.created")
    assert event["handoff_id"] == raised.handoff["id"]
    assert assessment["state"] == "DISABLED"


async def test_the_snapshot_never_changes_afterwards(database: Database, account: Account) -> None:
    session = await started(database, account.tier1)
    await escalated(database, account.tier1, session)
    async with database.transaction(account.id) as tx:
        before = await tx.one("SELECT * FROM snapshot")
        step = StepDraft(StepKind.FINDING, "Found while waiting")
        await record_step(tx, account.tier1, session["id"], step, now=NOON)
        after = await tx.one("SELECT * FROM snapshot")
    assert dict(before) == dict(after)


async def test_a_step_recorded_while_the_session_is_being_locked_travels_too(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1, steps=1)
    async with database.transaction(account.id) as tx:
        step = StepDraft(StepKind.FINDING, "At the last moment")
        await record_step(tx, account.tier1, session["id"], step, now=NOON)
        escalating = asyncio.create_task(escalated(database, account.tier1, session))
        await asyncio.sleep(0.1)  # it now waits for the session's lock
        assert not escalating.done()
    await escalating

    async with database.transaction(account.id) as tx:
        snapshot = await tx.one("SELECT * FROM snapshot")
    assert snapshot["step_count"] == 2
    assert snapshot["timeline"][-1]["title"] == "At the last moment"


# ------------------------------------------------------------------ who is told


async def told(database: Database, account: Account) -> set[str]:
    async with database.transaction(account.id) as tx:
        rows = await tx.fetch(
            "SELECT e.email FROM notification n JOIN engineer e ON e.id = n.engineer_id "
            "WHERE n.about = 'handoff.created'"
        )
        event = await tx.one("SELECT * FROM event WHERE type = 'handoff.created'")
        items = await tx.fetch("SELECT id, engineer_id FROM notification")
    assert set(zip(event["notified"], event["notifications"], strict=True)) == {
        (item["engineer_id"], item["id"]) for item in items
    }
    return {row["email"].partition("@")[0] for row in rows}


@pytest.mark.parametrize(
    ("raiser", "expected"),
    [
        ("tier1", {"tier2", "tier3", "admin"}),
        ("tier2", {"tier3", "admin"}),
        ("tier3", {"tier1", "tier2", "admin"}),  # nobody is higher
    ],
)
async def test_engineers_of_a_higher_tier_are_told_or_all_where_none_is_higher(
    database: Database, account: Account, raiser: str, expected: set[str]
) -> None:
    await waiting(database, getattr(account, raiser))
    assert await told(database, account) == expected


async def test_with_a_target_only_it_and_the_admins_are_told(
    database: Database, account: Account
) -> None:
    await waiting(database, account.tier1, target_id=account.tier2.id)
    assert await told(database, account) == {"tier2", "admin"}


async def test_who_has_left_is_not_told(database: Database, account: Account) -> None:
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE engineer SET active = false WHERE id = $1", account.tier3.id)
    await waiting(database, account.tier1)
    assert await told(database, account) == {"tier2", "admin"}


async def test_an_admin_escalates_for_the_one_who_has_it(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)

    raised = await escalated(database, account.admin, session)

    assert raised.handoff["raised_by_id"] == account.tier1.id
    assert await told(database, account) == {"tier2", "tier3"}
    async with database.transaction(account.id) as tx:
        assert await tx.fetchval("SELECT actor_id FROM event") == account.admin.id
        title = await tx.fetchval("SELECT title FROM notification LIMIT 1")
    assert title == "Session escalated by Tier1"


# ------------------------------------------------------------------ what is promised outside


async def test_every_effect_has_a_row_that_says_why_when_there_is_nothing_to_do(
    database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)

    assert {(row["channel"], row["state"], row["skip_reason"]) for row in raised.deliveries} == {
        ("SLACK", "SKIPPED", "INTEGRATION_NOT_CONFIGURED"),
        ("TEAMS", "SKIPPED", "INTEGRATION_NOT_CONFIGURED"),
        ("WEBHOOK", "SKIPPED", "INTEGRATION_NOT_CONFIGURED"),
        ("PSA_NOTE", "SKIPPED", "NO_TICKET_LINKED"),
        ("EMAIL", "SKIPPED", "MAIL_NOT_CONFIGURED"),
    }
    assert await count(database, account.tier1, "delivery") == len(raised.deliveries)


async def test_with_mail_each_recipient_is_promised_one(
    database: Database, account: Account
) -> None:
    raised = await waiting(
        database, account.tier1, options=Options("https://desk.example", mail=True, assessment=True)
    )

    mails = [row for row in raised.deliveries if row["channel"] == "EMAIL"]
    assert {row["target"] for row in mails} == {
        account.tier2.email, account.tier3.email, account.admin.email,
    }  # fmt: skip
    assert all(row["state"] == "PENDING" and row["next_attempt_at"] for row in mails)
    assert await count(database, account.tier1, "assessment", "state = 'PENDING'") == 1


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("tier2", SessionNotFound), ("viewer", NotAllowed)],
)
async def test_only_who_works_on_a_session_or_an_admin_escalates_it(
    database: Database, account: Account, who: str, refusal: type[Exception]
) -> None:
    session = await started(database, account.tier1)
    with pytest.raises(refusal):
        await escalated(database, getattr(account, who), session)
    assert await nothing_was_written(database, account)


async def test_a_bystander_who_sees_a_waiting_session_may_not_escalate_it(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    await escalated(database, account.tier1, session)
    with pytest.raises(NotAllowed):
        await escalated(database, account.tier2, session)


async def test_another_accounts_session_does_not_exist(
    database: Database, account: Account, other_account: Account
) -> None:
    session = await started(database, account.tier1)
    with pytest.raises(SessionNotFound):
        await escalated(database, other_account.admin, session)


async def test_a_session_that_waits_or_is_resolved_cannot_be_escalated(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    async with database.transaction(account.id) as tx:
        await resolve(tx, account.tier1, session["id"], "Rebooted", now=NOON)
    with pytest.raises(SessionNotEscalatable, match="resolved"):
        await escalated(database, account.tier1, session)

    session = await started(database, account.tier1)
    await escalated(database, account.tier1, session)
    with pytest.raises(SessionNotEscalatable, match="waits"):
        await escalated(database, account.tier1, session)
    assert await count(database, account.tier1, "handoff") == 1


async def test_each_ineligible_target_is_refused_with_its_own_message(
    database: Database, account: Account, other_account: Account
) -> None:
    session = await started(database, account.tier1)
    left = await make_engineer(database, account.id, "left@acme.test")
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE engineer SET active = false WHERE id = $1", left.id)
    targets = {
        account.tier1.id: Ineligible.SELF,
        account.viewer.id: Ineligible.VIEWER,
        other_account.tier3.id: Ineligible.UNKNOWN,
        left.id: Ineligible.INACTIVE,
    }
    messages = set()
    for target_id, reason in targets.items():
        with pytest.raises(TargetNotEligible) as refusal:
            await escalated(database, account.tier1, session, target_id=target_id)
        assert refusal.value.reason == reason
        messages.add(str(refusal.value))
    assert len(messages) == len(targets)
    assert await nothing_was_written(database, account)


@pytest.mark.parametrize(
    ("field", "value"), [("reason", "  "), ("reason", "x" * 2001), ("notes", "a\x00b")]
)
async def test_texts_that_can_not_be_kept_are_refused_by_field(
    database: Database, account: Account, field: str, value: str
) -> None:
    session = await started(database, account.tier1)
    with pytest.raises(InvalidInput) as refusal:
        await escalated(database, account.tier1, session, **{field: value})
    assert refusal.value.field == field
    assert await nothing_was_written(database, account)


# ------------------------------------------------------------------ repeats


async def test_the_same_key_gives_the_same_handoff_and_never_a_second_one(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)

    outcomes = await asyncio.gather(
        *(escalated(database, account.tier1, session, key="k1") for _ in range(6))
    )

    assert len({outcome.handoff["id"] for outcome in outcomes}) == 1
    assert sorted(outcome.seq is None for outcome in outcomes) == [False] + [True] * 5
    assert await count(database, account.tier1, "handoff") == 1
    repeat = outcomes[-1]
    assert [row["id"] for row in repeat.deliveries] == [row["id"] for row in outcomes[0].deliveries]


async def test_the_same_key_for_another_request_is_a_conflict(
    database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    await escalated(database, account.tier1, session, key="k1")
    with pytest.raises(IdempotencyConflict):
        await escalated(database, account.tier1, session, key="k1", reason="Something else")


async def test_a_key_belongs_to_one_engineer(database: Database, account: Account) -> None:
    first = await waiting(database, account.tier1, key="k1")
    second = await waiting(database, account.tier2, key="k1")
    assert first.handoff["id"] != second.handoff["id"]


async def test_a_refused_request_leaves_its_key_free(database: Database, account: Account) -> None:
    session = await started(database, account.tier1)
    with pytest.raises(TargetNotEligible):
        await escalated(database, account.tier1, session, key="k1", target_id=account.viewer.id)
    assert (await escalated(database, account.tier1, session, key="k1")).seq is not None


# ------------------------------------------------------------------ escalating further


async def test_who_took_a_session_over_can_escalate_it_further(
    database: Database, account: Account
) -> None:
    first = await waiting(database, account.tier1)
    await claimed(database, account.tier2, first)

    second = await escalated(database, account.tier2, first.session)

    assert second.handoff["raised_by_id"] == account.tier2.id
    assert second.handoff["supersedes_id"] == first.handoff["id"]
    assert second.session["escalated_to_id"] is None
    assert second.documentation["version"] == 2
    async with database.transaction(account.id) as tx:
        old = await tx.one("SELECT * FROM handoff WHERE id = $1", first.handoff["id"])
    assert (old["status"], old["claimed_by_id"]) == ("SUPERSEDED", account.tier2.id)
    won = await claimed(database, account.tier3, second)
    assert won.session["escalated_to_id"] == account.tier3.id


async def test_a_repeat_shows_nothing_of_a_session_that_others_work_on_since(
    database: Database, account: Account
) -> None:
    first = await waiting(database, account.tier1)
    await claimed(database, account.tier2, first)
    second = await escalated(database, account.tier2, first.session, key="k")
    assert (await escalated(database, account.tier2, first.session, key="k")).seq is None
    await claimed(database, account.tier3, second)
    with pytest.raises(NotAllowed, match="done before"):
        await escalated(database, account.tier2, first.session, key="k")


# ------------------------------------------------------------------ all or nothing


async def test_a_failure_at_any_statement_leaves_nothing(
    database: Database, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await started(database, account.tier1)
    seen = 0

    class Boom(Exception):
        pass

    class Failing:
        """The real transaction, until its ``at``-th statement."""

        def __init__(self, tx: Any, at: int) -> None:
            self._tx, self._at, self.account_id = tx, at, tx.account_id

        def __getattr__(self, name: str) -> Any:
            async def call(*args: Any) -> Any:
                nonlocal seen
                seen += 1
                answer = await getattr(self._tx, name)(*args)
                if seen == self._at:
                    raise Boom
                return answer

            return call

    for at in range(1, 20):
        seen = 0
        try:
            async with database.transaction(account.id) as tx:
                await escalate(
                    Failing(tx, at),  # type: ignore[arg-type]
                    account.tier1,
                    Escalation(session["id"], "Stuck"),
                    now=NOON,
                    options=OPTIONS,
                    idempotency_key="k1",
                )
        except Boom:
            assert await nothing_was_written(database, account), f"statement {at}"
        else:
            break
    assert at > 3
    assert not await nothing_was_written(database, account)
