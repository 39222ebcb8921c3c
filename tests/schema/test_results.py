"""Refusals reach clients under the names they have in the rules; what is not promised is a bug."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLUnionType

from db.ids import uuid7
from db.models.vocabulary import AssessmentState, DeliveryState, HandoffStatus, SessionStatus
from schema.results import integrations as integration_results
from schema.results.cancel_handoff import cancel_handoff_result
from schema.results.claim_handoff import claim_handoff_result
from schema.results.claim_handoffs import claim_handoffs_result
from schema.results.decline_handoff import decline_handoff_result
from schema.results.escalate import escalate_result
from schema.results.escalate_many import escalate_many_result
from schema.results.rate_assessment import rate_assessment_result
from schema.results.reassign_handoff import reassign_handoff_result
from schema.results.record_outcome import record_outcome_result
from schema.results.record_step import record_step_result
from schema.results.redeliver import redeliver_result
from schema.results.release_handoff import release_handoff_result
from schema.results.resolve_session import resolve_session_result
from schema.results.return_handoff import return_handoff_result
from schema.results.start_session import start_session_result
from schema.results.start_suggested_step import start_suggested_step_result
from schema.results.update_preferences import update_preferences_result
from schema.schema import schema
from services import problems
from services.deliveries import problems as deliveries
from services.engineers import NoSuchEngineer
from services.events import CursorExpired, CursorUnknown
from services.handoffs import problems as handoffs
from services.handoffs.readiness import Case, measure
from services.integrations import problems as integrations
from services.sessions import problems as sessions
from tests.harness.story import NOON

ENGINEER = {
    "id": uuid7(), "name": "Ada", "email": "ada@acme.test", "role": "ENGINEER", "tier": 2,
    "skills": [],
}  # fmt: skip
HANDOFF = dict.fromkeys(
    ("reason", "notes", "release_reason", "target_id", "claimed_by_id", "claimed_at", "closed_at",
     "supersedes_id", "approach"),
) | {
    "id": uuid7(), "session_id": uuid7(), "raised_by_id": uuid7(), "intent": "ESCALATE",
    "status": "OPEN", "priority": "LOW", "problem_summary": "No mail", "version": 3,
    "created_at": NOON, "door": True,
}  # fmt: skip
INTEGRATION = dict.fromkeys(
    ("disabled_reason", "last_success_at", "last_failure_at", "last_error", "failing_since"),
) | {
    "id": uuid7(), "kind": "TEAMS", "name": "Desk", "settings": {}, "enabled": True, "version": 2,
    "created_at": NOON, "updated_at": NOON,
}  # fmt: skip
STEP = dict.fromkeys(
    ("detail", "hypothesis", "outcome_by_id", "outcome_at", "suggested_in_id", "suggestion"),
) | {
    "id": uuid7(), "position": 1, "kind": "CHECK", "title": "Looked", "outcome": "WORKED",
    "recorded_at": NOON, "author_id": uuid7(),
}  # fmt: skip
REFUSALS: list[problems.Problem] = [
    problems.InvalidInput("reason", "reason is empty."),
    problems.NotAllowed("Not you."),
    problems.IdempotencyConflict(),
    sessions.SessionNotFound(),
    sessions.SessionClosed(),
    sessions.StepNotFound(),
    sessions.StepNotPending(STEP),
    sessions.SessionNotResolvable(SessionStatus.ESCALATED),
    handoffs.SessionNotEscalatable(SessionStatus.RESOLVED),
    handoffs.TargetNotEligible(handoffs.Ineligible.VIEWER),
    handoffs.NotReady(measure(Case(defaultdict(lambda: None), [], None, None, NOON), 60)),
    handoffs.HandoffNotFound(),
    handoffs.HandoffAlreadyClaimed(ENGINEER, NOON),
    handoffs.HandoffNotOpen(HandoffStatus.CANCELLED),
    handoffs.HandoffNotClaimed(HandoffStatus.OPEN),
    handoffs.HandoffChanged(HANDOFF),
    handoffs.SessionsNotEscalatable([]),
    handoffs.OwnHandoff(),
    handoffs.SuggestionNotFound(),
    handoffs.AssessmentNotReady(AssessmentState.PENDING),
    deliveries.DeliveryNotFound(),
    deliveries.DeliveryNotRepeatable(DeliveryState.SENDING),
    integrations.IntegrationNotFound(),
    integrations.IntegrationChanged(INTEGRATION),
    integrations.VaultLocked("No key."),
]
RESULTS: dict[str, Callable[[Any], Any]] = {
    "StartSessionResult": start_session_result,
    "RecordStepResult": record_step_result,
    "StartSuggestedStepResult": start_suggested_step_result,
    "RecordOutcomeResult": record_outcome_result,
    "RateAssessmentResult": rate_assessment_result,
    "EscalateResult": escalate_result,
    "EscalateManyResult": lambda outcome: escalate_many_result(outcome, []),
    "ClaimHandoffResult": claim_handoff_result,
    "ClaimHandoffsResult": claim_handoffs_result,
    "DeclineHandoffResult": decline_handoff_result,
    "ReassignHandoffResult": reassign_handoff_result,
    "CancelHandoffResult": cancel_handoff_result,
    "ReleaseHandoffResult": release_handoff_result,
    "ReturnHandoffResult": return_handoff_result,
    "ResolveSessionResult": resolve_session_result,
    "RedeliverResult": redeliver_result,
    "UpdatePreferencesResult": update_preferences_result,
    "SaveIntegrationResult": integration_results.save_integration_result,
    "DisableIntegrationResult": integration_results.disable_integration_result,
    "EnableIntegrationResult": integration_results.enable_integration_result,
    "TestIntegrationResult": integration_results.test_integration_result,
}


def test_every_refusal_of_the_rules_is_looked_at_here() -> None:
    elsewhere = {CursorExpired, CursorUnknown, NoSuchEngineer}  # streams, the command line
    assert {type(refusal) for refusal in REFUSALS} == (
        set(problems.Problem.__subclasses__()) - elsewhere
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


def test_every_mutation_that_can_be_refused_in_its_rules_is_looked_at_here() -> None:
    mutations = schema._schema.type_map["Mutation"].fields
    unions = {field.type.of_type.name for field in mutations.values()}
    assert unions - set(RESULTS) == {"MarkNotificationsReadResult"}


def test_one_selection_fits_every_end_of_a_mutation() -> None:
    """Fields of one name have one type, or clients would have to rename them in each query."""
    clashes = set()
    for name in (*RESULTS, "HandoffStreamMessage"):
        types: dict[str, str] = {}
        for member in schema._schema.type_map[name].types:
            for field_name, field in member.fields.items():
                if types.setdefault(field_name, str(field.type)) != str(field.type):
                    clashes.add((name, field_name))
    # a session may be resolved without a handoff, and what has changed is always there
    assert clashes == {("ResolveSessionResult", "handoff")}
