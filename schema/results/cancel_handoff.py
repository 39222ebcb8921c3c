"""How `cancelHandoff` ends."""

from typing import Annotated

import strawberry

from schema.results.problems import (
    HandoffChanged,
    HandoffNotFound,
    HandoffNotOpen,
    IdempotencyConflict,
    InvalidInput,
    NotAllowed,
)
from schema.results.transitions import Success, refused
from services import problems
from services.handoffs import problems as handoff_problems
from services.handoffs.transitions import Moved


@strawberry.type(description="The handoff is withdrawn, and the session its raiser's again.")
class CancelHandoffSuccess(Success):
    pass


CancelHandoffResult = Annotated[
    CancelHandoffSuccess
    | HandoffNotFound
    | HandoffNotOpen
    | HandoffChanged
    | NotAllowed
    | InvalidInput
    | IdempotencyConflict,
    strawberry.union("CancelHandoffResult", description="How `cancelHandoff` ends."),
]


def cancel_handoff_result(outcome: Moved | problems.Problem) -> CancelHandoffResult:
    match outcome:
        case Moved():
            return CancelHandoffSuccess.of(outcome)
        case handoff_problems.HandoffNotOpen():
            return HandoffNotOpen.because(outcome)
    return refused(outcome)
