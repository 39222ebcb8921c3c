"""Refusals reach clients under the names they have in the rules; what is not promised is a bug."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLUnionType

from db.ids import uuid7
from db.models.vocabulary import HandoffStatus, SessionStatus
from schema.results.claim_handoff import claim_handoff_result
from schema.results.escalate import escalate_result
from schema.results.record_step import record_step_result
from schema.results.resolve_session import resolve_session_result
from schema.results.start_session import start_session_result
from schema.schema import schema
from services import problems
from services.events import CursorExpired, CursorUnknown
from services.handoffs import problems as handoffs
from services.sessions import problems as sessions
from tests.harness.story import NOON

ENGINEER = {
    "id": uuid7(), "name": "Ada", "email": "ada@acme.test", "role": "ENGINEER", "tier": 2,
    "skills": [],
}  # fmt: skip
REFUSALS: list[problems.Problem] = [
    problems.InvalidInput("reason", "reason is empty."),
    problems.NotAllowed("Not you."),
    problems.IdempotencyConflict(),
    sessions.SessionNotFound(),
    sessions.SessionClosed(),
    sessions.SessionNotResolvable(SessionStatus.ESCALATED),
    handoffs.SessionNotEscalatable(SessionStatus.RESOLVED),
    handoffs.TargetNotEligible(handoffs.Ineligible.VIEWER),
    handoffs.HandoffNotFound(),
    handoffs.HandoffAlreadyClaimed(ENGINEER, NOON),
    handoffs.HandoffNotOpen(HandoffStatus.CANCELLED),
    handoffs.OwnHandoff(),
]
RESULTS: dict[str, Callable[[Any], Any]] = {
    "StartSessionResult": start_session_result,
    "RecordStepResult": record_step_result,
    "EscalateResult": escalate_result,
    "ClaimHandoffResult": claim_handoff_result,
    "ResolveSessionResult": resolve_session_result,
}


def test_every_refusal_of_the_rules_is_looked_at_here() -> None:
    ends_of_streams = {CursorExpired, CursorUnknown}
    assert {type(refusal) for refusal in REFUSALS} == (
        set(problems.Problem.__subclasses__()) - ends_of_streams
    )


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: type(refusal).__name__)
@pytest.mark.parametrize("result", RESULTS)
def test_a_refusal_is_told_under_its_name_or_raised_as_a_bug(
    result: str, refusal: problems.Problem
) -> None:
    union = schema._schema.type_map[result]
    assert isinstance(union, GraphQLUnionType)
    name = type(refusal).__name__
    if name in {member.name for member in union.types}:
        told = RESULTS[result](refusal)
        assert type(told).__name__ == name
        assert told.message == str(refusal)
    else:
        with pytest.raises(type(refusal)):
            RESULTS[result](refusal)


def test_every_refusal_is_promised_by_some_mutation() -> None:
    promised = {
        member.name for result in RESULTS for member in schema._schema.type_map[result].types
    }
    assert {type(refusal).__name__ for refusal in REFUSALS} <= promised
