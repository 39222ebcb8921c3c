"""How `returnHandoff` ends."""

from typing import Annotated

import strawberry

from schema.results.problems import (
    HandoffChanged,
    HandoffNotClaimed,
    HandoffNotFound,
    IdempotencyConflict,
    InvalidInput,
    NotAllowed,
)
from schema.results.transitions import Success, refused
from services import problems
from services.handoffs import problems as handoff_problems
from services.handoffs.transitions import Moved


@strawberry.type(
    description="The session is its raiser's again, with the guidance as its next step."
)
class ReturnHandoffSuccess(Success):
    pass


ReturnHandoffResult = Annotated[
    ReturnHandoffSuccess
    | HandoffNotFound
    | HandoffNotClaimed
    | HandoffChanged
    | NotAllowed
    | InvalidInput
    | IdempotencyConflict,
    strawberry.union("ReturnHandoffResult", description="How `returnHandoff` ends."),
]


def return_handoff_result(outcome: Moved | problems.Problem) -> ReturnHandoffResult:
    match outcome:
        case Moved():
            return ReturnHandoffSuccess.of(outcome)
        case handoff_problems.HandoffNotClaimed():
            return HandoffNotClaimed.because(outcome)
    return refused(outcome)
