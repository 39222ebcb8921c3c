"""What `recordOutcome` takes."""

import strawberry

from schema.enums import StepOutcome
from schema.inputs.start_session import KEY


@strawberry.input(description="What came of a step.")
class RecordOutcomeInput:
    step_id: strawberry.ID = strawberry.field(description="A step that is PENDING.")
    outcome: StepOutcome = strawberry.field(description="What came of it: any but PENDING.")
    detail: str | None = strawberry.field(
        description=(
            "What was seen, plain text. It is added below the detail that the step has; the two "
            "together have up to 10,000 characters."
        )
    )
    idempotency_key: str | None = strawberry.field(description=KEY)
