"""How `claimHandoff` ends."""

from typing import Annotated, Self

import strawberry

from schema.results.problems import (
    HandoffAlreadyClaimed,
    HandoffChanged,
    HandoffNotFound,
    HandoffNotOpen,
    IdempotencyConflict,
    InvalidInput,
    NotAllowed,
    OwnHandoff,
)
from schema.results.transitions import refused
from schema.types.handoff import Handoff
from schema.types.session import Session
from services import problems
from services.handoffs import problems as handoff_problems
from services.handoffs.claiming import Claimed


@strawberry.type(description="The viewer has the handoff, and the session with it.")
class ClaimHandoffSuccess:
    handoff: Handoff = strawberry.field(description="The handoff, claimed by the viewer.")
    session: Session = strawberry.field(description="The session, now the viewer's to work on.")

    @classmethod
    def of(cls, claimed: Claimed) -> Self:
        return cls(handoff=Handoff.of(claimed.handoff), session=Session.of(claimed.session))


ClaimHandoffResult = Annotated[
    ClaimHandoffSuccess
    | HandoffNotFound
    | HandoffAlreadyClaimed
    | HandoffNotOpen
    | HandoffChanged
    | OwnHandoff
    | NotAllowed
    | InvalidInput
    | IdempotencyConflict,
    strawberry.union("ClaimHandoffResult", description="How `claimHandoff` ends."),
]


def claim_handoff_result(outcome: Claimed | problems.Problem) -> ClaimHandoffResult:
    match outcome:
        case Claimed():
            return ClaimHandoffSuccess.of(outcome)
        case handoff_problems.HandoffAlreadyClaimed():
            return HandoffAlreadyClaimed.because(outcome)
        case handoff_problems.HandoffNotOpen():
            return HandoffNotOpen.because(outcome)
        case handoff_problems.OwnHandoff():
            return OwnHandoff.of(outcome)
    return refused(outcome)
