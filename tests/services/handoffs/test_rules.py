"""What may happen to a handoff, by whom: over every state, every relation, every role."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from db.ids import uuid7
from db.models.vocabulary import HandoffStatus, Role
from services.actor import Actor
from services.handoffs.problems import HandoffNotClaimed, HandoffNotOpen, OwnHandoff
from services.handoffs.rules import TRANSITIONS, HandoffAction, Transition, allowed, refusal
from services.problems import NotAllowed

PROJECT = Path(__file__).parents[3]
DOCUMENT = (PROJECT / "docs" / "handoffs.md").read_text()
MUTATIONS = {
    HandoffAction.CLAIM: "claimHandoff",
    HandoffAction.DECLINE: "declineHandoff",
    HandoffAction.REASSIGN: "reassignHandoff",
    HandoffAction.CANCEL: "cancelHandoff",
    HandoffAction.RELEASE: "releaseHandoff",
    HandoffAction.RETURN: "returnHandoff",
    HandoffAction.RESOLVE: "resolveSession",
}
RELATIONS = ("raiser", "target", "claimer", "colleague")

# By docs/handoffs.md: in this state, those of these relations may, and ADMINs where it says so.
MAY: dict[HandoffAction, tuple[str, set[str]]] = {
    HandoffAction.CLAIM: ("OPEN", {"target", "colleague", "claimer"}),
    HandoffAction.DECLINE: ("OPEN", {"target"}),
    HandoffAction.REASSIGN: ("OPEN", {"raiser", "ADMIN"}),
    HandoffAction.CANCEL: ("OPEN", {"raiser", "ADMIN"}),
    HandoffAction.RELEASE: ("CLAIMED", {"claimer", "ADMIN"}),
    HandoffAction.RETURN: ("CLAIMED", {"claimer"}),
    HandoffAction.RESOLVE: ("CLAIMED", {"claimer", "ADMIN"}),
}


def actor_of(role: Role) -> Actor:
    return Actor(uuid7(), uuid7(), role, 2, "Ann", "ann@acme.test")


def handoff_of(status: HandoffStatus, actor: Actor, relation: str) -> dict[str, Any]:
    """One in this state to which the actor stands like this."""
    somebody = {name: uuid7() for name in RELATIONS} | {relation: actor.id}
    was_claimed = status not in (HandoffStatus.OPEN, HandoffStatus.CANCELLED)
    return {
        "status": status,
        "raised_by_id": somebody["raiser"],
        "target_id": somebody["target"],
        "claimed_by_id": somebody["claimer"] if was_claimed else None,
    }


EVERY_CASE = list(itertools.product(HandoffAction, HandoffStatus, RELATIONS, Role))


def expected(
    action: HandoffAction, status: HandoffStatus, relation: str, role: Role
) -> type[Exception] | None:
    start, who = MAY[action]
    if role is Role.VIEWER:
        return NotAllowed
    if action is HandoffAction.CLAIM and relation == "raiser":
        return OwnHandoff
    if status != start:
        return HandoffNotOpen if start == "OPEN" else HandoffNotClaimed
    if relation in who or (role is Role.ADMIN and "ADMIN" in who):
        return None
    return NotAllowed


@pytest.mark.parametrize("action", HandoffAction)
def test_each_action_is_allowed_or_refused_for_its_reason(action: HandoffAction) -> None:
    for _, status, relation, role in (case for case in EVERY_CASE if case[0] is action):
        actor = actor_of(role)
        problem = refusal(action, actor, handoff_of(status, actor, relation))
        found = type(problem) if problem is not None else None
        assert found == expected(action, status, relation, role), (status, relation, role)
        if isinstance(problem, HandoffNotOpen | HandoffNotClaimed):
            assert problem.status == status


def test_what_is_allowed_is_exactly_what_is_not_refused() -> None:
    for status, relation, role in itertools.product(HandoffStatus, RELATIONS, Role):
        actor = actor_of(role)
        handoff = handoff_of(status, actor, relation)
        assert allowed(actor, handoff) == [
            action for action in HandoffAction if expected(action, status, relation, role) is None
        ]


def test_every_pair_of_relations_adds_up() -> None:
    """A target who has claimed may do what either may, and no more."""
    for action, status in itertools.product(HandoffAction, (HandoffStatus.CLAIMED,)):
        actor = actor_of(Role.ENGINEER)
        handoff = handoff_of(status, actor, "claimer") | {"target_id": actor.id}
        either = {expected(action, status, one, Role.ENGINEER) for one in ("claimer", "target")}
        assert (refusal(action, actor, handoff) is None) == (None in either)


def test_nothing_can_be_done_to_what_is_over() -> None:
    for status in set(HandoffStatus) - {HandoffStatus.OPEN, HandoffStatus.CLAIMED}:
        for relation, role in itertools.product(RELATIONS, Role):
            actor = actor_of(role)
            assert allowed(actor, handoff_of(status, actor, relation)) == []


def test_each_transition_has_an_event_of_its_own() -> None:
    assert set(TRANSITIONS) == set(HandoffAction)
    assert len({transition.event for transition in TRANSITIONS.values()}) == len(TRANSITIONS)


def test_refusals_name_who_may() -> None:
    actor = actor_of(Role.ENGINEER)
    problem = refusal(
        HandoffAction.RELEASE, actor, handoff_of(HandoffStatus.CLAIMED, actor, "raiser")
    )
    assert str(problem) == "Only its claimer or ADMIN can release this handoff."


# ------------------------------------------------------------------ what is written down


def as_a_line(action: HandoffAction, transition: Transition) -> str:
    cells = (
        f"`{MUTATIONS[action]}`",
        transition.start,
        " or ".join(transition.by),
        transition.end,
        transition.session or "–",
        f"`{transition.event}`",
    )
    return f"| {' | '.join(cells)} |"


def test_the_table_in_the_documentation_is_the_one_that_is_enforced() -> None:
    between = re.search(r"<!-- transitions:.*-->\n(.*?)<!-- end", DOCUMENT, re.DOTALL)
    assert between is not None
    _header, _rule, *lines = between[1].splitlines()
    assert lines == [as_a_line(action, rule) for action, rule in TRANSITIONS.items()]


def test_the_diagram_in_the_documentation_has_these_transitions_and_no_other() -> None:
    drawn = re.findall(r"^    (\S+) --> (\S+?)(?:: (\w+))?$", DOCUMENT, re.MULTILINE)
    moves = {(rule.start, rule.end, MUTATIONS[action]) for action, rule in TRANSITIONS.items()}
    raised = {("[*]", "OPEN", "escalate"), ("CLAIMED", "SUPERSEDED", "escalate")}
    ends = {(end, "[*]", "") for end in set(HandoffStatus) - {"OPEN", "CLAIMED"}}
    assert sorted(drawn) == sorted(moves | raised | ends)


def test_the_mutations_are_named_as_in_the_schema() -> None:
    schema = (PROJECT / "schema.graphql").read_text()
    for mutation in MUTATIONS.values():
        assert re.search(rf"^  {mutation}\(", schema, re.MULTILINE), mutation
