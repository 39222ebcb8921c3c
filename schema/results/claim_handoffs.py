"""How `claimHandoffs` ends."""

from collections.abc import Sequence
from typing import Annotated, Self

import strawberry

from resolvers.claims import Tried
from schema.results.claim_handoff import ClaimHandoffResult, claim_handoff_result
from schema.results.problems import InvalidInput
from services import problems


@strawberry.type(description="What came of one of several handoffs.")
class ClaimHandoffsItem:
    handoff_id: strawberry.ID = strawberry.field(description="Its id, as it was given.")
    result: ClaimHandoffResult = strawberry.field(
        description="As `claimHandoff` would have answered."
    )

    @classmethod
    def of(cls, tried: Tried) -> Self:
        return cls(
            handoff_id=strawberry.ID(tried.handoff), result=claim_handoff_result(tried.outcome)
        )


@strawberry.type(description="Each was tried for itself: some may be won and others not.")
class ClaimHandoffsSuccess:
    results: list[ClaimHandoffsItem] = strawberry.field(
        description="One for each id, in the order they were given."
    )

    @classmethod
    def of(cls, tried: Sequence[Tried]) -> Self:
        return cls(results=[ClaimHandoffsItem.of(each) for each in tried])


ClaimHandoffsResult = Annotated[
    ClaimHandoffsSuccess | InvalidInput,
    strawberry.union("ClaimHandoffsResult", description="How `claimHandoffs` ends."),
]


def claim_handoffs_result(outcome: Sequence[Tried] | problems.Problem) -> ClaimHandoffsResult:
    match outcome:
        case problems.InvalidInput():
            return InvalidInput.because(outcome)
        case problems.Problem():
            raise outcome  # a refusal the schema does not promise is a bug
    return ClaimHandoffsSuccess.of(outcome)
