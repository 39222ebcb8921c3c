"""Engineers say whether an assessment is right, and everybody who may see it sees what they say."""

import asyncio
from typing import Any, Final
from uuid import UUID

import pytest

from db.database import Database
from services.actor import Actor
from services.assessments.finishing import finish
from services.ids import Kind, parse, public
from tests.harness.assessed import TIMED_OUT, assessed, attach, begun
from tests.harness.people import Account
from tests.harness.story import WITH_MODEL, count, waiting
from tests.schema.asking import Client
from tests.schema.lives import CLAIM, RETURN, Life, People, do, succeed

RATE: Final = """mutation ($input: RateAssessmentInput!) { rateAssessment(input: $input) {
  __typename
  ... on RateAssessmentSuccess { rating { verdict comment ratedAt } handoff { id version
    assessment { ratedRight ratedWrong viewerRating { verdict comment } } } }
  ... on AssessmentNotReady { state } ... on InvalidInput { field }
  ... on Problem { message } } }"""
SHOWN: Final = """query ($id: ID!) { handoff(id: $id) { version
  assessment { ratedRight ratedWrong viewerRating { verdict comment } viewerCanRate }
  history(first: 50) { nodes { __typename actor { name }
    ... on AssessmentRated { verdict comment } } } } }"""
NOBODY: Final = {
    "ratedRight": 0, "ratedWrong": 0, "viewerRating": None, "viewerCanRate": True,
}  # fmt: skip


@pytest.fixture
async def unread(people: People, database: Database) -> Life:
    """A handoff that waits for its assessment."""
    raised = await waiting(database, people.raiser, options=WITH_MODEL)
    return Life(
        public(Kind.HANDOFF, raised.handoff["id"]), public(Kind.SESSION, raised.session["id"])
    )


@pytest.fixture
async def life(unread: Life, database: Database, account: Account) -> Life:
    """A handoff that waits, with an assessment by a model."""
    await assessed(database, account.id, known(unread))
    return unread


def known(life: Life) -> UUID:
    found = parse(life.handoff, Kind.HANDOFF)
    assert found is not None
    return found


async def shown(client: Client, actor: Actor, life: Life) -> dict[str, Any]:
    handoff: dict[str, Any] = (await client.ask(actor, SHOWN, id=life.handoff))["handoff"]
    return handoff


async def ending(client: Client, actor: Actor, life: Life, **more: Any) -> str:
    wanted = {"handoffId": life.handoff, "verdict": "RIGHT"} | more
    kind: str = (await do(client, actor, RATE, **wanted))["__typename"]
    return kind


async def test_a_verdict_is_shown_counted_and_announced_and_the_handoff_is_as_it_was(
    client: Client, people: People, life: Life
) -> None:
    assert (await shown(client, people.colleague, life))["assessment"] == NOBODY
    this = {"handoffId": life.handoff}

    said = await succeed(
        client, people.colleague, RATE, **this, verdict="WRONG", comment=" It was the proxy. "
    )
    await succeed(client, people.raiser, RATE, **this, verdict="RIGHT")

    own = {"verdict": "WRONG", "comment": "It was the proxy."}
    assert said["rating"].pop("ratedAt") is not None
    assert said["rating"] == own
    counted = {"ratedRight": 0, "ratedWrong": 1, "viewerRating": own}
    assert said["handoff"] == {"id": life.handoff, "version": 1, "assessment": counted}
    both = {"ratedRight": 1, "ratedWrong": 1, "viewerCanRate": True}
    for actor, rating in (
        (people.colleague, own),
        (people.raiser, {"verdict": "RIGHT", "comment": None}),
        (people.admin, None),
    ):
        handoff = await shown(client, actor, life)
        assert handoff["assessment"] == both | {"viewerRating": rating}
        assert handoff["version"] == 1
        assert handoff["history"]["nodes"][2:] == [
            {"__typename": "AssessmentRated", "actor": {"name": "Colleague"}} | own,
            {
                "__typename": "AssessmentRated", "actor": {"name": "Tier1"},
                "verdict": "RIGHT", "comment": None,
            },
        ]  # fmt: skip


async def test_each_has_one_verdict_and_may_change_it_and_what_was_said_before_stays_written(
    client: Client, people: People, life: Life
) -> None:
    this = {"handoffId": life.handoff}
    await succeed(client, people.target, RATE, **this, verdict="WRONG", comment="Too vague")
    await succeed(client, people.target, RATE, **this, verdict="RIGHT")
    handoff = await shown(client, people.target, life)
    assert handoff["assessment"] == NOBODY | {
        "ratedRight": 1, "viewerRating": {"verdict": "RIGHT", "comment": None},
    }  # fmt: skip
    told = [(each["verdict"], each["comment"]) for each in handoff["history"]["nodes"][2:]]
    assert told == [("WRONG", "Too vague"), ("RIGHT", None)]


async def test_the_same_again_changes_nothing_and_a_key_undoes_nothing(
    client: Client, people: People, life: Life, database: Database
) -> None:
    this = {"handoffId": life.handoff, "verdict": "WRONG", "comment": "Too vague"}
    first = await succeed(client, people.target, RATE, **this, idempotencyKey="k")
    assert await succeed(client, people.target, RATE, **this) == first
    assert await ending(client, people.target, life, idempotencyKey="k") == "IdempotencyConflict"
    await succeed(client, people.target, RATE, handoffId=life.handoff, verdict="RIGHT")
    again = await succeed(client, people.target, RATE, **this, idempotencyKey="k")
    assert again["rating"]["verdict"] == "RIGHT"
    assert await count(database, people.target, "event", "type = 'assessment.rated'") == 2


async def test_said_several_times_at_once_it_is_said_once(
    client: Client, people: People, life: Life, database: Database
) -> None:
    this = {"handoffId": life.handoff, "verdict": "RIGHT"}
    await asyncio.gather(*(succeed(client, people.target, RATE, **this) for _ in range(5)))
    assert await count(database, people.target, "assessment_rating") == 1
    assert await count(database, people.target, "event", "type = 'assessment.rated'") == 1


async def test_engineers_who_may_see_the_session_may_and_nobody_else_and_are_told_so(
    client: Client, people: People, life: Life, other_account: Account
) -> None:
    everybody = ("raiser", "target", "claimer", "colleague", "admin", "viewer")
    ends = {name: await ending(client, getattr(people, name), life) for name in everybody}
    assert ends.pop("viewer") == "NotAllowed"
    assert set(ends.values()) == {"RateAssessmentSuccess"}
    await succeed(client, people.claimer, CLAIM, handoffId=life.handoff)
    inside = {"raiser", "claimer", "admin"}
    for name in everybody:
        may = name in inside
        kind = await ending(client, getattr(people, name), life, verdict="WRONG")
        assert kind == ("RateAssessmentSuccess" if may else "NotAllowed"), name
        handoff = await shown(client, getattr(people, name), life)
        assert (handoff["assessment"] is not None) is may, name
        told = {each["verdict"] for each in handoff["history"]["nodes"] if "verdict" in each}
        assert told == ({"RIGHT", "WRONG"} if may else {None}), name
    assert await ending(client, other_account.admin, life) == "HandoffNotFound"
    await succeed(client, people.claimer, RETURN, handoffId=life.handoff, guidance="Renew it")
    assert await ending(client, people.raiser, life) == "RateAssessmentSuccess"
    assert await ending(client, people.claimer, life) == "NotAllowed"


async def test_what_is_not_there_yet_or_was_derived_by_rule_is_not_rated(
    client: Client, people: People, unread: Life, database: Database, account: Account
) -> None:
    async def refused() -> str:
        outcome = await do(client, people.target, RATE, handoffId=unread.handoff, verdict="RIGHT")
        assert outcome["__typename"] == "AssessmentNotReady", outcome
        may = (await shown(client, people.target, unread))["assessment"]["viewerCanRate"]
        assert may is False
        return str(outcome["state"])

    assert await refused() == "PENDING"
    taken = await begun(database, account.id, known(unread))
    async with database.transaction(account.id) as tx:
        await finish(tx, taken, TIMED_OUT)
    assert await refused() == "TIMED_OUT"
    await attach(database, account.id, taken, late=True)
    assert await ending(client, people.target, unread) == "RateAssessmentSuccess"


@pytest.mark.parametrize("comment", ["x" * 2_001, "\x00"])
async def test_a_comment_that_does_not_fit_is_refused(
    client: Client, people: People, life: Life, comment: str
) -> None:
    assert await ending(client, people.target, life, comment=comment) == "InvalidInput"
    assert (await shown(client, people.target, life))["assessment"] == NOBODY
