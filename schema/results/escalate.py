"""How `escalate` ends."""

from typing import Annotated, Self

import strawberry

from schema.results.problems import (
    IdempotencyConflict,
    InvalidInput,
    NotAllowed,
    NotReady,
    SessionNotEscalatable,
    SessionNotFound,
    TargetNotEligible,
)
from schema.types.delivery import Delivery
from schema.types.documentation import Documentation
from schema.types.handoff import Handoff
from schema.types.session import Session
from services import problems
from services.handoffs import problems as handoff_problems
from services.handoffs.escalating import Escalated
from services.sessions import problems as session_problems


@strawberry.type(description="Help is asked for, and everything that goes with it is written.")
class EscalateSuccess:
    handoff: Handoff = strawberry.field(description="The new handoff, waiting.")
    session: Session = strawberry.field(description="The session, waiting with it.")
    documentation: Documentation = strawberry.field(
        description="The written account of the session as it is handed over."
    )
    deliveries: list[Delivery] = strawberry.field(
        description="Every message promised outside the service, those with nothing to send too."
    )

    @classmethod
    def of(cls, escalated: Escalated) -> Self:
        return cls(
            handoff=Handoff.of(escalated.handoff),
            session=Session.of(escalated.session),
            documentation=Documentation.of(escalated.documentation),
            deliveries=[Delivery.of(row) for row in escalated.deliveries],
        )


EscalateResult = Annotated[
    EscalateSuccess
    | SessionNotFound
    | SessionNotEscalatable
    | TargetNotEligible
    | NotReady
    | IdempotencyConflict
    | NotAllowed
    | InvalidInput,
    strawberry.union("EscalateResult", description="How `escalate` ends."),
]


def escalate_result(  # noqa: PLR0911 - one for each member of the union
    outcome: Escalated | problems.Problem,
) -> EscalateResult:
    match outcome:
        case Escalated():
            return EscalateSuccess.of(outcome)
        case session_problems.SessionNotFound():
            return SessionNotFound.of(outcome)
        case handoff_problems.SessionNotEscalatable():
            return SessionNotEscalatable.because(outcome)
        case handoff_problems.TargetNotEligible():
            return TargetNotEligible.because(outcome)
        case handoff_problems.NotReady():
            return NotReady.because(outcome)
        case problems.IdempotencyConflict():
            return IdempotencyConflict.of(outcome)
        case problems.NotAllowed():
            return NotAllowed.of(outcome)
        case problems.InvalidInput():
            return InvalidInput.because(outcome)
    raise outcome  # a refusal the schema does not promise is a bug
