"""How `startSuggestedStep` ends."""

from typing import Annotated, Self

import strawberry

from schema.results.problems import (
    HandoffNotClaimed,
    HandoffNotFound,
    IdempotencyConflict,
    InvalidInput,
    NotAllowed,
    SuggestionNotFound,
)
from schema.types.session import Session
from schema.types.step import Step
from services import problems
from services.handoffs import problems as handoff_problems
from services.sessions.recording import Recorded


@strawberry.type(description="What was suggested is a step of the session.")
class StartSuggestedStepSuccess:
    step: Step = strawberry.field(
        description="The step, PENDING until its outcome is recorded: `recordOutcome`."
    )
    session: Session = strawberry.field(description="The session, with its new step count.")

    @classmethod
    def of(cls, recorded: Recorded) -> Self:
        return cls(step=Step.of(recorded.step), session=Session.of(recorded.session))


StartSuggestedStepResult = Annotated[
    StartSuggestedStepSuccess
    | HandoffNotFound
    | HandoffNotClaimed
    | SuggestionNotFound
    | NotAllowed
    | InvalidInput
    | IdempotencyConflict,
    strawberry.union("StartSuggestedStepResult", description="How `startSuggestedStep` ends."),
]


def start_suggested_step_result(outcome: Recorded | problems.Problem) -> StartSuggestedStepResult:
    if isinstance(outcome, Recorded):
        return StartSuggestedStepSuccess.of(outcome)
    match outcome:
        case handoff_problems.HandoffNotFound():
            return HandoffNotFound.of(outcome)
        case handoff_problems.HandoffNotClaimed():
            return HandoffNotClaimed.because(outcome)
        case handoff_problems.SuggestionNotFound():
            return SuggestionNotFound.of(outcome)
    return _refused(outcome)


def _refused(problem: problems.Problem) -> NotAllowed | InvalidInput | IdempotencyConflict:
    match problem:
        case problems.NotAllowed():
            return NotAllowed.of(problem)
        case problems.InvalidInput():
            return InvalidInput.because(problem)
        case problems.IdempotencyConflict():
            return IdempotencyConflict.of(problem)
    raise problem  # a refusal the schema does not promise is a bug
