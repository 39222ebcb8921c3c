"""What clients read of an assessment that a model wrote, or could not write."""

from typing import Any
from uuid import UUID

import pytest

from db.database import Database
from db.models.vocabulary import AssessmentReason
from schema.types.assessment import REASONS
from services.ids import Kind, public
from tests.app.worker.assessing import assessing
from tests.app.worker.test_assessor import ended, raise_one
from tests.harness.messages import Reply, answer, cites, refused, said, speaking
from tests.harness.people import Account
from tests.schema.asking import Client

ASSESSMENT = """query ($id: ID!) { handoff(id: $id) {
  assessment { state reason derived summary likelyCause { text evidence { title } } confidence
    stepsTried { text } suggestedNextSteps { title detail evidence { title } }
    model promptVersion tokensIn tokensOut dropped redactions latencyMs finishedAt }
  history { nodes { __typename actor { name } ... on AssessmentFinished { state } } } } }"""


async def read(
    client: Client, database: Database, account: Account, reply: Reply
) -> dict[str, Any]:
    async with speaking(reply) as server, assessing(database, server):
        handoff_id: UUID = await raise_one(database, account)
        await ended(database, account, handoff_id)
    shown = public(Kind.HANDOFF, handoff_id)
    handoff: dict[str, Any] = (await client.ask(account.tier2, ASSESSMENT, id=shown))["handoff"]
    return handoff


async def test_a_models_answer_is_shown_with_its_evidence_and_what_it_took(
    client: Client, database: Database, account: Account
) -> None:
    known = [cites("Known.", "S2"), cites("Invented.", "S9")]
    handoff = await read(client, database, account, said(answer(whatWeKnow=known)))
    shown = handoff["assessment"]
    assert shown.pop("latencyMs") >= 0
    assert shown.pop("finishedAt") is not None
    assert shown == {
        "state": "READY", "reason": None, "derived": False,
        "summary": "Outlook can't connect.",
        "likelyCause": {"text": "Perhaps cause 2.", "evidence": [{"title": "Check 2"}]},
        "confidence": "MEDIUM",
        "stepsTried": [{"text": "Check 1 ruled it out."}],
        "suggestedNextSteps": [
            {"title": "Look again", "detail": "Twice", "evidence": [{"title": "Check 2"}]}
        ],
        "model": "claude-tested", "promptVersion": "1", "tokensIn": 812, "tokensOut": 97,
        "dropped": 1, "redactions": 0,
    }  # fmt: skip
    assert handoff["history"]["nodes"] == [
        {"__typename": "HandoffCreated", "actor": {"name": "Tier1"}},
        {"__typename": "AssessmentFinished", "actor": None, "state": "READY"},
    ]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [(refused(529), "overloaded"), (said("no", stop="refusal"), "declined to answer")],
)
async def test_without_an_answer_it_says_why_and_derives_what_a_rule_can(
    client: Client, database: Database, account: Account, reply: Reply, reason: str
) -> None:
    shown = (await read(client, database, account, reply))["assessment"]
    assert (shown["state"], shown["derived"], shown["summary"]) == ("FAILED", True, None)
    assert reason in shown["reason"]
    assert [each["text"] for each in shown["stepsTried"]] != []


def test_every_reason_is_said_in_a_sentence() -> None:
    assert REASONS.keys() == set(AssessmentReason)
    assert len(set(REASONS.values())) == len(AssessmentReason)
