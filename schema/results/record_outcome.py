"""How `recordOutcome` ends."""

from typing import Annotated, Self

import strawberry

from schema.results.problems import (
    IdempotencyConflict,
    InvalidInput,
    NotAllowed,
    SessionClosed,
    StepNotFound,
    StepNotPending,
)
from schema.results.steps import refused
from schema.types.session import Session
from schema.types.step import Step
from services import problems
from services.sessions import problems as session_problems
from services.sessions.recording import Recorded


@strawberry.type(description="It is known what came of the step.")
class RecordOutcomeSuccess:
    step: Step = strawberry.field(description="The step with its outcome, at its old place.")
    session: Session = strawberry.field(description="The session it is a step of.")

    @classmethod
    def of(cls, recorded: Recorded) -> Self:
        return cls(step=Step.of(recorded.step), session=Session.of(recorded.session))


RecordOutcomeResult = Annotated[
    RecordOutcomeSuccess
    | StepNotFound
    | StepNotPending
    | SessionClosed
    | NotAllowed
    | InvalidInput
    | IdempotencyConflict,
    strawberry.union("RecordOutcomeResult", description="How `recordOutcome` ends."),
]


def record_outcome_result(outcome: Recorded | problems.Problem) -> RecordOutcomeResult:
    match outcome:
        case Recorded():
            return RecordOutcomeSuccess.of(outcome)
        case session_problems.StepNotFound():
            return StepNotFound.of(outcome)
        case session_problems.StepNotPending():
            return StepNotPending.because(outcome)
    return refused(outcome)
