"""What the ends of all changes of a handoff have in common."""

from typing import Self, TypeAlias

import strawberry

from schema.fields import field
from schema.nodes import Info
from schema.results.problems import (
    HandoffChanged,
    HandoffNotFound,
    IdempotencyConflict,
    InvalidInput,
    NotAllowed,
)
from schema.types.handoff import Handoff
from schema.types.session import Session
from services import problems
from services.handoffs import problems as handoff_problems
from services.handoffs.transitions import Moved


@strawberry.type(description="The handoff has changed.")
class Success:
    """What they succeed with. Not a type of the schema itself."""

    handoff: Handoff = strawberry.field(
        description="The handoff as it is now; after a repeat that may be later than the change."
    )

    @classmethod
    def of(cls, moved: Moved) -> Self:
        return cls(handoff=Handoff.of(moved.handoff))

    @field(description="Its session as it is now; null when the viewer may not see it any more.")
    def session(self, info: Info) -> Session | None:
        return self.handoff.session(info)


Refused: TypeAlias = (
    HandoffNotFound | HandoffChanged | NotAllowed | InvalidInput | IdempotencyConflict
)


def refused(problem: problems.Problem) -> Refused:
    """The refusals that every change can end with."""
    match problem:
        case handoff_problems.HandoffNotFound():
            return HandoffNotFound.of(problem)
        case handoff_problems.HandoffChanged():
            return HandoffChanged.because(problem)
        case problems.NotAllowed():
            return NotAllowed.of(problem)
        case problems.InvalidInput():
            return InvalidInput.because(problem)
        case problems.IdempotencyConflict():
            return IdempotencyConflict.of(problem)
    raise problem  # a refusal the schema does not promise is a bug
