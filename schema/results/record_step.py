"""How `recordStep` ends."""

from typing import Annotated, Self

import strawberry

from schema.results.problems import (
    IdempotencyConflict,
    InvalidInput,
    NotAllowed,
    SessionClosed,
    SessionNotFound,
)
from schema.results.steps import refused
from schema.types.session import Session
from schema.types.step import Step
from services import problems
from services.sessions import problems as session_problems
from services.sessions.recording import Recorded


@strawberry.type(description="The step is at the end of the timeline.")
class RecordStepSuccess:
    step: Step = strawberry.field(description="The new step.")
    session: Session = strawberry.field(description="The session, with its new step count.")

    @classmethod
    def of(cls, recorded: Recorded) -> Self:
        return cls(step=Step.of(recorded.step), session=Session.of(recorded.session))


RecordStepResult = Annotated[
    RecordStepSuccess
    | SessionNotFound
    | SessionClosed
    | NotAllowed
    | InvalidInput
    | IdempotencyConflict,
    strawberry.union("RecordStepResult", description="How `recordStep` ends."),
]


def record_step_result(outcome: Recorded | problems.Problem) -> RecordStepResult:
    match outcome:
        case Recorded():
            return RecordStepSuccess.of(outcome)
        case session_problems.SessionNotFound():
            return SessionNotFound.of(outcome)
    return refused(outcome)
