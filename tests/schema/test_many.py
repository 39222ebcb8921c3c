"""A change of shift: many sessions handed over at once, and many taken."""

import asyncio
from typing import Any, Final

import pytest

from db.database import Database
from db.ids import uuid7
from services.actor import Actor
from services.ids import Kind, public
from tests.harness.people import Account
from tests.harness.story import claimed, count, started, waiting
from tests.schema.asking import Client
from tests.schema.lives import CLAIM, RELEASE, People, State, do, live, succeed

ESCALATE_MANY: Final = """mutation ($input: EscalateManyInput!) { escalateMany(input: $input) {
  __typename
  ... on EscalateManySuccess { handoffs {
    id status intent priority reason notes target { name } raisedBy { name }
    session { id status } snapshot { stepCount } documentation { version }
    deliveries { channel } viewerCan history { nodes { __typename } } } }
  ... on SessionsNotEscalatable { refusals { sessionId problem {
    __typename message ... on SessionNotEscalatable { status }
    ... on TargetNotEligible { reason } } } }
  ... on Problem { message } ... on InvalidInput { field } } }"""
CLAIM_MANY: Final = """mutation ($input: ClaimHandoffsInput!) { claimHandoffs(input: $input) {
  __typename
  ... on ClaimHandoffsSuccess { results { handoffId result {
    __typename
    ... on ClaimHandoffSuccess { handoff { id status version claimedBy { name } }
      session { id status escalatedTo { name } } }
    ... on HandoffAlreadyClaimed { claimedBy { name } claimedAt }
    ... on HandoffChanged { handoff { id status } }
    ... on Problem { message } } } }
  ... on Problem { message } ... on InvalidInput { field } } }"""


async def sessions_of(database: Database, owner: Actor, number: int) -> list[str]:
    rows = [await started(database, owner, steps=1) for _ in range(number)]
    return [public(Kind.SESSION, row["id"]) for row in rows]


# ------------------------------------------------------------------ escalateMany


async def test_all_sessions_of_a_shift_are_handed_over_in_the_order_given(
    client: Client, database: Database, people: People
) -> None:
    sessions = list(reversed(await sessions_of(database, people.raiser, 3)))

    outcome = await do(
        client,
        people.raiser,
        ESCALATE_MANY,
        sessionIds=sessions,
        reason="My shift ends",
        notes="See the timeline",
        priority="HIGH",
        targetEngineerId=public(Kind.ENGINEER, people.target.id),
    )

    assert outcome["__typename"] == "EscalateManySuccess"
    assert [each["session"]["id"] for each in outcome["handoffs"]] == sessions
    for handoff in outcome["handoffs"]:
        assert handoff.pop("id").startswith("handoff_")
        assert handoff.pop("session")["status"] == "ESCALATED"
        assert len(handoff.pop("deliveries")) == 5
        assert handoff == {
            "status": "OPEN",
            "intent": "SHIFT_CHANGE",
            "priority": "HIGH",
            "reason": "My shift ends",
            "notes": "See the timeline",
            "target": {"name": "Tier2"},
            "raisedBy": {"name": "Tier1"},
            "snapshot": {"stepCount": 1},
            "documentation": {"version": 1},
            "viewerCan": ["REASSIGN", "CANCEL"],
            "history": {"nodes": [{"__typename": "HandoffCreated"}]},
        }


async def test_null_is_as_good_as_leaving_it_out(
    client: Client, database: Database, people: People
) -> None:
    sessions = await sessions_of(database, people.raiser, 1)
    outcome = await do(
        client,
        people.raiser,
        ESCALATE_MANY,
        sessionIds=sessions,
        reason="My shift ends",
        intent=None,
        priority=None,
    )
    [handoff] = outcome["handoffs"]
    assert (handoff["intent"], handoff["priority"]) == ("SHIFT_CHANGE", "NORMAL")


async def test_each_of_them_arrives_live(
    client: Client, database: Database, people: People
) -> None:
    sessions = await sessions_of(database, people.raiser, 3)
    document = "subscription { handoffCreated { handoff { session { id } intent } } }"
    async with client.listen(people.colleague, document) as stream:
        wanted = {"sessionIds": sessions, "reason": "My shift ends"}
        await succeed(client, people.raiser, ESCALATE_MANY, **wanted)
        events = await stream.several(3)
    assert [event["handoff"]["session"]["id"] for event in events] == sessions
    assert {event["handoff"]["intent"] for event in events} == {"SHIFT_CHANGE"}


async def test_when_some_can_not_be_none_is_and_each_is_told(
    *,
    client: Client,
    database: Database,
    people: People,
    account: Account,
    other_account: Account,
) -> None:
    good = await sessions_of(database, people.raiser, 2)
    waits = public(Kind.SESSION, (await waiting(database, people.raiser)).session["id"])
    taken = await waiting(database, people.raiser)
    await claimed(database, people.claimer, taken)
    [hidden] = await sessions_of(database, people.target, 1)
    [foreign] = await sessions_of(database, other_account.tier1, 1)
    never = public(Kind.SESSION, uuid7())
    in_the_way = [waits, "nonsense", hidden, foreign, never, "", public(Kind.HANDOFF, uuid7())]
    handoffs = await count(database, account.admin, "handoff")

    outcome = await do(
        client,
        people.raiser,
        ESCALATE_MANY,
        sessionIds=[good[0], *in_the_way, good[1]],
        reason="My shift ends",
    )

    assert outcome["__typename"] == "SessionsNotEscalatable"
    assert "7 of these sessions" in outcome["message"]
    assert [each["sessionId"] for each in outcome["refusals"]] == in_the_way
    problems = [each["problem"] for each in outcome["refusals"]]
    assert problems[0].pop("message")
    assert problems[0] == {"__typename": "SessionNotEscalatable", "status": "ESCALATED"}
    unknown = {
        "__typename": "SessionNotFound",
        "message": "There is no such session, or you may not see it.",
    }
    assert problems[1:] == [unknown] * 6
    assert await count(database, account.admin, "handoff") == handoffs
    assert await count(database, account.admin, "session", "status = 'ACTIVE'") == 4


async def test_a_target_that_is_not_eligible_stands_in_the_way_of_all(
    client: Client, database: Database, people: People
) -> None:
    sessions = await sessions_of(database, people.raiser, 2)
    viewer = public(Kind.ENGINEER, people.viewer.id)
    wanted = {"sessionIds": sessions, "reason": "My shift ends", "targetEngineerId": viewer}

    outcome = await do(client, people.raiser, ESCALATE_MANY, **wanted)

    assert [each["problem"]["__typename"] for each in outcome["refusals"]] == [
        "TargetNotEligible", "TargetNotEligible",
    ]  # fmt: skip
    assert outcome["refusals"][0]["problem"]["reason"] == "VIEWER"


@pytest.mark.parametrize("number", [0, 51, 200])
async def test_one_to_fifty_sessions_at_a_time(client: Client, people: People, number: int) -> None:
    sessions = [public(Kind.SESSION, uuid7()) for _ in range(number)]
    wanted = {"sessionIds": sessions, "reason": "My shift ends"}
    outcome = await do(client, people.raiser, ESCALATE_MANY, **wanted)
    assert (outcome["__typename"], outcome["field"]) == ("InvalidInput", "sessionIds")


async def test_other_refusals_have_their_types(
    client: Client, database: Database, people: People
) -> None:
    sessions = await sessions_of(database, people.raiser, 3)
    wanted = {"sessionIds": sessions[:2], "reason": "My shift ends"}

    async def ending(actor: Actor, **change: Any) -> dict[str, Any]:
        return await do(client, actor, ESCALATE_MANY, **wanted | change)

    assert (await ending(people.viewer))["__typename"] == "NotAllowed"
    twice = await ending(people.raiser, sessionIds=[sessions[0], sessions[1], sessions[0]])
    assert (twice["__typename"], twice["field"]) == ("InvalidInput", "sessionIds")
    empty = await ending(people.raiser, reason=" ")
    assert (empty["__typename"], empty["field"]) == ("InvalidInput", "reason")
    blank = await ending(people.raiser, idempotencyKey="")
    assert (blank["__typename"], blank["field"]) == ("InvalidInput", "idempotencyKey")
    assert await count(database, people.admin, "handoff") == 0
    assert (await ending(people.raiser, idempotencyKey="k"))["__typename"] == "EscalateManySuccess"
    other = await ending(people.raiser, idempotencyKey="k", sessionIds=[sessions[2]])
    assert other["__typename"] == "IdempotencyConflict"


async def test_a_repeat_gives_the_same_handoffs_as_they_are_by_then(
    client: Client, database: Database, people: People
) -> None:
    sessions = await sessions_of(database, people.raiser, 3)
    wanted = {"sessionIds": sessions, "reason": "My shift ends", "idempotencyKey": "k"}
    first = await succeed(client, people.raiser, ESCALATE_MANY, **wanted)
    assert await do(client, people.raiser, ESCALATE_MANY, **wanted) == first
    await succeed(client, people.claimer, CLAIM, handoffId=first["handoffs"][1]["id"])

    again = await succeed(client, people.raiser, ESCALATE_MANY, **wanted)

    assert [each["id"] for each in again["handoffs"]] == [each["id"] for each in first["handoffs"]]
    assert [each["status"] for each in again["handoffs"]] == ["OPEN", "CLAIMED", "OPEN"]
    assert await count(database, people.admin, "handoff") == 3


# ------------------------------------------------------------------ claimHandoffs


async def test_each_is_claimed_by_itself_and_answered_in_the_order_given(
    client: Client, database: Database, people: People
) -> None:
    lives = [await live(client, people, State.OPEN) for _ in range(3)]
    taken = await live(client, people, State.CLAIMED)
    over = await live(client, people, State.CANCELLED)
    own = await waiting(database, people.colleague)
    own_id = public(Kind.HANDOFF, own.handoff["id"])
    asked = [
        lives[2].handoff, taken.handoff, "nonsense", over.handoff, own_id, lives[0].handoff,
        public(Kind.HANDOFF, uuid7()),
    ]  # fmt: skip

    outcome = await do(client, people.colleague, CLAIM_MANY, handoffIds=asked)

    results = outcome["results"]
    assert [each["handoffId"] for each in results] == asked
    assert [each["result"]["__typename"] for each in results] == [
        "ClaimHandoffSuccess", "HandoffAlreadyClaimed", "HandoffNotFound", "HandoffNotOpen",
        "OwnHandoff", "ClaimHandoffSuccess", "HandoffNotFound",
    ]  # fmt: skip
    assert results[0]["result"]["handoff"] == {
        "id": lives[2].handoff, "status": "CLAIMED", "version": 2,
        "claimedBy": {"name": "Colleague"},
    }  # fmt: skip
    assert results[0]["result"]["session"] == {
        "id": lives[2].session, "status": "ACTIVE", "escalatedTo": {"name": "Colleague"},
    }  # fmt: skip
    assert results[5]["result"]["session"]["id"] == lives[0].session
    assert results[1]["result"]["claimedBy"] == {"name": "Tier3"}
    assert await count(database, people.admin, "handoff", "status = 'OPEN'") == 2


async def test_of_two_who_take_the_same_handoffs_each_is_told_whose_every_one_is(
    client: Client, people: People
) -> None:
    lives = [await live(client, people, State.OPEN) for _ in range(6)]
    asked = [life.handoff for life in lives]

    one, two = await asyncio.gather(
        do(client, people.claimer, CLAIM_MANY, handoffIds=asked),
        do(client, people.colleague, CLAIM_MANY, handoffIds=list(reversed(asked))),
    )

    mine = {each["handoffId"]: each["result"] for each in one["results"]}
    theirs = {each["handoffId"]: each["result"] for each in two["results"]}
    for handoff in asked:
        kinds = {mine[handoff]["__typename"], theirs[handoff]["__typename"]}
        assert kinds == {"ClaimHandoffSuccess", "HandoffAlreadyClaimed"}
        loser, winner = (
            (mine, "Colleague")
            if mine[handoff]["__typename"] == "HandoffAlreadyClaimed"
            else (theirs, "Tier3")
        )
        assert loser[handoff]["claimedBy"] == {"name": winner}


async def test_each_claim_arrives_live(client: Client, people: People) -> None:
    lives = [await live(client, people, State.OPEN) for _ in range(3)]
    document = """subscription { handoffEvents {
      __typename ... on HandoffEvent { handoff { id } } } }"""
    async with client.listen(people.raiser, document) as stream:
        await stream.next()
        asked = [life.handoff for life in lives]
        await succeed(client, people.claimer, CLAIM_MANY, handoffIds=asked)
        events = await stream.several(3)
    assert {event["__typename"] for event in events} == {"HandoffClaimed"}
    assert [event["handoff"]["id"] for event in events] == asked


async def test_claiming_them_again_is_harmless(
    client: Client, database: Database, people: People
) -> None:
    lives = [await live(client, people, State.OPEN) for _ in range(2)]
    asked = [life.handoff for life in lives]
    first = await succeed(client, people.claimer, CLAIM_MANY, handoffIds=asked)
    assert await do(client, people.claimer, CLAIM_MANY, handoffIds=asked) == first
    doubled = await do(client, people.claimer, CLAIM_MANY, handoffIds=[asked[0], asked[0]])
    assert doubled["results"] == [first["results"][0]] * 2
    assert await count(database, people.admin, "event", "type = 'handoff.claimed'") == 2


async def test_a_late_repeat_takes_nothing_that_was_given_back(
    client: Client, people: People
) -> None:
    lives = [await live(client, people, State.OPEN) for _ in range(3)]
    asked = [life.handoff for life in lives]
    wanted = {"handoffIds": asked, "idempotencyKey": "k"}
    await succeed(client, people.claimer, CLAIM_MANY, **wanted)
    for life in lives[:2]:
        await succeed(client, people.claimer, RELEASE, handoffId=life.handoff, reason="Too many")
    await succeed(client, people.colleague, CLAIM, handoffId=asked[1])

    again = await succeed(client, people.claimer, CLAIM_MANY, **wanted)

    assert [each["result"]["__typename"] for each in again["results"]] == [
        "HandoffChanged", "HandoffAlreadyClaimed", "ClaimHandoffSuccess",
    ]  # fmt: skip
    # the key is remembered for each handoff: those of another list are not in its way
    more = await live(client, people, State.OPEN)
    wider = {"handoffIds": [more.handoff, asked[0]], "idempotencyKey": "k"}
    widened = await succeed(client, people.claimer, CLAIM_MANY, **wider)
    assert [each["result"]["__typename"] for each in widened["results"]] == [
        "ClaimHandoffSuccess", "HandoffChanged",
    ]  # fmt: skip


async def test_a_repeat_of_what_was_carried_out_in_part_does_the_rest(
    client: Client, people: People
) -> None:
    lives = [await live(client, people, State.OPEN) for _ in range(2)]
    await succeed(
        client, people.claimer, CLAIM_MANY, handoffIds=[lives[0].handoff], idempotencyKey="k"
    )
    asked = [life.handoff for life in lives]
    whole = await succeed(client, people.claimer, CLAIM_MANY, handoffIds=asked, idempotencyKey="k")
    assert [each["result"]["__typename"] for each in whole["results"]] == [
        "ClaimHandoffSuccess", "ClaimHandoffSuccess",
    ]  # fmt: skip


@pytest.mark.parametrize("number", [0, 51])
async def test_one_to_fifty_handoffs_at_a_time(client: Client, people: People, number: int) -> None:
    asked = [public(Kind.HANDOFF, uuid7()) for _ in range(number)]
    outcome = await do(client, people.claimer, CLAIM_MANY, handoffIds=asked)
    assert (outcome["__typename"], outcome["field"]) == ("InvalidInput", "handoffIds")


@pytest.mark.parametrize("key", ["", " ", "k" * 201, "a\nb"])
async def test_a_key_that_can_not_be_one_claims_nothing(
    client: Client, people: People, key: str
) -> None:
    life = await live(client, people, State.OPEN)
    wanted = {"handoffIds": [life.handoff], "idempotencyKey": key}
    outcome = await do(client, people.claimer, CLAIM_MANY, **wanted)
    assert (outcome["__typename"], outcome["field"]) == ("InvalidInput", "idempotencyKey")
    longest = {"handoffIds": [life.handoff], "idempotencyKey": "k" * 200}
    outcome = await succeed(client, people.claimer, CLAIM_MANY, **longest)
    assert outcome["results"][0]["result"]["__typename"] == "ClaimHandoffSuccess"


async def test_viewers_take_none(client: Client, people: People) -> None:
    life = await live(client, people, State.OPEN)
    outcome = await do(client, people.viewer, CLAIM_MANY, handoffIds=[life.handoff, "nonsense"])
    assert [each["result"]["__typename"] for each in outcome["results"]] == ["NotAllowed"] * 2
