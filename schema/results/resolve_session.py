"""How `resolveSession` ends."""

from typing import Annotated, Self

import strawberry

from schema.results.problems import (
    HandoffChanged,
    InvalidInput,
    NotAllowed,
    SessionNotFound,
    SessionNotResolvable,
)
from schema.types.handoff import Handoff
from schema.types.session import Session
from services import problems
from services.handoffs import problems as handoff_problems
from services.handoffs.resolving import Resolved
from services.sessions import problems as session_problems


@strawberry.type(description="The session is resolved.")
class ResolveSessionSuccess:
    session: Session = strawberry.field(description="The session, closed.")
    handoff: Handoff | None = strawberry.field(
        description=(
            "The handoff by which it had been taken over, resolved with it; null without one, and "
            "when the session was resolved by an earlier request."
        )
    )

    @classmethod
    def of(cls, resolved: Resolved) -> Self:
        return cls(
            session=Session.of(resolved.session),
            handoff=None if resolved.handoff is None else Handoff.of(resolved.handoff),
        )


ResolveSessionResult = Annotated[
    ResolveSessionSuccess
    | SessionNotFound
    | SessionNotResolvable
    | HandoffChanged
    | NotAllowed
    | InvalidInput,
    strawberry.union("ResolveSessionResult", description="How `resolveSession` ends."),
]


def resolve_session_result(outcome: Resolved | problems.Problem) -> ResolveSessionResult:
    match outcome:
        case Resolved():
            return ResolveSessionSuccess.of(outcome)
        case session_problems.SessionNotFound():
            return SessionNotFound.of(outcome)
        case session_problems.SessionNotResolvable():
            return SessionNotResolvable.because(outcome)
        case handoff_problems.HandoffChanged():
            return HandoffChanged.because(outcome)
        case problems.NotAllowed():
            return NotAllowed.of(outcome)
        case problems.InvalidInput():
            return InvalidInput.because(outcome)
    raise outcome  # a refusal the schema does not promise is a bug
