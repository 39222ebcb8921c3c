"""How `declineHandoff` ends."""

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


@strawberry.type(description="The handoff has no target any more: everybody eligible is asked.")
class DeclineHandoffSuccess(Success):
    pass


DeclineHandoffResult = Annotated[
    DeclineHandoffSuccess
    | HandoffNotFound
    | HandoffNotOpen
    | HandoffChanged
    | NotAllowed
    | InvalidInput
    | IdempotencyConflict,
    strawberry.union("DeclineHandoffResult", description="How `declineHandoff` ends."),
]


def decline_handoff_result(outcome: Moved | problems.Problem) -> DeclineHandoffResult:
    match outcome:
        case Moved():
            return DeclineHandoffSuccess.of(outcome)
        case handoff_problems.HandoffNotOpen():
            return HandoffNotOpen.because(outcome)
    return refused(outcome)
