"""`viewerCan` and the mutations agree: over every state, every relation, every role."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from db.models.vocabulary import Role
from services import ids
from services.actor import Actor
from services.handoffs.rules import TRANSITIONS, HandoffAction
from services.ids import Kind, public
from tests.schema.asking import Client
from tests.schema.lives import (
    CANCEL,
    CLAIM,
    DECLINE,
    REASSIGN,
    RELEASE,
    RESOLVE,
    RETURN,
    Life,
    People,
    State,
    do,
    live,
)

CAN = "query ($id: ID!) { handoff(id: $id) { viewerCan } }"
RELATIONS = ("raiser", "target", "claimer", "colleague")
REFUSALS = {
    "NotAllowed", "HandoffNotOpen", "HandoffNotClaimed", "OwnHandoff", "HandoffAlreadyClaimed",
    "SessionNotFound", "SessionNotResolvable",
}  # fmt: skip


def succeeds_otherwise(state: State, action: HandoffAction, relation: str, role: Role) -> bool:
    """Without being a transition of the handoff: its winner asks again, or the session is resolved
    by whom it was given back to."""
    if action is HandoffAction.CLAIM:
        return state is State.CLAIMED and relation == "claimer"
    given_back = state in (State.RETURNED, State.CANCELLED)
    return (
        action is HandoffAction.RESOLVE
        and given_back
        and (relation == "raiser" or role is Role.ADMIN)
    )


@dataclass(frozen=True)
class Try:
    """One actor tries one action."""

    action: HandoffAction
    relation: str
    actor: Actor

    async def carry_out(self, client: Client, people: People, life: Life) -> str:
        """The type of the answer."""
        this = {"handoffId": life.handoff}
        document, wanted = {
            HandoffAction.CLAIM: (CLAIM, this),
            HandoffAction.DECLINE: (DECLINE, this | {"reason": "On leave"}),
            HandoffAction.REASSIGN: (REASSIGN, this | {"targetEngineerId": other(people)}),
            HandoffAction.CANCEL: (CANCEL, this),
            HandoffAction.RELEASE: (RELEASE, this | {"reason": "Called away"}),
            HandoffAction.RETURN: (RETURN, this | {"guidance": "Do this"}),
            HandoffAction.RESOLVE: (RESOLVE, {"sessionId": life.session, "resolution": "Done"}),
        }[self.action]
        outcome = await do(client, self.actor, document, **wanted)
        return outcome["__typename"]


def other(people: People) -> str:
    """Somebody eligible who is not the target."""
    return public(Kind.ENGINEER, people.colleague.id)


async def everything(client: Client, people: People, life: Life) -> dict[str, Any]:
    """All that a transition could change."""
    handoff_id = ids.parse(life.handoff, Kind.HANDOFF)
    async with client.database.transaction(people.admin.account_id) as tx:
        row = await tx.one(
            """
            SELECT to_jsonb(h) AS handoff, to_jsonb(s) AS session,
                   (SELECT count(*) FROM event WHERE handoff_id = h.id) AS events,
                   (SELECT count(*) FROM notification WHERE handoff_id = h.id) AS notifications,
                   (SELECT count(*) FROM delivery WHERE handoff_id = h.id) AS deliveries,
                   (SELECT count(*) FROM step WHERE session_id = s.id) AS steps
            FROM handoff h JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
            WHERE h.id = $1
            """,
            handoff_id,
        )
    return dict(row)


@pytest.mark.parametrize("state", State)
async def test_what_viewer_can_says_is_what_the_mutations_do(
    client: Client, people: People, state: State
) -> None:
    life = await live(client, people, state)
    performed = set()
    for action in HandoffAction:
        for relation in RELATIONS:
            for role in Role:
                actor = replace(getattr(people, relation), role=role)
                case = (state, action, relation, role)
                can = (await client.ask(actor, CAN, id=life.handoff))["handoff"]["viewerCan"]
                before = await everything(client, people, life)

                answer = await Try(action, relation, actor).carry_out(client, people, life)

                after = await everything(client, people, life)
                moved = after["events"] > before["events"]
                assert moved is (action.value in can), case
                if moved:
                    assert answer.endswith("Success"), case
                    assert after["handoff"]["status"] == TRANSITIONS[action].end, case
                    performed.add(action)
                elif answer.endswith("Success"):
                    assert succeeds_otherwise(*case), case
                else:
                    assert answer in REFUSALS, case
                    assert after == before, case
                if after != before:
                    life = await live(client, people, state)
    starting_here = {
        action for action, transition in TRANSITIONS.items() if state.startswith(transition.start)
    }
    if state is State.OPEN:  # for nobody in particular, so nobody can decline
        starting_here.remove(HandoffAction.DECLINE)
    assert performed == starting_here


async def test_what_can_be_done_is_listed_in_one_order(client: Client, people: People) -> None:
    async def can(actor: Actor, life: Life) -> list[str]:
        return (await client.ask(actor, CAN, id=life.handoff))["handoff"]["viewerCan"]

    waits = await live(client, people, State.OPEN_TARGETED)
    taken = await live(client, people, State.CLAIMED)
    over = await live(client, people, State.RESOLVED)

    assert await can(people.raiser, waits) == ["REASSIGN", "CANCEL"]
    assert await can(people.target, waits) == ["CLAIM", "DECLINE"]
    assert await can(people.colleague, waits) == ["CLAIM"]
    assert await can(people.admin, waits) == ["CLAIM", "REASSIGN", "CANCEL"]
    assert await can(people.claimer, taken) == ["RELEASE", "RETURN", "RESOLVE"]
    assert await can(people.admin, taken) == ["RELEASE", "RESOLVE"]
    for life in (waits, taken, over):
        assert await can(people.viewer, life) == []
    for actor in (people.raiser, people.claimer, people.admin):
        assert await can(actor, over) == []
