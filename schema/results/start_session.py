"""How `startSession` ends."""

from typing import Annotated, Self

import strawberry

from db.database import Row
from schema.results.problems import IdempotencyConflict, InvalidInput, NotAllowed
from schema.types.session import Session
from services import problems


@strawberry.type(description="The session is there, and the viewer owns it.")
class StartSessionSuccess:
    session: Session = strawberry.field(description="The new session.")

    @classmethod
    def of(cls, session: Row) -> Self:
        return cls(session=Session.of(session))


StartSessionResult = Annotated[
    StartSessionSuccess | NotAllowed | InvalidInput | IdempotencyConflict,
    strawberry.union("StartSessionResult", description="How `startSession` ends."),
]


def start_session_result(outcome: Row | problems.Problem) -> StartSessionResult:
    match outcome:
        case problems.NotAllowed():
            return NotAllowed.of(outcome)
        case problems.InvalidInput():
            return InvalidInput.because(outcome)
        case problems.IdempotencyConflict():
            return IdempotencyConflict.of(outcome)
        case problems.Problem():
            raise outcome  # a refusal the schema does not promise is a bug
    return StartSessionSuccess.of(outcome)
