"""How `rateAssessment` ends."""

from typing import Annotated, Self

import strawberry

from schema.results.problems import (
    AssessmentNotReady,
    HandoffNotFound,
    IdempotencyConflict,
    InvalidInput,
    NotAllowed,
)
from schema.types.assessment import AssessmentRating
from schema.types.handoff import Handoff
from services import problems
from services.handoffs import problems as handoff_problems
from services.handoffs.rating import Rated


@strawberry.type(description="It is known what the viewer thinks of the assessment.")
class RateAssessmentSuccess:
    rating: AssessmentRating = strawberry.field(description="What they think of it.")
    handoff: Handoff = strawberry.field(description="The handoff, with its `assessment`.")

    @classmethod
    def of(cls, rated: Rated) -> Self:
        return cls(rating=AssessmentRating.of(rated.rating), handoff=Handoff.of(rated.handoff))


RateAssessmentResult = Annotated[
    RateAssessmentSuccess
    | HandoffNotFound
    | AssessmentNotReady
    | NotAllowed
    | InvalidInput
    | IdempotencyConflict,
    strawberry.union("RateAssessmentResult", description="How `rateAssessment` ends."),
]


def rate_assessment_result(outcome: Rated | problems.Problem) -> RateAssessmentResult:
    match outcome:
        case Rated():
            return RateAssessmentSuccess.of(outcome)
        case handoff_problems.HandoffNotFound():
            return HandoffNotFound.of(outcome)
        case handoff_problems.AssessmentNotReady():
            return AssessmentNotReady.because(outcome)
        case problems.NotAllowed():
            return NotAllowed.of(outcome)
        case problems.InvalidInput():
            return InvalidInput.because(outcome)
        case problems.IdempotencyConflict():
            return IdempotencyConflict.of(outcome)
    raise outcome  # a refusal the schema does not promise is a bug
