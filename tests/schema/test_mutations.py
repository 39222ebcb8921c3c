"""What can be done, and every way each of it can end."""

import asyncio
from typing import Any

import pytest

from db.database import Database
from db.ids import uuid7
from services.actor import Actor
from services.ids import Kind, public
from tests.harness.people import Account, make_engineer
from tests.harness.story import claimed, count, started, waiting
from tests.schema.asking import Client

START = """mutation ($input: StartSessionInput!) { startSession(input: $input) {
  __typename
  ... on StartSessionSuccess { session { id status owner { name } problemSummary
    customer { name contact reachableUntil } ticket { system number } confidenceTier } }
  ... on Problem { message } ... on InvalidInput { field } } }"""
RECORD = """mutation ($input: RecordStepInput!) { recordStep(input: $input) {
  __typename
  ... on RecordStepSuccess { step { id position outcome author { id } } session { stepCount } }
  ... on Problem { message } ... on InvalidInput { field } } }"""
ESCALATE = """mutation ($input: EscalateInput!) { escalate(input: $input) {
  __typename
  ... on EscalateSuccess {
    handoff { id status priority intent reason notes raisedBy { name } target { name }
      session { status } snapshot { stepCount } assessment { state } }
    session { id status escalationReason }
    documentation { version markdown }
    deliveries { channel state skipReason } }
  ... on Problem { message } ... on InvalidInput { field }
  ... on SessionNotEscalatable { status } ... on TargetNotEligible { reason } } }"""
CLAIM = """mutation ($input: ClaimHandoffInput!) { claimHandoff(input: $input) {
  __typename
  ... on ClaimHandoffSuccess {
    handoff { id status claimedBy { name } claimedAt session { status } }
    session { id status escalatedTo { name } } }
  ... on Problem { message } ... on HandoffNotOpen { status }
  ... on HandoffAlreadyClaimed { claimedBy { id name email tier skills } claimedAt } } }"""
RESOLVE = """mutation ($input: ResolveSessionInput!) { resolveSession(input: $input) {
  __typename
  ... on ResolveSessionSuccess {
    session { status resolution resolvedAt } handoff { id status session { status } } }
  ... on Problem { message } ... on InvalidInput { field }
  ... on SessionNotResolvable { status } } }"""
MARK = """mutation ($input: MarkNotificationsReadInput!) { markNotificationsRead(input: $input) {
  __typename
  ... on MarkNotificationsReadSuccess { notifications { id readAt link } markedCount unreadCount }
  ... on Problem { message } ... on InvalidInput { field } } }"""


async def do(client: Client, actor: Actor, document: str, **input: Any) -> dict[str, Any]:
    data = await client.ask(actor, document, input=input)
    [outcome] = data.values()
    return outcome


def session_id(row: Any) -> str:
    return public(Kind.SESSION, row["id"])


# ------------------------------------------------------------------ startSession


async def test_a_session_is_started_with_what_is_known(client: Client, account: Account) -> None:
    outcome = await do(
        client,
        account.tier1,
        START,
        problemSummary="  No mail since 9  ",
        customer={"name": "Dana", "reachableUntil": "2026-11-24T17:00:00+01:00"},
        ticket={"system": "HaloPSA", "number": "4711"},
        confidenceTier="MEDIUM",
    )
    session = outcome["session"]
    assert session.pop("id").startswith("session_")
    assert session == {
        "status": "ACTIVE",
        "owner": {"name": "Tier1"},
        "problemSummary": "No mail since 9",
        "customer": {
            "name": "Dana", "contact": None, "reachableUntil": "2026-11-24T16:00:00.000000Z",
        },
        "ticket": {"system": "HaloPSA", "number": "4711"},
        "confidenceTier": "MEDIUM",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("input", "field"),
    [
        ({"problemSummary": " "}, "problemSummary"),
        ({"problemSummary": "x" * 501}, "problemSummary"),
        ({"problemSummary": "x" * 100_000}, "problemSummary"),
        ({"problemSummary": "a\x00b"}, "problemSummary"),
        ({"problemSummary": "x", "customer": {"name": "x" * 201}}, "customer.name"),
        ({"problemSummary": "x", "idempotencyKey": ""}, "idempotencyKey"),
        ({"problemSummary": "x", "idempotencyKey": "k" * 201}, "idempotencyKey"),
        ({"problemSummary": "x", "ticket": {"system": "X", "number": "\ud800"}}, "ticket.number"),
    ],
)
async def test_input_that_does_not_fit_is_named_and_nothing_is_written(
    client: Client, database: Database, account: Account, input: dict[str, Any], field: str
) -> None:
    outcome = await do(client, account.tier1, START, **input)
    assert (outcome["__typename"], outcome["field"]) == ("InvalidInput", field)
    assert await count(database, account.admin, "session") == 0


async def test_viewers_start_nothing(client: Client, account: Account) -> None:
    outcome = await do(client, account.viewer, START, problemSummary="No mail")
    assert outcome["__typename"] == "NotAllowed"


async def test_a_repeated_request_gives_the_same_session_and_another_a_conflict(
    client: Client, database: Database, account: Account
) -> None:
    wanted = {"problemSummary": "No mail", "idempotencyKey": "k"}
    first = await do(client, account.tier1, START, **wanted)
    assert await do(client, account.tier1, START, **wanted) == first
    other = await do(client, account.tier1, START, problemSummary="No VPN", idempotencyKey="k")
    assert other["__typename"] == "IdempotencyConflict"
    assert await count(database, account.admin, "session") == 1


# ------------------------------------------------------------------ recordStep


async def test_a_step_is_recorded_at_the_end(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1, steps=2)
    outcome = await do(
        client, account.tier1, RECORD, sessionId=session_id(session), kind="CHECK", title="Ping"
    )
    assert outcome["step"]["position"] == 3
    assert outcome["step"]["outcome"] == "PENDING"
    assert outcome["step"]["author"] == {"id": public(Kind.ENGINEER, account.tier1.id)}
    assert outcome["session"] == {"stepCount": 3}


async def test_every_refusal_of_a_step_has_its_type(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    step = {"sessionId": session_id(session), "kind": "NOTE", "title": "Hm"}

    async def ending(actor: Actor, **change: Any) -> str:
        return (await do(client, actor, RECORD, **step | change))["__typename"]

    assert await ending(account.tier2) == "SessionNotFound"
    assert await ending(account.tier1, sessionId="session_nonsense") == "SessionNotFound"
    assert await ending(account.tier1, title="") == "InvalidInput"
    await waiting(database, account.tier3)
    raised = await waiting(database, account.tier1)
    other = session_id(raised.session)
    assert await ending(account.tier2, sessionId=other) == "NotAllowed"
    assert await ending(account.tier1, idempotencyKey="k") == "RecordStepSuccess"
    assert await ending(account.tier1, idempotencyKey="k", title="Ho") == "IdempotencyConflict"
    await do(client, account.tier1, RESOLVE, sessionId=step["sessionId"], resolution="Rebooted")
    assert await ending(account.tier1) == "SessionClosed"


# ------------------------------------------------------------------ escalate


async def test_escalating_answers_with_everything_that_was_written(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    outcome = await do(
        client,
        account.tier1,
        ESCALATE,
        sessionId=session_id(session),
        reason="Out of ideas",
        notes="She has a meeting",
        priority="HIGH",
        targetEngineerId=public(Kind.ENGINEER, account.tier3.id),
    )
    assert outcome["handoff"].pop("id").startswith("handoff_")
    assert outcome["handoff"] == {
        "status": "OPEN",
        "priority": "HIGH",
        "intent": "ESCALATE",
        "reason": "Out of ideas",
        "notes": "She has a meeting",
        "raisedBy": {"name": "Tier1"},
        "target": {"name": "Tier3"},
        "session": {"status": "ESCALATED"},
        "snapshot": {"stepCount": 2},
        "assessment": {"state": "DISABLED"},
    }
    assert outcome["session"] == {
        "id": session_id(session), "status": "ESCALATED", "escalationReason": "Out of ideas",
    }  # fmt: skip
    assert outcome["documentation"]["version"] == 1
    assert "# Outlook can't connect" in outcome["documentation"]["markdown"]
    assert {each["channel"]: each["skipReason"] for each in outcome["deliveries"]} == {
        "SLACK": "INTEGRATION_NOT_CONFIGURED",
        "TEAMS": "INTEGRATION_NOT_CONFIGURED",
        "WEBHOOK": "INTEGRATION_NOT_CONFIGURED",
        "PSA_NOTE": "NO_TICKET_LINKED",
        "EMAIL": "MAIL_NOT_CONFIGURED",
    }


async def test_null_for_intent_and_priority_is_as_good_as_leaving_them_out(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    outcome = await do(
        client,
        account.tier1,
        ESCALATE,
        sessionId=session_id(session),
        reason="Stuck",
        intent=None,
        priority=None,
    )
    assert outcome["handoff"]["intent"] == "ESCALATE"
    assert outcome["handoff"]["priority"] == "NORMAL"


@pytest.mark.parametrize(
    ("target", "reason"),
    [("tier1", "SELF"), ("viewer", "VIEWER"), ("foreign", "UNKNOWN"), ("nonsense", "UNKNOWN"),
     ("gone", "INACTIVE"), ("never", "UNKNOWN"), ("session", "UNKNOWN")],
)  # fmt: skip
async def test_a_target_that_is_not_eligible_is_refused_with_the_reason(
    *,
    client: Client,
    database: Database,
    account: Account,
    other_account: Account,
    target: str,
    reason: str,
) -> None:
    session = await started(database, account.tier1)
    gone = await make_engineer(database, account.id, "gone@acme.test")
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE engineer SET active = false WHERE id = $1", gone.id)
    ids = {
        "tier1": public(Kind.ENGINEER, account.tier1.id),
        "viewer": public(Kind.ENGINEER, account.viewer.id),
        "foreign": public(Kind.ENGINEER, other_account.tier2.id),
        "nonsense": "nonsense",
        "gone": public(Kind.ENGINEER, gone.id),
        "never": public(Kind.ENGINEER, uuid7()),
        "session": session_id(session),
    }

    outcome = await do(
        client,
        account.tier1,
        ESCALATE,
        sessionId=session_id(session),
        reason="Stuck",
        targetEngineerId=ids[target],
    )

    assert (outcome["__typename"], outcome["reason"]) == ("TargetNotEligible", reason)
    assert await count(database, account.admin, "handoff") == 0


async def test_every_other_refusal_of_an_escalation_has_its_type(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1)
    wanted = {"sessionId": session_id(session), "reason": "Stuck"}

    async def ending(actor: Actor, **change: Any) -> dict[str, Any]:
        return await do(client, actor, ESCALATE, **wanted | change)

    assert (await ending(account.viewer))["__typename"] == "NotAllowed"
    assert (await ending(account.tier2))["__typename"] == "SessionNotFound"
    assert (await ending(account.tier1, sessionId="x"))["__typename"] == "SessionNotFound"
    empty = await ending(account.tier1, reason=" \n")
    assert (empty["__typename"], empty["field"]) == ("InvalidInput", "reason")
    first = await ending(account.tier1, idempotencyKey="k")
    assert first["__typename"] == "EscalateSuccess"
    again = await ending(account.tier1, idempotencyKey="k")
    assert again["handoff"]["id"] == first["handoff"]["id"]
    other = await ending(account.tier1, idempotencyKey="k", reason="Other")
    assert other["__typename"] == "IdempotencyConflict"
    twice = await ending(account.tier1)
    assert (twice["__typename"], twice["status"]) == ("SessionNotEscalatable", "ESCALATED")
    assert await count(database, account.admin, "handoff") == 1


# ------------------------------------------------------------------ claimHandoff


async def test_who_claims_first_gets_handoff_and_session(
    client: Client, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    handoff_id = public(Kind.HANDOFF, raised.handoff["id"])

    outcome = await do(client, account.tier2, CLAIM, handoffId=handoff_id)

    assert outcome["handoff"] == {
        "id": handoff_id,
        "status": "CLAIMED",
        "claimedBy": {"name": "Tier2"},
        "claimedAt": "2026-11-24T12:00:00.000000Z",
        "session": {"status": "ACTIVE"},
    }
    assert outcome["session"] == {
        "id": session_id(raised.session), "status": "ACTIVE", "escalatedTo": {"name": "Tier2"},
    }  # fmt: skip
    assert await do(client, account.tier2, CLAIM, handoffId=handoff_id) == outcome
    assert await count(database, account.admin, "event", "type = 'handoff.claimed'") == 1


async def test_of_many_who_claim_at_once_the_losers_are_told_who_won_and_when(
    client: Client, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    handoff_id = public(Kind.HANDOFF, raised.handoff["id"])
    racers = [
        await make_engineer(database, account.id, f"racer{number}@acme.test") for number in range(8)
    ]

    outcomes = await asyncio.gather(
        *(do(client, racer, CLAIM, handoffId=handoff_id) for racer in racers)
    )

    kinds = [outcome["__typename"] for outcome in outcomes]
    assert sorted(kinds) == ["ClaimHandoffSuccess", *["HandoffAlreadyClaimed"] * 7]
    winner = racers[kinds.index("ClaimHandoffSuccess")]
    for outcome in outcomes:
        if outcome["__typename"] == "HandoffAlreadyClaimed":
            assert outcome == {
                "__typename": "HandoffAlreadyClaimed",
                "message": f"{winner.name} is already on this handoff.",
                "claimedBy": {
                    "id": public(Kind.ENGINEER, winner.id),
                    "name": winner.name,
                    "email": winner.email,
                    "tier": 2,
                    "skills": [],
                },
                "claimedAt": "2026-11-24T12:00:00.000000Z",
            }


async def test_every_other_refusal_of_a_claim_has_its_type(
    client: Client, database: Database, account: Account, other_account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    handoff_id = public(Kind.HANDOFF, raised.handoff["id"])

    async def ending(actor: Actor, handoff_id: str = handoff_id) -> dict[str, Any]:
        return await do(client, actor, CLAIM, handoffId=handoff_id)

    unknown = await ending(account.tier2, public(Kind.HANDOFF, uuid7()))
    assert unknown["__typename"] == "HandoffNotFound"
    assert await ending(other_account.tier2) == unknown
    assert await ending(account.tier2, "nonsense") == unknown
    assert await ending(account.tier2, session_id(raised.session)) == unknown
    assert (await ending(account.tier1))["__typename"] == "OwnHandoff"
    assert (await ending(account.viewer))["__typename"] == "NotAllowed"
    assert (await ending(account.viewer, "nonsense"))["__typename"] == "NotAllowed"
    await do(client, account.tier2, CLAIM, handoffId=handoff_id)
    await do(
        client, account.tier2, RESOLVE, sessionId=session_id(raised.session), resolution="Fixed"
    )
    over = await ending(account.tier3)
    assert (over["__typename"], over["status"]) == ("HandoffNotOpen", "RESOLVED")


# ------------------------------------------------------------------ resolveSession


async def test_resolving_closes_session_and_handoff(
    client: Client, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    await claimed(database, account.tier2, raised)
    wanted = {"sessionId": session_id(raised.session), "resolution": "Renewed the certificate"}

    outcome = await do(client, account.tier2, RESOLVE, **wanted)

    assert outcome == {
        "__typename": "ResolveSessionSuccess",
        "session": {
            "status": "RESOLVED",
            "resolution": "Renewed the certificate",
            "resolvedAt": "2026-11-24T12:00:00.000000Z",
        },
        "handoff": {
            "id": public(Kind.HANDOFF, raised.handoff["id"]),
            "status": "RESOLVED",
            "session": {"status": "RESOLVED"},
        },
    }
    again = await do(client, account.tier2, RESOLVE, **wanted)
    assert (again["session"], again["handoff"]) == (outcome["session"], None)


async def test_every_refusal_to_resolve_has_its_type(
    client: Client, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    wanted = {"sessionId": session_id(raised.session), "resolution": "Fixed"}

    async def ending(actor: Actor, **change: Any) -> dict[str, Any]:
        return await do(client, actor, RESOLVE, **wanted | change)

    waits = await ending(account.tier1)
    assert (waits["__typename"], waits["status"]) == ("SessionNotResolvable", "ESCALATED")
    assert (await ending(account.tier2))["__typename"] == "NotAllowed"
    await claimed(database, account.tier2, raised)
    assert (await ending(account.tier1))["__typename"] == "NotAllowed"
    assert (await ending(account.tier3))["__typename"] == "SessionNotFound"
    assert (await ending(account.tier2, sessionId="x"))["__typename"] == "SessionNotFound"
    empty = await ending(account.tier2, resolution="")
    assert (empty["__typename"], empty["field"]) == ("InvalidInput", "resolution")


# ------------------------------------------------------------------ markNotificationsRead


async def bell(client: Client, actor: Actor) -> list[str]:
    data = await client.ask(actor, "{ notifications(unreadOnly: true) { nodes { id } } }")
    return [node["id"] for node in data["notifications"]["nodes"]]


async def test_named_items_are_marked_and_others_and_unknown_ones_are_passed_over(
    client: Client, database: Database, account: Account
) -> None:
    for _ in range(3):
        await waiting(database, account.tier1)
    mine, theirs = await bell(client, account.tier2), await bell(client, account.tier3)

    outcome = await do(
        client, account.tier2, MARK, ids=[mine[0], mine[2], theirs[0], "nonsense", mine[0]]
    )

    assert [item["id"] for item in outcome["notifications"]] == [mine[0], mine[2]]
    assert {item["readAt"] for item in outcome["notifications"]} == {"2026-11-24T12:00:00.000000Z"}
    assert (outcome["markedCount"], outcome["unreadCount"]) == (2, 1)
    assert await bell(client, account.tier2) == [mine[1]]
    assert await bell(client, account.tier3) == theirs
    again = await do(client, account.tier2, MARK, ids=[mine[0]])
    assert (again["notifications"], again["unreadCount"]) == ([], 1)


async def test_no_ids_mark_nothing_and_all_marks_everything(
    client: Client, database: Database, account: Account
) -> None:
    for _ in range(2):
        await waiting(database, account.tier1)
    nothing = await do(client, account.tier2, MARK, ids=[])
    assert (nothing["markedCount"], nothing["unreadCount"]) == (0, 2)
    only_strange = await do(client, account.tier2, MARK, ids=["nonsense"])
    assert (only_strange["markedCount"], only_strange["unreadCount"]) == (0, 2)
    everything = await do(client, account.tier2, MARK, all=True)
    assert (everything["markedCount"], everything["unreadCount"]) == (2, 0)
    assert len(await bell(client, account.tier3)) == 2


async def test_what_is_ambiguous_or_too_much_is_refused(
    client: Client, database: Database, account: Account
) -> None:
    await waiting(database, account.tier1)
    false = await do(client, account.tier2, MARK, all=False)
    assert (false["__typename"], false["field"]) == ("InvalidInput", "all")
    many = await do(client, account.tier2, MARK, ids=["nonsense"] * 101)
    assert (many["__typename"], many["field"]) == ("InvalidInput", "ids")
    for strange in ({}, {"all": True, "ids": []}, {"all": None}, {"ids": None}):
        code, _ = await client.error(account.tier2, MARK, input=strange)
        assert code == "BAD_REQUEST"
    assert len(await bell(client, account.tier2)) == 1


# ------------------------------------------------------------------ several in one request


async def test_a_later_mutation_of_one_request_sees_what_the_earlier_one_did(
    client: Client, database: Database, account: Account
) -> None:
    session = await started(database, account.tier1, steps=1)
    document = """
      fragment Now on RecordStepSuccess { session { steps { nodes { title } } } }
      mutation ($id: ID!) {
        a: recordStep(input: { sessionId: $id, kind: CHECK, title: "First" }) { ...Now }
        b: recordStep(input: { sessionId: $id, kind: CHECK, title: "Second" }) { ...Now } }"""

    data = await client.ask(account.tier1, document, id=session_id(session))

    titles = {
        key: [node["title"] for node in outcome["session"]["steps"]["nodes"]]
        for key, outcome in data.items()
    }
    assert titles == {"a": ["Check 1", "First"], "b": ["Check 1", "First", "Second"]}


async def test_a_repeated_escalation_opens_no_door_that_has_closed(
    client: Client, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    await claimed(database, account.tier2, raised)
    wanted = {"sessionId": session_id(raised.session), "reason": "Further", "idempotencyKey": "k"}
    further = await do(client, account.tier2, ESCALATE, **wanted)
    assert further["handoff"]["snapshot"] == {"stepCount": 2}
    await do(client, account.tier3, CLAIM, handoffId=further["handoff"]["id"])

    again = await do(client, account.tier2, ESCALATE, **wanted)

    assert again["__typename"] == "NotAllowed"


async def test_a_repeated_step_shows_no_timeline_once_the_door_has_closed(
    client: Client, database: Database, account: Account
) -> None:
    raised = await waiting(database, account.tier1)
    await claimed(database, account.tier2, raised)
    document = """mutation ($input: RecordStepInput!) { recordStep(input: $input) {
      __typename ... on RecordStepSuccess { session { steps { nodes { title } } } } } }"""
    wanted = {
        "sessionId": session_id(raised.session),
        "kind": "NOTE",
        "title": "Mine",
        "idempotencyKey": "k",
    }
    mine = await do(client, account.tier2, document, **wanted)
    assert len(mine["session"]["steps"]["nodes"]) == 3
    further = await do(
        client, account.tier2, ESCALATE, sessionId=wanted["sessionId"], reason="Further"
    )
    await do(client, account.tier3, CLAIM, handoffId=further["handoff"]["id"])

    again = await do(client, account.tier2, document, **wanted)

    assert again == {"__typename": "NotAllowed"}
