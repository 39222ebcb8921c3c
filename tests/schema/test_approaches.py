"""How whoever takes a session over means to go about it."""

from typing import Any

import pytest

from tests.schema.asking import Client
from tests.schema.lives import CLAIM, RELEASE, RESOLVE, Life, People, State, do, live, succeed

SEEN = """query ($id: ID!) { handoff(id: $id) { approach history { nodes {
  __typename ... on HandoffClaimed { approach } } } } }"""
SEVERAL = """mutation ($input: ClaimHandoffsInput!) { claimHandoffs(input: $input) { __typename
  ... on ClaimHandoffsSuccess { results { result {
    __typename ... on ClaimHandoffSuccess { handoff { approach } } } } } } }"""


async def seen(client: Client, actor: Any, life: Life) -> tuple[Any, list[Any]]:
    """What the handoff says, and what each of its claims says."""
    handoff = (await client.ask(actor, SEEN, id=life.handoff))["handoff"]
    claims = [each for each in handoff["history"]["nodes"] if "approach" in each]
    return handoff["approach"], [each["approach"] for each in claims]


@pytest.mark.parametrize("approach", ["CONTINUE", "FRESH_START", "AI_FIRST", None])
async def test_everybody_sees_how_the_claimer_means_to_go_about_it(
    client: Client, people: People, approach: str | None
) -> None:
    life = await live(client, people, State.OPEN)
    assert await seen(client, people.raiser, life) == (None, [])
    await succeed(client, people.claimer, CLAIM, handoffId=life.handoff, approach=approach)
    for actor in (people.raiser, people.colleague, people.viewer):
        assert await seen(client, actor, life) == (approach, [approach])


async def test_each_claim_of_a_handoff_keeps_its_own_and_a_handoff_that_waits_has_none(
    client: Client, people: People
) -> None:
    life = await live(client, people, State.OPEN)
    this = {"handoffId": life.handoff}
    await succeed(client, people.claimer, CLAIM, **this, approach="AI_FIRST")
    await succeed(client, people.claimer, RELEASE, **this, reason="Shift is over")
    assert await seen(client, people.raiser, life) == (None, ["AI_FIRST"])
    await succeed(client, people.target, CLAIM, **this, approach="FRESH_START")
    assert await seen(client, people.raiser, life) == ("FRESH_START", ["AI_FIRST", "FRESH_START"])
    await succeed(client, people.target, RESOLVE, sessionId=life.session, resolution="Renewed it")
    assert (await seen(client, people.raiser, life))[0] == "FRESH_START"


async def test_asking_again_does_not_change_it(client: Client, people: People) -> None:
    life = await live(client, people, State.OPEN)
    this = {"handoffId": life.handoff}
    await succeed(client, people.claimer, CLAIM, **this, approach="CONTINUE")
    await succeed(client, people.claimer, CLAIM, **this, approach="AI_FIRST")
    assert await seen(client, people.raiser, life) == ("CONTINUE", ["CONTINUE"])


async def test_a_key_stands_for_one_approach(client: Client, people: People) -> None:
    life = await live(client, people, State.OPEN)
    this = {"handoffId": life.handoff, "idempotencyKey": "k"}
    await succeed(client, people.claimer, CLAIM, **this, approach="CONTINUE")
    await succeed(client, people.claimer, CLAIM, **this, approach="CONTINUE")
    for other in ("AI_FIRST", None):
        outcome = await do(client, people.claimer, CLAIM, **this, approach=other)
        assert outcome["__typename"] == "IdempotencyConflict"


async def test_several_are_claimed_with_one_approach(client: Client, people: People) -> None:
    lives = [await live(client, people, State.OPEN) for _ in range(2)]
    ids = [life.handoff for life in lives]
    outcome = await do(client, people.claimer, SEVERAL, handoffIds=ids, approach="AI_FIRST")
    won = [each["result"] for each in outcome["results"]]
    assert won == [{"__typename": "ClaimHandoffSuccess", "handoff": {"approach": "AI_FIRST"}}] * 2
    for life in lives:
        assert await seen(client, people.raiser, life) == ("AI_FIRST", ["AI_FIRST"])
