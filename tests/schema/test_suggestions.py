"""What an assessment suggests becomes a step of the session, for who took it over."""

import asyncio
from typing import Any, Final

import pytest

from db.database import Database
from db.models.vocabulary import StepKind, StepOutcome
from services.actor import Actor
from services.ids import Kind, parse, public
from services.sessions.recording import StepDraft, record_step
from tests.harness.people import Account
from tests.harness.story import NOON
from tests.schema.asking import Client
from tests.schema.lives import (
    CANCEL,
    CLAIM,
    ESCALATE,
    RELEASE,
    RETURN,
    Life,
    People,
    State,
    do,
    live,
    succeed,
)

START: Final = """mutation ($input: StartSuggestedStepInput!) { startSuggestedStep(input: $input) {
  __typename
  ... on StartSuggestedStepSuccess { session { id stepCount }
    step { id position kind title detail hypothesis outcome author { name }
      suggestionId suggestedIn { id } } }
  ... on HandoffNotClaimed { status } ... on InvalidInput { field }
  ... on Problem { message } } }"""
OUTCOME: Final = """mutation ($input: RecordOutcomeInput!) { recordOutcome(input: $input) {
  __typename ... on Problem { message } } }"""
SUGGESTED: Final = """query ($id: ID!) { handoff(id: $id) { assessment { suggestedNextSteps {
  id title viewerCanStart step { id outcome } } } } }"""


@pytest.fixture
async def life(client: Client, database: Database, people: People) -> Life:
    """A handoff that waits, with one suggestion of each kind."""
    begun = await live(client, people, State.OPEN)
    await succeed(client, people.raiser, CANCEL, handoffId=begun.handoff)
    session_id = parse(begun.session, Kind.SESSION)
    assert session_id is not None
    async with database.transaction(people.raiser.account_id) as tx:
        for draft in (
            StepDraft(StepKind.ACTION, "Reseat the cable", "At the rack", "A loose cable"),
            StepDraft(StepKind.CHECK, "Compare the clocks", None, "Skew", StepOutcome.INCONCLUSIVE),
            StepDraft(StepKind.FINDING, "It began on Monday", None, "An update"),
        ):
            await record_step(tx, people.raiser, session_id, draft, now=NOON)
    help_ = {"sessionId": begun.session, "reason": "Out of ideas"}
    raised = await succeed(client, people.raiser, ESCALATE, **help_)
    return Life(raised["handoff"]["id"], begun.session)


async def claim(client: Client, people: People, life: Life) -> None:
    await succeed(client, people.claimer, CLAIM, handoffId=life.handoff)


async def suggested(client: Client, actor: Actor, handoff: str) -> list[dict[str, Any]]:
    data = await client.ask(actor, SUGGESTED, id=handoff)
    found: list[dict[str, Any]] = data["handoff"]["assessment"]["suggestedNextSteps"]
    return found


async def ending(client: Client, actor: Actor, life: Life, **more: Any) -> str:
    wanted = {"handoffId": life.handoff, "suggestionId": "derived:1"} | more
    kind: str = (await do(client, actor, START, **wanted))["__typename"]
    return kind


async def test_each_suggestion_becomes_a_pending_step_that_knows_where_it_came_from(
    client: Client, people: People, life: Life
) -> None:
    before = await suggested(client, people.admin, life.handoff)
    titles = {each["id"]: each["title"] for each in before}
    assert titles == {
        f"{life.handoff}/derived:1": "Finish: Reseat the cable",
        f"{life.handoff}/derived:2": "Repeat: Compare the clocks",
        f"{life.handoff}/derived:3": "Test: An update",
    }
    assert [each["step"] for each in before] == [None] * len(before)
    await claim(client, people, life)

    steps = [
        await succeed(
            client, people.claimer, START, handoffId=life.handoff, suggestionId=each["id"]
        )
        for each in before
    ]

    told = [one["step"] for one in steps]
    for position, (step, each) in enumerate(zip(told, before, strict=True), 5):
        assert step["suggestedIn"] == {"id": life.handoff}
        assert step["suggestionId"] == each["id"]
        assert (step["position"], step["outcome"]) == (position, "PENDING")
        assert step["author"] == {"name": "Tier3"}
    assert [(step["kind"], step["title"], step["hypothesis"]) for step in told] == [
        ("ACTION", "Reseat the cable", "A loose cable"),
        ("CHECK", "Compare the clocks", "Skew"),
        ("CHECK", "Test: An update", "An update"),
    ]
    after = await suggested(client, people.claimer, life.handoff)
    assert [each["step"]["id"] for each in after] == [step["id"] for step in told]
    assert steps[-1]["session"] == {"id": life.session, "stepCount": 7}


async def test_what_was_taken_up_and_done_is_not_suggested_to_the_next(
    client: Client, people: People, life: Life
) -> None:
    await claim(client, people, life)
    for each in await suggested(client, people.claimer, life.handoff):
        this = {"handoffId": life.handoff, "suggestionId": each["id"]}
        step = (await succeed(client, people.claimer, START, **this))["step"]
        await succeed(client, people.claimer, OUTCOME, stepId=step["id"], outcome="FAILED")
    further = {"sessionId": life.session, "reason": "Nothing helps"}
    raised = await succeed(client, people.claimer, ESCALATE, **further)
    assert await suggested(client, people.admin, raised["handoff"]["id"]) == []


async def test_asked_again_by_whoever_may_it_is_the_same_step(
    client: Client, people: People, life: Life
) -> None:
    await claim(client, people, life)
    this = {"handoffId": life.handoff, "suggestionId": "derived:2"}
    first = await succeed(client, people.claimer, START, **this)
    for actor, key in ((people.claimer, None), (people.claimer, "k"), (people.admin, "k")):
        again = await succeed(client, actor, START, **this, idempotencyKey=key)
        assert again == first


async def test_started_by_several_at_once_it_is_one_step(
    client: Client, people: People, life: Life
) -> None:
    await claim(client, people, life)
    this = {"handoffId": life.handoff, "suggestionId": "derived:1"}
    found = await asyncio.gather(
        *(
            succeed(client, actor, START, **this)
            for actor in (people.claimer, people.admin)
            for _ in range(3)
        )
    )
    assert len({each["step"]["id"] for each in found}) == 1


async def test_a_key_gives_the_same_step_when_the_handoff_has_moved_on(
    client: Client, people: People, life: Life
) -> None:
    await claim(client, people, life)
    this = {"handoffId": life.handoff, "suggestionId": "derived:1"}
    first = await succeed(client, people.admin, START, **this, idempotencyKey="k")
    other = await ending(client, people.admin, life, suggestionId="derived:2", idempotencyKey="k")
    assert other == "IdempotencyConflict"
    await succeed(client, people.claimer, RETURN, handoffId=life.handoff, guidance="Renew it")
    assert await ending(client, people.admin, life) == "HandoffNotClaimed"
    again = await succeed(client, people.admin, START, **this, idempotencyKey="k")
    assert again["step"] == first["step"]


async def test_a_repeat_shows_nothing_of_a_session_that_others_work_on_since(
    client: Client, people: People, life: Life
) -> None:
    await claim(client, people, life)
    assert await ending(client, people.claimer, life, idempotencyKey="k") == (
        "StartSuggestedStepSuccess"
    )
    await succeed(client, people.claimer, RETURN, handoffId=life.handoff, guidance="Renew it")
    assert await ending(client, people.claimer, life, idempotencyKey="k") == "NotAllowed"


async def test_who_took_it_over_and_admins_may_and_nobody_else_and_are_told_so_beforehand(
    client: Client, people: People, life: Life
) -> None:
    everybody = ("raiser", "target", "claimer", "colleague", "admin", "viewer")
    for name in everybody:
        expected = "NotAllowed" if name == "viewer" else "HandoffNotClaimed"
        assert await ending(client, getattr(people, name), life) == expected, name
    assert not any(
        each["viewerCanStart"] for each in await suggested(client, people.admin, life.handoff)
    )
    await claim(client, people, life)
    ends = {name: await ending(client, getattr(people, name), life) for name in everybody}
    may = {"claimer", "admin"}
    assert ends == {
        name: "StartSuggestedStepSuccess" if name in may else "NotAllowed" for name in everybody
    }
    for name in ("raiser", *may):  # the others don't see the assessment
        told = {
            each["viewerCanStart"]
            for each in await suggested(client, getattr(people, name), life.handoff)
        }
        assert told == {name in may}, name
    await succeed(client, people.claimer, RELEASE, handoffId=life.handoff, reason="Shift is over")
    assert await ending(client, people.claimer, life) == "HandoffNotClaimed"


@pytest.mark.parametrize(
    ("suggestion", "kind"),
    [
        ("derived:0", "SuggestionNotFound"),
        ("derived:9", "SuggestionNotFound"),
        ("derived:01", "SuggestionNotFound"),
        ("assessed:1", "SuggestionNotFound"),  # no model has spoken
        ("nonsense", "SuggestionNotFound"),
        ("handoff_01h455vb4pex5vsknk084sn02q/derived:1", "SuggestionNotFound"),  # another's
        ("", "InvalidInput"),
        ("derived:\x00", "InvalidInput"),
    ],
)
async def test_what_is_not_suggested_is_not_started(
    client: Client, people: People, life: Life, suggestion: str, kind: str
) -> None:
    await claim(client, people, life)
    assert await ending(client, people.claimer, life, suggestionId=suggestion) == kind


async def test_a_models_suggestion_is_started_and_what_was_derived_before_still_is(
    client: Client, database: Database, people: People, life: Life
) -> None:
    await claim(client, people, life)
    content = {
        "suggested_next_steps": [
            {"title": "Make a new profile", "detail": "In the control panel", "evidence": []}
        ]
    }
    async with database.transaction(people.raiser.account_id) as tx:
        await tx.execute(
            "UPDATE assessment SET state = 'READY', content = $1 WHERE handoff_id = $2",
            content,
            parse(life.handoff, Kind.HANDOFF),
        )
    [one] = await suggested(client, people.claimer, life.handoff)
    assert one["id"] == f"{life.handoff}/assessed:1"

    this = {"handoffId": life.handoff, "suggestionId": one["id"]}
    step = (await succeed(client, people.claimer, START, **this))["step"]

    assert (step["kind"], step["title"], step["detail"]) == (
        "CHECK", "Make a new profile", "In the control panel",
    )  # fmt: skip
    assert await ending(client, people.claimer, life) == "StartSuggestedStepSuccess"
    [one] = await suggested(client, people.claimer, life.handoff)
    assert one["step"] == {"id": step["id"], "outcome": "PENDING"}


async def test_handoffs_of_others_are_not_there(
    client: Client, people: People, life: Life, other_account: Account
) -> None:
    await claim(client, people, life)
    assert await ending(client, other_account.admin, life) == "HandoffNotFound"
    strange = public(Kind.SESSION, people.admin.id)
    assert await ending(client, people.admin, life, handoffId=strange) == "HandoffNotFound"
