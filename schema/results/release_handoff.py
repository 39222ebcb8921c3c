"""How `releaseHandoff` ends."""

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


@strawberry.type(description="The handoff waits again, and everybody eligible is told anew.")
class ReleaseHandoffSuccess(Success):
    pass


ReleaseHandoffResult = Annotated[
    ReleaseHandoffSuccess
    | HandoffNotFound
    | HandoffNotClaimed
    | HandoffChanged
    | NotAllowed
    | InvalidInput
    | IdempotencyConflict,
    strawberry.union("ReleaseHandoffResult", description="How `releaseHandoff` ends."),
]


def release_handoff_result(outcome: Moved | problems.Problem) -> ReleaseHandoffResult:
    match outcome:
        case Moved():
            return ReleaseHandoffSuccess.of(outcome)
        case handoff_problems.HandoffNotClaimed():
            return HandoffNotClaimed.because(outcome)
    return refused(outcome)
