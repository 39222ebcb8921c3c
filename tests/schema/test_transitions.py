"""A handoff moved on: what each change answers, and every way it is refused."""

import asyncio
from typing import Any

import pytest

from db.database import Database
from db.ids import uuid7
from services.actor import Actor
from services.ids import Kind, public
from tests.harness.people import Account, make_engineer
from tests.harness.story import count
from tests.schema.asking import Client
from tests.schema.lives import (
    CANCEL,
    CLAIM,
    DECLINE,
    REASSIGN,
    RELEASE,
    RESOLVE,
    RETURN,
    People,
    State,
    do,
    live,
    succeed,
)

NOW = """query ($handoff: ID!, $session: ID!) {
  handoff(id: $handoff) { status version releaseReason target { name } claimedBy { name }
    claimedAt closedAt }
  session(id: $session) { status escalatedTo { name }
    steps(last: 1) { nodes { kind title detail outcome author { name } } } } }"""


def engineer(actor: Actor) -> str:
    return public(Kind.ENGINEER, actor.id)


# ------------------------------------------------------------------ what each of them does


async def test_a_declined_handoff_waits_for_anybody(client: Client, people: People) -> None:
    life = await live(client, people, State.OPEN_TARGETED)

    outcome = await do(client, people.target, DECLINE, handoffId=life.handoff, reason="On leave")

    assert outcome == {
        "__typename": "DeclineHandoffSuccess",
        "handoff": {"id": life.handoff, "status": "OPEN", "version": 2},
        "session": {"id": life.session, "status": "ESCALATED", "escalatedTo": None},
    }
    now = await client.ask(people.raiser, NOW, handoff=life.handoff, session=life.session)
    assert now["handoff"]["target"] is None
    await succeed(client, people.colleague, CLAIM, handoffId=life.handoff)


async def test_a_reassigned_handoff_waits_for_another_target(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.OPEN_TARGETED)
    wanted = {"handoffId": life.handoff, "targetEngineerId": engineer(people.colleague)}

    outcome = await do(client, people.raiser, REASSIGN, **wanted)

    assert outcome == {
        "__typename": "ReassignHandoffSuccess",
        "handoff": {"id": life.handoff, "status": "OPEN", "version": 2},
        "session": {"id": life.session, "status": "ESCALATED", "escalatedTo": None},
    }
    now = await client.ask(people.raiser, NOW, handoff=life.handoff, session=life.session)
    assert now["handoff"]["target"] == {"name": "Colleague"}
    again = await do(client, people.admin, REASSIGN, **wanted)
    assert again == outcome, "it has that target: nothing is to be done"


async def test_a_cancelled_handoff_gives_the_session_back(client: Client, people: People) -> None:
    life = await live(client, people, State.OPEN)

    outcome = await do(client, people.raiser, CANCEL, handoffId=life.handoff)

    assert outcome == {
        "__typename": "CancelHandoffSuccess",
        "handoff": {"id": life.handoff, "status": "CANCELLED", "version": 2},
        "session": {"id": life.session, "status": "ACTIVE", "escalatedTo": None},
    }
    now = await client.ask(people.raiser, NOW, handoff=life.handoff, session=life.session)
    assert now["handoff"]["closedAt"] == "2026-11-24T12:00:00.000000Z"


async def test_a_released_handoff_waits_again_with_its_reason_shown(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.CLAIMED)

    outcome = await do(client, people.claimer, RELEASE, handoffId=life.handoff, reason="Called off")

    assert outcome == {
        "__typename": "ReleaseHandoffSuccess",
        "handoff": {"id": life.handoff, "status": "OPEN", "version": 3},
        "session": {"id": life.session, "status": "ESCALATED", "escalatedTo": None},
    }
    ask = {"handoff": life.handoff, "session": life.session}
    now = (await client.ask(people.colleague, NOW, **ask))["handoff"]
    assert (now["releaseReason"], now["claimedBy"], now["claimedAt"]) == ("Called off", None, None)
    assert now["target"] == {"name": "Tier2"}
    await succeed(client, people.colleague, CLAIM, handoffId=life.handoff)
    now = (await client.ask(people.colleague, NOW, **ask))["handoff"]
    assert (now["releaseReason"], now["version"]) == (None, 4)


async def test_a_returned_handoff_leaves_its_guidance_with_the_raiser_and_no_door_behind(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.CLAIMED)

    outcome = await do(
        client, people.claimer, RETURN, handoffId=life.handoff, guidance="Renew the certificate"
    )

    assert outcome == {
        "__typename": "ReturnHandoffSuccess",
        "handoff": {"id": life.handoff, "status": "RETURNED", "version": 3},
        "session": None,
    }
    now = await client.ask(people.raiser, NOW, handoff=life.handoff, session=life.session)
    assert now["session"] == {
        "status": "ACTIVE",
        "escalatedTo": None,
        "steps": {
            "nodes": [
                {
                    "kind": "GUIDANCE",
                    "title": "What to do next",
                    "detail": "Renew the certificate",
                    "outcome": "PENDING",
                    "author": {"name": "Tier3"},
                }
            ]
        },
    }


async def test_an_administrator_who_changes_something_sees_the_session(
    client: Client, people: People
) -> None:
    for state, document, more in (
        (State.OPEN, CANCEL, {}),
        (State.OPEN, REASSIGN, {"targetEngineerId": engineer(people.colleague)}),
        (State.CLAIMED, RELEASE, {"reason": "Gone home"}),
    ):
        life = await live(client, people, state)
        outcome = await succeed(client, people.admin, document, handoffId=life.handoff, **more)
        assert outcome["session"]["id"] == life.session


# ------------------------------------------------------------------ refusals

Change = tuple[str, State, str, dict[str, Any]]
"""Document, a state it begins in, who may do it, and the rest of its input."""

CHANGES: dict[str, Change] = {
    "claim": (CLAIM, State.OPEN_TARGETED, "claimer", {}),
    "decline": (DECLINE, State.OPEN_TARGETED, "target", {"reason": "On leave"}),
    "reassign": (REASSIGN, State.OPEN_TARGETED, "raiser", {"targetEngineerId": ""}),
    "cancel": (CANCEL, State.OPEN_TARGETED, "raiser", {}),
    "release": (RELEASE, State.CLAIMED, "claimer", {"reason": "Called away"}),
    "return": (RETURN, State.CLAIMED, "claimer", {"guidance": "Do this"}),
}


def change(name: str, people: People) -> tuple[str, State, Actor, dict[str, Any]]:
    document, state, who, more = CHANGES[name]
    if name == "reassign":
        more = {"targetEngineerId": engineer(people.colleague)}
    return document, state, getattr(people, who), more


async def test_every_change_of_what_is_not_there_is_refused_like_an_unknown_id(
    client: Client, people: People, other_account: Account
) -> None:
    strangers = await People.of(client.database, other_account)
    foreign = await live(client, strangers, State.OPEN_TARGETED)
    for name in CHANGES:
        document, _, actor, more = change(name, people)
        said = [
            await do(client, actor, document, handoffId=handoff, **more)
            for handoff in (
                public(Kind.HANDOFF, uuid7()), foreign.handoff, foreign.session, "nonsense", "",
            )
        ]  # fmt: skip
        assert said[0]["__typename"] == "HandoffNotFound", name
        assert said == [said[0]] * 5, name


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_in_the_wrong_state_says_which_it_is(
    client: Client, people: People, name: str
) -> None:
    document, state, actor, more = change(name, people)
    needs, refusal = ("OPEN", "NotOpen") if state != State.CLAIMED else ("CLAIMED", "NotClaimed")
    for wrong in State:
        if wrong.startswith(needs):
            continue
        life = await live(client, people, wrong)
        outcome = await do(client, actor, document, handoffId=life.handoff, **more)
        if (name, wrong) == ("claim", State.CLAIMED):
            assert outcome["__typename"] == "ClaimHandoffSuccess"  # the winner asks again
            continue
        assert outcome["__typename"] == f"Handoff{refusal}", wrong
        assert outcome["status"] == wrong.partition(",")[0]


@pytest.mark.parametrize(
    ("name", "input", "field"),
    [
        ("claim", {"idempotencyKey": ""}, "idempotencyKey"),
        ("decline", {"reason": " "}, "reason"),
        ("decline", {"reason": "x" * 2_001}, "reason"),
        ("decline", {"idempotencyKey": "\n"}, "idempotencyKey"),
        ("reassign", {"idempotencyKey": "k" * 201}, "idempotencyKey"),
        ("cancel", {"idempotencyKey": " "}, "idempotencyKey"),
        ("release", {"reason": "a\x00b"}, "reason"),
        ("release", {"idempotencyKey": "\ud800"}, "idempotencyKey"),
        ("return", {"guidance": ""}, "guidance"),
        ("return", {"guidance": "x" * 10_001}, "guidance"),
        ("return", {"idempotencyKey": "a\x00"}, "idempotencyKey"),
    ],
)
async def test_input_that_does_not_fit_is_named(
    *,
    client: Client,
    database: Database,
    people: People,
    name: str,
    input: dict[str, Any],
    field: str,
) -> None:
    document, state, actor, fitting = change(name, people)
    life = await live(client, people, state)
    events = await count(database, people.admin, "event")

    outcome = await do(client, actor, document, handoffId=life.handoff, **fitting | input)

    assert (outcome["__typename"], outcome["field"]) == ("InvalidInput", field)
    assert await count(database, people.admin, "event") == events


@pytest.mark.parametrize(
    ("target", "reason"),
    [("raiser", "SELF"), ("viewer", "VIEWER"), ("gone", "INACTIVE"), ("foreign", "UNKNOWN"),
     ("never", "UNKNOWN"), ("nonsense", "UNKNOWN"), ("session", "UNKNOWN")],
)  # fmt: skip
async def test_a_new_target_must_be_eligible(
    *,
    client: Client,
    database: Database,
    people: People,
    account: Account,
    other_account: Account,
    target: str,
    reason: str,
) -> None:
    life = await live(client, people, State.OPEN_TARGETED)
    gone = await make_engineer(database, account.id, "gone@acme.test")
    async with database.transaction(account.id) as tx:
        await tx.execute("UPDATE engineer SET active = false WHERE id = $1", gone.id)
    targets = {
        "raiser": engineer(people.raiser),
        "viewer": engineer(people.viewer),
        "gone": engineer(gone),
        "foreign": engineer(other_account.tier2),
        "never": public(Kind.ENGINEER, uuid7()),
        "nonsense": "nonsense",
        "session": life.session,
    }

    for actor in (people.raiser, people.admin):
        outcome = await do(
            client,
            actor,
            REASSIGN,
            handoffId=life.handoff,
            targetEngineerId=targets[target],
        )
        assert (outcome["__typename"], outcome["reason"]) == ("TargetNotEligible", reason)


# ------------------------------------------------------------------ expectedVersion


@pytest.mark.parametrize("name", CHANGES)
async def test_a_stale_client_is_shown_what_it_did_not_see(
    client: Client, database: Database, people: People, name: str
) -> None:
    document, state, actor, more = change(name, people)
    life = await live(client, people, state)
    query = "query ($id: ID!) { handoff(id: $id) { version } }"
    seen = (await client.ask(actor, query, id=life.handoff))["handoff"]["version"]
    wanted = {"handoffId": life.handoff} | more
    events = await count(database, people.admin, "event")

    for stale in (seen - 1, seen + 1, 0, -1, 2**31 - 1):
        outcome = await do(client, actor, document, **wanted, expectedVersion=stale)
        assert outcome["__typename"] == "HandoffChanged"
        assert outcome["handoff"]["id"] == life.handoff
        assert outcome["handoff"]["version"] == seen
        assert outcome["handoff"]["status"] == state.partition(",")[0]
    assert await count(database, people.admin, "event") == events

    outcome = await do(client, actor, document, **wanted, expectedVersion=seen)
    assert outcome["__typename"].endswith("Success")
    assert outcome["handoff"]["version"] == seen + 1


async def test_a_stale_client_resolves_nothing(client: Client, people: People) -> None:
    life = await live(client, people, State.CLAIMED)
    await succeed(client, people.admin, RELEASE, handoffId=life.handoff, reason="Gone home")
    await succeed(client, people.claimer, CLAIM, handoffId=life.handoff)
    done = {"sessionId": life.session, "resolution": "Renewed it"}

    stale = await do(client, people.claimer, RESOLVE, **done, expectedVersion=2)

    assert stale["__typename"] == "HandoffChanged"
    assert stale["changed"] == {"id": life.handoff, "status": "CLAIMED", "version": 4}
    resolved = await do(client, people.claimer, RESOLVE, **done, expectedVersion=4)
    assert resolved["handoff"] == {"id": life.handoff, "status": "RESOLVED", "version": 5}


async def test_of_two_who_saw_the_same_only_one_acts(client: Client, people: People) -> None:
    for _ in range(5):
        life = await live(client, people, State.OPEN_TARGETED)
        wanted = {"handoffId": life.handoff, "expectedVersion": 1}
        outcomes = await asyncio.gather(
            do(client, people.raiser, CANCEL, **wanted),
            do(client, people.target, DECLINE, **wanted, reason="On leave"),
            do(client, people.claimer, CLAIM, **wanted),
            do(client, people.admin, REASSIGN, **wanted, targetEngineerId=engineer(people.admin)),
        )
        won = [each for each in outcomes if each["__typename"].endswith("Success")]
        assert len(won) == 1
        assert won[0]["handoff"]["version"] == 2


# ------------------------------------------------------------------ the same request again


async def later(client: Client, people: People, name: str, handoff: str) -> None:
    """The world moves on after ``name``, so that carrying it out again would undo something."""
    this = {"handoffId": handoff}
    match name:
        case "claim":
            await succeed(client, people.claimer, RELEASE, **this, reason="Called away")
        case "decline" | "reassign":
            await succeed(
                client, people.raiser, REASSIGN, **this, targetEngineerId=engineer(people.target)
            )
        case "release":
            await succeed(client, people.claimer, CLAIM, **this)


@pytest.mark.parametrize("name", ["decline", "reassign", "release", "cancel", "return"])
async def test_a_late_repeat_succeeds_and_undoes_nothing(
    client: Client, database: Database, people: People, name: str
) -> None:
    document, state, actor, more = change(name, people)
    life = await live(client, people, state)
    wanted = {"handoffId": life.handoff, "idempotencyKey": "k"} | more
    first = await succeed(client, actor, document, **wanted)
    at_once = await succeed(client, actor, document, **wanted)
    assert at_once == first
    await later(client, people, name, life.handoff)
    ask = {"handoff": life.handoff, "session": life.session}
    before = await client.ask(people.admin, NOW, **ask)
    events = await count(database, people.admin, "event")

    again = await do(client, actor, document, **wanted)

    assert again["__typename"] == first["__typename"]
    assert again["handoff"]["version"] == before["handoff"]["version"]
    assert await client.ask(people.admin, NOW, **ask) == before
    assert await count(database, people.admin, "event") == events


async def test_a_late_repeat_of_a_claim_takes_nothing_that_was_given_back(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.OPEN)
    wanted = {"handoffId": life.handoff, "idempotencyKey": "k"}
    first = await succeed(client, people.claimer, CLAIM, **wanted)
    assert await do(client, people.claimer, CLAIM, **wanted) == first
    await later(client, people, "claim", life.handoff)

    waits = await do(client, people.claimer, CLAIM, **wanted)
    await succeed(client, people.colleague, CLAIM, handoffId=life.handoff)
    taken = await do(client, people.claimer, CLAIM, **wanted)

    assert waits["__typename"] == "HandoffChanged"
    assert waits["handoff"] == {"id": life.handoff, "status": "OPEN", "version": 3}
    assert taken["__typename"] == "HandoffAlreadyClaimed"
    assert taken["claimedBy"] == {"name": "Colleague"}
    await succeed(client, people.colleague, RELEASE, handoffId=life.handoff, reason="No time")
    fresh = await do(client, people.claimer, CLAIM, **wanted | {"idempotencyKey": "k2"})
    assert fresh["__typename"] == "ClaimHandoffSuccess"


@pytest.mark.parametrize("name", CHANGES)
async def test_a_key_of_another_request_is_a_conflict(
    client: Client, people: People, name: str
) -> None:
    document, state, actor, more = change(name, people)
    life, other = await live(client, people, state), await live(client, people, state)
    key = {"idempotencyKey": "k"}
    await succeed(client, actor, document, handoffId=life.handoff, **more, **key)

    conflict = await do(client, actor, document, handoffId=other.handoff, **more, **key)

    assert conflict["__typename"] == "IdempotencyConflict"
    await succeed(client, actor, document, handoffId=other.handoff, **more)


@pytest.mark.parametrize("name", CHANGES)
async def test_a_refused_request_uses_up_no_key(client: Client, people: People, name: str) -> None:
    document, state, actor, more = change(name, people)
    life = await live(client, people, state)
    wanted = {"handoffId": life.handoff, "idempotencyKey": "k"} | more
    refused = await do(client, actor, document, **wanted, expectedVersion=77)
    assert refused["__typename"] == "HandoffChanged"
    await succeed(client, actor, document, **wanted)


@pytest.mark.parametrize("name", CHANGES)
async def test_the_same_request_many_times_at_once_is_carried_out_once(
    client: Client, database: Database, people: People, name: str
) -> None:
    document, state, actor, more = change(name, people)
    life = await live(client, people, state)
    events = await count(database, people.admin, "event")
    wanted = {"handoffId": life.handoff, "idempotencyKey": "k"} | more

    outcomes = await asyncio.gather(*(do(client, actor, document, **wanted) for _ in range(6)))

    assert outcomes == [outcomes[0]] * 6
    assert outcomes[0]["__typename"].endswith("Success")
    assert await count(database, people.admin, "event") == events + 1


async def test_a_repeat_shows_no_session_once_the_door_has_closed(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.OPEN_TARGETED)
    wanted = {"handoffId": life.handoff, "reason": "On leave", "idempotencyKey": "k"}
    first = await succeed(client, people.target, DECLINE, **wanted)
    assert first["session"]["id"] == life.session
    await succeed(client, people.claimer, CLAIM, handoffId=life.handoff)

    again = await succeed(client, people.target, DECLINE, **wanted)

    assert again["session"] is None
    assert again["handoff"]["status"] == "CLAIMED"
