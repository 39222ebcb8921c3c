"""What came of a step is said once, by who works on its session."""

import asyncio
from typing import Any, Final

import pytest

from db.database import Database
from services.actor import Actor
from services.ids import Kind, public
from tests.harness.people import Account
from tests.schema.asking import Client
from tests.schema.lives import (
    CLAIM,
    ESCALATE,
    RELEASE,
    RESOLVE,
    RETURN,
    People,
    State,
    do,
    live,
    succeed,
)

RECORD: Final = """mutation ($input: RecordStepInput!) { recordStep(input: $input) {
  __typename ... on RecordStepSuccess { step { id outcomeAt outcomeBy { name } } } } }"""
OUTCOME: Final = """mutation ($input: RecordOutcomeInput!) { recordOutcome(input: $input) {
  __typename
  ... on RecordOutcomeSuccess { session { id stepCount }
    step { id position outcome detail author { name } outcomeBy { name } outcomeAt } }
  ... on StepNotPending { step { id outcome } }
  ... on InvalidInput { field } ... on Problem { message } } }"""
FROZEN: Final = "query ($id: ID!) { handoff(id: $id) { snapshot { timeline { title outcome } } } }"


async def begun(client: Client, actor: Actor, session: str, **more: Any) -> str:
    """A step whose outcome is not known yet."""
    step = {"sessionId": session, "kind": "CHECK", "title": "Ping the gateway"}
    return (await succeed(client, actor, RECORD, **step | more))["step"]["id"]


async def ending(client: Client, actor: Actor, step: str, **more: Any) -> str:
    outcome = await do(client, actor, OUTCOME, **{"stepId": step, "outcome": "WORKED"} | more)
    return outcome["__typename"]


async def test_a_step_gets_its_outcome_where_it_stands(client: Client, people: People) -> None:
    life = await live(client, people, State.CLAIMED)
    step = await begun(client, people.raiser, life.session, detail="ping 10.0.0.1")
    await begun(client, people.raiser, life.session)
    outcome = await succeed(
        client, people.claimer, OUTCOME, stepId=step, outcome="FAILED", detail=" no answer "
    )
    assert outcome["step"] == {
        "id": step,
        "position": 2,
        "outcome": "FAILED",
        "detail": "ping 10.0.0.1\n\nno answer",
        "author": {"name": "Tier1"},
        "outcomeBy": {"name": "Tier3"},
        "outcomeAt": "2026-11-24T12:00:00.000000Z",
    }
    assert outcome["session"] == {"id": life.session, "stepCount": 3}


async def test_of_a_step_that_came_with_its_outcome_its_author_said_so_when_it_was_recorded(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.CLAIMED)
    told = []
    for outcome in ("WORKED", "PENDING"):
        wanted = {"sessionId": life.session, "kind": "CHECK", "title": "Look", "outcome": outcome}
        step = (await succeed(client, people.claimer, RECORD, **wanted))["step"]
        told.append((step["outcomeBy"], step["outcomeAt"]))
    assert told == [({"name": "Tier3"}, "2026-11-24T12:00:00.000000Z"), (None, None)]


async def test_guidance_gets_an_outcome_too(
    client: Client, database: Database, people: People
) -> None:
    await live(client, people, State.RETURNED)
    async with database.transaction(people.raiser.account_id) as tx:
        row = await tx.one("SELECT id FROM step WHERE kind = 'GUIDANCE'")
    assert await ending(client, people.raiser, public(Kind.STEP, row["id"])) == (
        "RecordOutcomeSuccess"
    )


async def test_an_outcome_is_said_once(client: Client, people: People) -> None:
    life = await live(client, people, State.CLAIMED)
    step = await begun(client, people.claimer, life.session)
    await succeed(client, people.claimer, OUTCOME, stepId=step, outcome="FAILED", detail="Nothing")

    for actor, change in (
        (people.claimer, {"outcome": "WORKED"}),
        (people.claimer, {"outcome": "FAILED", "detail": "Something"}),
        (people.raiser, {"outcome": "FAILED"}),
    ):
        refused = await do(client, actor, OUTCOME, **{"stepId": step} | change)
        assert refused["__typename"] == "StepNotPending"
        assert refused["step"] == {"id": step, "outcome": "FAILED"}


async def test_of_two_who_say_it_at_once_one_is_told_what_the_other_said(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.CLAIMED)
    for _ in range(5):
        step = await begun(client, people.claimer, life.session)
        ends = await asyncio.gather(
            ending(client, people.claimer, step, outcome="WORKED"),
            ending(client, people.raiser, step, outcome="FAILED"),
        )
        assert sorted(ends) == ["RecordOutcomeSuccess", "StepNotPending"]


async def test_repeating_it_is_harmless(client: Client, people: People) -> None:
    life = await live(client, people, State.CLAIMED)
    step = await begun(client, people.claimer, life.session)
    wanted = {"stepId": step, "outcome": "WORKED", "detail": "4 ms"}
    first = await succeed(client, people.claimer, OUTCOME, **wanted)
    assert await succeed(client, people.claimer, OUTCOME, **wanted) == first


async def test_a_key_stands_for_one_request_whatever_has_happened_since(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.CLAIMED)
    step = await begun(client, people.claimer, life.session)
    wanted = {"stepId": step, "outcome": "WORKED", "idempotencyKey": "k"}
    first = await succeed(client, people.claimer, OUTCOME, **wanted)
    assert await ending(client, people.claimer, step, outcome="FAILED", idempotencyKey="k") == (
        "IdempotencyConflict"
    )
    await succeed(client, people.claimer, RESOLVE, sessionId=life.session, resolution="Renewed it")
    assert await succeed(client, people.claimer, OUTCOME, **wanted) == first


async def test_a_repeat_shows_nothing_of_a_session_that_others_work_on_since(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.CLAIMED)
    step = await begun(client, people.claimer, life.session)
    wanted = {"stepId": step, "outcome": "WORKED", "idempotencyKey": "k"}
    await succeed(client, people.claimer, OUTCOME, **wanted)
    await succeed(client, people.claimer, RETURN, handoffId=life.handoff, guidance="Renew it")
    assert (await do(client, people.claimer, OUTCOME, **wanted))["__typename"] == "NotAllowed"


async def test_who_records_steps_records_outcomes_and_nobody_else(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.CLAIMED)
    ends = {}
    for name in ("raiser", "claimer", "admin", "colleague", "target", "viewer"):
        step = await begun(client, people.claimer, life.session)
        ends[name] = await ending(client, getattr(people, name), step)
    assert ends == dict.fromkeys(("raiser", "claimer", "admin"), "RecordOutcomeSuccess") | (
        dict.fromkeys(("colleague", "target", "viewer"), "StepNotFound")
    )
    step = await begun(client, people.claimer, life.session)
    await succeed(client, people.claimer, RELEASE, handoffId=life.handoff, reason="Shift is over")
    assert await ending(client, people.colleague, step) == "NotAllowed"  # it waits: they see it
    await succeed(client, people.target, CLAIM, handoffId=life.handoff)
    assert await ending(client, people.target, step) == "RecordOutcomeSuccess"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"outcome": "PENDING"}, "outcome"),
        ({"detail": "x" * 10_001}, "detail"),
        ({"detail": "x" * 9_990}, "detail"),  # with what is there it is too long
        ({"detail": "a\x00b"}, "detail"),
        ({"idempotencyKey": ""}, "idempotencyKey"),
    ],
)
async def test_what_does_not_fit_is_named_and_the_step_stays_as_it_is(
    client: Client, people: People, change: dict[str, Any], field: str
) -> None:
    life = await live(client, people, State.CLAIMED)
    step = await begun(client, people.claimer, life.session, detail="ping 10.0.0.1")
    wanted = {"stepId": step, "outcome": "WORKED"} | change
    refused = await do(client, people.claimer, OUTCOME, **wanted)
    assert (refused["__typename"], refused.get("field")) == ("InvalidInput", field)
    assert await ending(client, people.claimer, step) == "RecordOutcomeSuccess"


async def test_nothing_is_said_of_steps_that_are_not_there_or_not_theirs_or_over(
    client: Client, people: People, other_account: Account
) -> None:
    life = await live(client, people, State.CLAIMED)
    step = await begun(client, people.claimer, life.session)
    for strange in ("step_nonsense", life.session, life.handoff):
        assert await ending(client, people.claimer, strange) == "StepNotFound"
    assert await ending(client, other_account.admin, step) == "StepNotFound"
    await succeed(client, people.claimer, RESOLVE, sessionId=life.session, resolution="Renewed it")
    assert await ending(client, people.claimer, step) == "SessionClosed"


async def test_what_was_frozen_stays_pending(client: Client, people: People) -> None:
    life = await live(client, people, State.CLAIMED)
    step = await begun(client, people.claimer, life.session)
    further = {"sessionId": life.session, "reason": "It goes on"}
    handoff = (await succeed(client, people.claimer, ESCALATE, **further))["handoff"]["id"]

    async def frozen(actor: Any) -> list[Any]:
        data = await client.ask(actor, FROZEN, id=handoff)
        return [one["outcome"] for one in data["handoff"]["snapshot"]["timeline"][-1:]]

    before = await frozen(people.admin)
    assert await ending(client, people.raiser, step) == "RecordOutcomeSuccess"
    assert await frozen(people.admin) == before == ["PENDING"]
