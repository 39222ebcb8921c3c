"""What the ends of all that is recorded in a session have in common."""

from typing import TypeAlias

from schema.results.problems import IdempotencyConflict, InvalidInput, NotAllowed, SessionClosed
from services import problems
from services.sessions import problems as session_problems

Refused: TypeAlias = SessionClosed | NotAllowed | InvalidInput | IdempotencyConflict


def refused(problem: problems.Problem) -> Refused:
    match problem:
        case session_problems.SessionClosed():
            return SessionClosed.of(problem)
        case problems.NotAllowed():
            return NotAllowed.of(problem)
        case problems.InvalidInput():
            return InvalidInput.because(problem)
        case problems.IdempotencyConflict():
            return IdempotencyConflict.of(problem)
    raise problem  # a refusal the schema does not promise is a bug
