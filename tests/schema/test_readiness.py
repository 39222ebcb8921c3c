"""`escalationReadiness` and `NotReady`, as clients see them."""

from typing import Any

from db.database import Database
from db.ids import uuid7
from services.accounts import require_readiness
from services.ids import Kind, public
from tests.harness.people import Account
from tests.harness.story import escalated, started
from tests.schema.asking import Client

READINESS = """score minimum ready answers {
  question score possible ask known { item text points evidence { title } }
  missing { item text points } }"""
ASK = f"""query ($id: ID!, $draft: EscalationDraft) {{
  escalationReadiness(sessionId: $id, draft: $draft) {{ {READINESS} }} }}"""
ESCALATE = f"""mutation ($input: EscalateInput!) {{ escalate(input: $input) {{
  __typename ... on NotReady {{ message readiness {{ {READINESS} }} }}
  ... on EscalateSuccess {{ handoff {{ snapshot {{ environment problemDomain confidenceTier
    customer {{ contact }} }} }} }} }} }}"""
DRAFT = {
    "reason": "Out of ideas",
    "notes": "550 5.7.26",
    "priority": "HIGH",
    "environment": " Windows 11 ",
    "problemDomain": "Mail flow",
    "confidenceTier": "LOW",
    "customer": {"contact": "+49 30 1234", "reachableUntil": "2026-11-24T15:00:00Z"},
}


async def asked(client: Client, actor: Any, session: Any, draft: Any = None) -> Any:
    session_id = public(Kind.SESSION, session["id"])
    data = await client.ask(actor, ASK, id=session_id, draft=draft)
    return data["escalationReadiness"]


async def test_each_question_tells_what_is_there_and_asks_for_what_is_not(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)

    found = await asked(client, account.tier1, session)

    assert (found["score"], found["minimum"], found["ready"]) == (35, None, True)
    problem, environment, tried, evidence, reachability = found["answers"]
    assert [each["item"] for each in problem["known"]] == ["SUMMARY"]
    assert environment["ask"] == "What does it happen on: which machines, versions and tenants?"
    assert tried["known"][1] == {
        "item": "RESULT",
        "text": "What came of it: a CHECK or ACTION with an outcome",
        "points": 10,
        "evidence": [{"title": "Check 1"}, {"title": "Check 2"}],
    }
    assert [each["item"] for each in tried["missing"]] == ["SEVERAL_RESULTS"]
    assert [each["item"] for each in evidence["missing"]] == ["FINDING", "CONFIDENCE"]
    assert (reachability["score"], reachability["possible"]) == (0, 15)


async def test_what_is_about_to_be_sent_counts(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    assert (await asked(client, account.tier1, session, DRAFT))["score"] == 90
    empty = {"reason": "", "customer": {"reachableUntil": "2026-11-24T11:00:00Z"}}
    assert (await asked(client, account.tier1, session, empty))["score"] == 35


async def test_a_draft_that_can_not_be_sent_is_an_error(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    session_id = public(Kind.SESSION, session["id"])
    code, message = await client.error(
        account.tier1, ASK, id=session_id, draft={"reason": "x" * 2001}
    )
    assert code == "BAD_REQUEST"
    assert "2,001 characters" in message


async def test_whoever_may_not_see_the_session_is_told_nothing(
    client: Client, database: Database, account: Account, other_account: Account
) -> None:
    session = await started(database, account.tier1)

    async def readers() -> set[str]:
        everybody = (*account.everybody, *other_account.everybody)
        return {
            actor.email.partition("@")[0]
            for actor in everybody
            if await asked(client, actor, session) is not None
        }

    assert await readers() == {"tier1", "admin"}
    await escalated(database, account.tier1, session)
    assert await readers() == {"tier1", "tier2", "tier3", "admin"}
    for session_id in (public(Kind.SESSION, uuid7()), "nonsense"):
        data = await client.ask(account.admin, ASK, id=session_id, draft=None)
        assert data == {"escalationReadiness": None}


async def test_escalate_refuses_with_what_the_query_says_and_takes_what_it_asks_for(
    client: Client, database: Database, account: Account
) -> None:
    async with database.transaction(account.id) as tx:
        await require_readiness(tx, 80)
    session = await started(database, account.tier1)
    wanted = {"sessionId": public(Kind.SESSION, session["id"]), "reason": "Out of ideas"}

    refused = (await client.ask(account.tier1, ESCALATE, input=wanted))["escalate"]

    assert refused["__typename"] == "NotReady"
    assert "40 of the 80" in refused["message"]
    told = await asked(client, account.tier1, session, {"reason": "Out of ideas"})
    assert refused["readiness"] == told
    assert (told["minimum"], told["ready"]) == (80, False)
    done = (await client.ask(account.tier1, ESCALATE, input=wanted | DRAFT))["escalate"]
    assert done["handoff"]["snapshot"] == {
        "environment": "Windows 11",
        "problemDomain": "Mail flow",
        "confidenceTier": "LOW",
        "customer": {"contact": "+49 30 1234"},
    }


async def test_an_account_shows_its_minimum(
    client: Client, database: Database, account: Account
) -> None:
    query = "{ viewer { account { minimumReadiness } } }"
    none = await client.ask(account.viewer, query)
    async with database.transaction(account.id) as tx:
        await require_readiness(tx, 60)
    some = await client.ask(account.viewer, query)
    assert [each["viewer"]["account"]["minimumReadiness"] for each in (none, some)] == [None, 60]
