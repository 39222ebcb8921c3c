"""What `rateAssessment` takes."""

import strawberry

from schema.enums import Verdict
from schema.inputs.start_session import KEY


@strawberry.input(description="What the viewer thinks of an assessment.")
class RateAssessmentInput:
    handoff_id: strawberry.ID = strawberry.field(description="The handoff whose assessment it is.")
    verdict: Verdict = strawberry.field(description="Whether it is right.")
    comment: str | None = strawberry.field(
        description=(
            "What is right or wrong about it, at most 2,000 characters. Left out, there is none, "
            "and one that was given before is gone."
        )
    )
    idempotency_key: str | None = strawberry.field(description=KEY)
