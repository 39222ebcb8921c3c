"""What `startSuggestedStep` takes."""

import strawberry

from schema.inputs.start_session import KEY


@strawberry.input(description="Which suggestion to take up.")
class StartSuggestedStepInput:
    handoff_id: strawberry.ID = strawberry.field(
        description="The handoff whose assessment suggests it."
    )
    suggestion_id: strawberry.ID = strawberry.field(
        description="`SuggestedStep.id`, or the end of it, such as `derived:1`."
    )
    idempotency_key: str | None = strawberry.field(description=KEY)
