"""What was frozen, and what the assessment says of it."""

from typing import Any
from uuid import UUID

import pytest

from db.database import Database
from db.models.vocabulary import StepKind, StepOutcome
from services.handoffs.escalating import Escalated
from services.ids import Kind, public
from services.sessions.recording import StepDraft, record_step
from tests.harness.people import Account
from tests.harness.story import NOON, claimed, escalated, started, waiting
from tests.schema.asking import Client

SNAPSHOT = """query ($id: ID!) { handoff(id: $id) { snapshot {
  capturedAt problemSummary problemDomain environment stepCount branchCount confidenceTier
  redactions cut { steps details hypothesesOpen hypothesesRuledOut }
  customer { name contact reachableUntil } ticket { system number }
  hypothesesOpen hypothesesRuledOut
  timeline { id stepId position kind title detail hypothesis outcome authorName author { id name }
    recordedAt } } } }"""
ASSESSMENT = """
fragment Said on EvidencedStatement { text evidence { id title } }
query ($id: ID!) { handoff(id: $id) { assessment {
  state reason derived summary confidence model latencyMs finishedAt
  likelyCause { ...Said } whatWeKnow { ...Said } stepsTried { ...Said }
  remainingHypotheses { ...Said } suggestedNextSteps { title detail evidence { id } } } } }"""


async def snapshot(client: Client, actor: Any, handoff: Escalated) -> dict[str, Any]:
    data = await client.ask(actor, SNAPSHOT, id=public(Kind.HANDOFF, handoff.handoff["id"]))
    return data["handoff"]["snapshot"]


async def test_a_snapshot_tells_everything_that_was_known(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(
        database,
        account.tier1,
        environment="Windows 11",
        problem_domain="Mail flow",
        customer_contact="+49 30 1234",
        ticket_system="HaloPSA",
        ticket_number="4711",
        confidence_tier="MEDIUM",
    )
    raised = await escalated(database, account.tier1, session)

    found = await snapshot(client, account.tier2, raised)

    first, second = found.pop("timeline")
    assert found == {
        "capturedAt": "2026-11-24T12:00:00.000000Z",
        "problemSummary": "Outlook can't connect",
        "problemDomain": "Mail flow",
        "environment": "Windows 11",
        "stepCount": 2,
        "branchCount": 2,
        "cut": None,
        "confidenceTier": "MEDIUM",
        "redactions": 0,
        "customer": {"name": None, "contact": "+49 30 1234", "reachableUntil": None},
        "ticket": {"system": "HaloPSA", "number": "4711"},
        "hypothesesOpen": ["Cause 2"],
        "hypothesesRuledOut": ["Cause 1"],
    }
    async with database.transaction(account.id) as tx:
        steps = await tx.fetch("SELECT id FROM step ORDER BY position")
    assert first == {
        "id": f"{public(Kind.HANDOFF, raised.handoff['id'])}/{first['stepId']}",
        "stepId": public(Kind.STEP, steps[0]["id"]),
        "position": 1,
        "kind": "CHECK",
        "title": "Check 1",
        "detail": None,
        "hypothesis": "Cause 1",
        "outcome": "FAILED",
        "authorName": "Tier1",
        "author": {"id": public(Kind.ENGINEER, account.tier1.id), "name": "Tier1"},
        "recordedAt": "2026-11-24T12:00:00.000000Z",
    }
    assert second["position"] == 2


async def test_it_stays_as_it_was_whatever_happens_to_the_session(
    client: Client, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    before = await snapshot(client, account.tier2, raised)
    await claimed(database, account.tier2, raised)
    async with database.transaction(account.id) as tx:
        draft = StepDraft(StepKind.ACTION, "Rebooted", outcome=StepOutcome.WORKED)
        await record_step(tx, account.tier2, raised.session["id"], draft, now=NOON)
        await tx.execute("UPDATE engineer SET name = 'Somebody' WHERE id = $1", account.tier1.id)

    after = await snapshot(client, account.tier2, raised)

    assert after["timeline"][0].pop("author")["name"] == "Somebody"
    assert after["timeline"][0].pop("authorName") == "Tier1"
    for step in before["timeline"] + after["timeline"]:
        step.pop("author", None)
        step.pop("authorName", None)
    assert after == before


async def test_secrets_in_the_frozen_texts_are_counted(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(
        database,
        account.tier1,
        problem_summary="Can't log in, password: Sommer-2025!",
        problem_domain="VPN, password: Herbst-2025!",
        environment="VPN, PSK: acme-guest-2026",
        customer_name="Dana, password: Winter-2025!",
        customer_contact="+49 30 1234, password: Lenz-2026!",
        ticket_system="HALOPSA, api_key=Q7x9Lm2Pz4Rt",
        ticket_number="4711, api_key=Z8y1Kn3Qw5Sv",
    )
    async with database.transaction(account.id) as tx:
        draft = StepDraft(
            StepKind.ACTION,
            "Mapped the drive",
            detail="net use Z: \\\\fs\\x Summer2026! /user:bob",
        )
        await record_step(tx, account.tier1, session["id"], draft, now=NOON)
    raised = await escalated(database, account.tier1, session)
    assert (await snapshot(client, account.tier2, raised))["redactions"] == 8


async def assessed(
    database: Database, handoff: Escalated, content: Any, state: str = "READY"
) -> None:
    async with database.transaction(handoff.handoff["account_id"]) as tx:
        await tx.execute(
            """
            UPDATE assessment SET state = $4, content = $2, confidence = 'HIGH',
                model = 'a-model', latency_ms = 1200, finished_at = $3
            WHERE handoff_id = $1
            """,
            handoff.handoff["id"],
            content,
            NOON,
            state,
        )


async def assessment(client: Client, actor: Any, handoff: Escalated) -> Any:
    data = await client.ask(actor, ASSESSMENT, id=public(Kind.HANDOFF, handoff.handoff["id"]))
    return data["handoff"]["assessment"]


async def test_without_a_model_an_assessment_says_what_the_timeline_does(
    client: Client, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)

    found = await assessment(client, account.tier2, raised)

    evidence = [step["evidence"] for step in found["stepsTried"]]
    assert [[step["title"] for step in each] for each in evidence] == [["Check 1"], ["Check 2"]]
    two = evidence[1]
    assert found == {
        "state": "DISABLED",
        "reason": "No language model is configured here.",
        "derived": True,
        "summary": None,
        "confidence": None,
        "model": None,
        "latencyMs": None,
        "finishedAt": None,
        "likelyCause": None,
        "whatWeKnow": [],
        "stepsTried": [
            {"text": "Check 1: did not work", "evidence": evidence[0]},
            {"text": "Check 2: inconclusive", "evidence": two},
        ],
        "remainingHypotheses": [{"text": "Cause 2", "evidence": two}],
        "suggestedNextSteps": [
            {"title": "Repeat: Check 2", "detail": None, "evidence": [{"id": two[0]["id"]}]}
        ],
    }


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("PENDING", None),
        ("TIMED_OUT", "No answer of the language model came in time."),
        ("FAILED", "No usable answer of the language model came."),
    ],
)
async def test_until_a_model_has_spoken_the_timeline_does_whatever_is_there_of_an_answer(
    client: Client, database: Database, account: Account, state: str, reason: str | None
) -> None:
    raised = await waiting(database, account.tier1)
    scrap = {"text": "Half an ans", "evidence": []}
    content = {"summary": "Half", "steps_tried": [scrap], "what_we_know": [scrap]}
    await assessed(database, raised, content, state)

    found = await assessment(client, account.tier2, raised)

    assert (found["state"], found["reason"], found["derived"]) == (state, reason, True)
    assert (found["summary"], found["whatWeKnow"], found["confidence"]) == (None, [], None)
    said = [each["text"] for each in found["stepsTried"]]
    assert said == ["Check 1: did not work", "Check 2: inconclusive"]


async def test_statements_show_the_steps_they_cite_and_leave_out_what_is_none(
    client: Client, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    async with database.transaction(account.id) as tx:
        first, second = [
            str(row["id"]) for row in await tx.fetch("SELECT id FROM step ORDER BY position")
        ]
    nothing = "01890a5d-ac96-774b-bcce-b302099a8057"
    content = {
        "summary": "Outlook fails after sign-in.",
        "likely_cause": {"text": "A stale profile", "evidence": [second, first, nothing]},
        "what_we_know": [{"text": "It began today", "evidence": [first]}],
        "steps_tried": [],
        "remaining_hypotheses": [{"text": "A proxy", "evidence": []}],
        "suggested_next_steps": [{"title": "Make a new profile", "evidence": [second]}],
    }
    await assessed(database, raised, content)

    found = await assessment(client, account.tier2, raised)

    handoff = public(Kind.HANDOFF, raised.handoff["id"])
    one = {"id": f"{handoff}/{public(Kind.STEP, UUID(first))}", "title": "Check 1"}
    two = {"id": f"{handoff}/{public(Kind.STEP, UUID(second))}", "title": "Check 2"}
    assert found == {
        "state": "READY",
        "reason": None,
        "derived": False,
        "summary": "Outlook fails after sign-in.",
        "confidence": "HIGH",
        "model": "a-model",
        "latencyMs": 1200,
        "finishedAt": "2026-11-24T12:00:00.000000Z",
        "likelyCause": {"text": "A stale profile", "evidence": [two, one]},
        "whatWeKnow": [{"text": "It began today", "evidence": [one]}],
        "stepsTried": [],
        "remainingHypotheses": [{"text": "A proxy", "evidence": []}],
        "suggestedNextSteps": [
            {"title": "Make a new profile", "detail": None, "evidence": [{"id": two["id"]}]}
        ],
    }
