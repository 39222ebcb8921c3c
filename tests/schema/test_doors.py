"""Record and content: who sees which, while a handoff waits and after it was claimed."""

from typing import Any

import pytest

from db.database import Database
from services.handoffs.escalating import Escalated
from services.ids import Kind, public
from tests.harness.people import Account, make_engineer
from tests.harness.story import claimed, started, waiting
from tests.schema.asking import Client

RECORD = "id status intent priority problemSummary createdAt raisedBy { name } claimedBy { name }"
CONTENT = """
  reason notes
  session { id steps { nodes { title } } }
  snapshot { stepCount timeline { title } redactions }
  assessment { state }
  documentation { markdown }
  deliveries { channel state }
"""
FIELDS = ("reason", "notes", "session", "snapshot", "assessment", "documentation", "deliveries")
WAYS = {
    "handoff": f"query ($id: ID!) {{ handoff(id: $id) {{ {RECORD} {CONTENT} }} }}",
    "node": f"query ($id: ID!) {{ node(id: $id) {{ ... on Handoff {{ {RECORD} {CONTENT} }} }} }}",
    "handoffs": f"query ($id: ID!) {{ handoffs {{ nodes {{ {RECORD} {CONTENT} }} }} "
    "node(id: $id) { id } }",
    "handoffQueue": f"query ($id: ID!) {{ handoffQueue {{ handoffs {{ {RECORD} {CONTENT} }} }} "
    "node(id: $id) { id } }",
}


@pytest.fixture
async def handoff(database: Database, account: Account) -> Escalated:
    return await waiting(database, account.tier1, notes="Call before noon")


def public_id(handoff: Escalated) -> str:
    return public(Kind.HANDOFF, handoff.handoff["id"])


async def seen(client: Client, actor: Any, handoff: Escalated, way: str) -> dict[str, Any] | None:
    data = await client.ask(actor, WAYS[way], id=public_id(handoff))
    match data[way]:
        case {"nodes": nodes} | {"handoffs": nodes}:
            return next((node for node in nodes if node["id"] == public_id(handoff)), None)
        case found:
            return found


def is_open(found: dict[str, Any]) -> bool:
    """All of the content, or none of it."""
    there = {name for name in FIELDS if found[name] is not None}
    assert there in (set(FIELDS), set())
    assert found["problemSummary"] == "Outlook can't connect"
    assert found["raisedBy"] == {"name": "Tier1"}
    return bool(there)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("who", "opened"),
    [("tier1", True), ("tier2", True), ("tier3", True), ("admin", True), ("viewer", False)],
)
async def test_a_waiting_handoff_is_open_to_engineers_and_a_record_to_viewers(
    *, client: Client, account: Account, handoff: Escalated, way: str, who: str, opened: bool
) -> None:
    found = await seen(client, getattr(account, who), handoff, way)
    if way == "handoffQueue" and who == "tier1":
        assert found is None  # their own is not in their queue
        return
    assert found is not None
    assert is_open(found) is opened


@pytest.mark.parametrize("way", ["handoff", "node", "handoffs"])
@pytest.mark.parametrize(
    ("who", "opened"),
    [("tier1", True), ("tier2", True), ("tier3", False), ("admin", True), ("viewer", False)],
)
async def test_a_claimed_handoff_is_open_to_raiser_claimer_and_admins_only(
    *,
    client: Client,
    database: Database,
    account: Account,
    handoff: Escalated,
    way: str,
    who: str,
    opened: bool,
) -> None:
    await claimed(database, account.tier2, handoff)

    found = await seen(client, getattr(account, who), handoff, way)

    assert found is not None
    assert is_open(found) is opened
    assert found["status"] == "CLAIMED"
    assert found["claimedBy"] == {"name": "Tier2"}


async def test_the_session_itself_opens_and_closes_with_the_handoff(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    query = "query ($id: ID!) { session(id: $id) { id } }"
    session_id = public(Kind.SESSION, session["id"])

    async def readers() -> set[str]:
        return {
            actor.name
            for actor in account.everybody
            if (await client.ask(actor, query, id=session_id))["session"] is not None
        }

    assert await readers() == {"Tier1", "Admin"}
    escalate = """mutation ($id: ID!) { escalate(input: { sessionId: $id, reason: "Stuck" }) {
      ... on EscalateSuccess { handoff { id } } } }"""
    raised = await client.ask(account.tier1, escalate, id=session_id)
    assert await readers() == {"Tier1", "Tier2", "Tier3", "Admin"}
    claim = """mutation ($id: ID!) { claimHandoff(input: { handoffId: $id }) { __typename } }"""
    await client.ask(account.tier3, claim, id=raised["escalate"]["handoff"]["id"])
    assert await readers() == {"Tier1", "Tier3", "Admin"}


async def test_through_a_later_handoff_an_earlier_one_is_a_record_to_who_may_not_look_in(
    client: Client, database: Database, account: Account, handoff: Escalated
) -> None:
    await claimed(database, account.tier2, handoff)
    further = """mutation ($id: ID!) { escalate(input: { sessionId: $id, reason: "Further" }) {
      ... on EscalateSuccess { handoff { id supersedes { id status reason } } } } }"""
    data = await client.ask(account.tier2, further, id=public(Kind.SESSION, handoff.session["id"]))
    later = data["escalate"]["handoff"]
    assert later["supersedes"] == {
        "id": public_id(handoff), "status": "SUPERSEDED", "reason": "I am out of ideas",
    }  # fmt: skip

    query = "query ($id: ID!) { handoff(id: $id) { reason supersedes { id reason } } }"
    viewed = await client.ask(account.viewer, query, id=later["id"])

    assert viewed["handoff"] == {
        "reason": None,
        "supersedes": {"id": public_id(handoff), "reason": None},
    }


async def test_nobody_of_another_account_sees_even_the_record(
    client: Client, other_account: Account, handoff: Escalated
) -> None:
    for actor in other_account.everybody:
        for way in WAYS:
            assert await seen(client, actor, handoff, way) is None


async def test_a_new_engineer_sees_a_claimed_handoff_as_a_record(
    client: Client, database: Database, account: Account, handoff: Escalated
) -> None:
    await claimed(database, account.tier2, handoff)
    newcomer = await make_engineer(database, account.id, f"new@{account.slug}.test")
    found = await seen(client, newcomer, handoff, "handoff")
    assert found is not None
    assert not is_open(found)
