"""How `reassignHandoff` ends."""

from typing import Annotated

import strawberry

from schema.results.problems import (
    HandoffChanged,
    HandoffNotFound,
    HandoffNotOpen,
    IdempotencyConflict,
    InvalidInput,
    NotAllowed,
    TargetNotEligible,
)
from schema.results.transitions import Success, refused
from services import problems
from services.handoffs import problems as handoff_problems
from services.handoffs.transitions import Moved


@strawberry.type(description="Another engineer is asked.")
class ReassignHandoffSuccess(Success):
    pass


ReassignHandoffResult = Annotated[
    ReassignHandoffSuccess
    | HandoffNotFound
    | HandoffNotOpen
    | HandoffChanged
    | NotAllowed
    | TargetNotEligible
    | InvalidInput
    | IdempotencyConflict,
    strawberry.union("ReassignHandoffResult", description="How `reassignHandoff` ends."),
]


def reassign_handoff_result(outcome: Moved | problems.Problem) -> ReassignHandoffResult:
    match outcome:
        case Moved():
            return ReassignHandoffSuccess.of(outcome)
        case handoff_problems.HandoffNotOpen():
            return HandoffNotOpen.because(outcome)
        case handoff_problems.TargetNotEligible():
            return TargetNotEligible.because(outcome)
    return refused(outcome)
