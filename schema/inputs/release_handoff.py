"""What `releaseHandoff` takes."""

import strawberry

from schema.inputs.guards import TransitionInput


@strawberry.input(description="Which handoff goes back to the queue, and why.")
class ReleaseHandoffInput(TransitionInput):
    handoff_id: strawberry.ID = strawberry.field(description="A handoff that was claimed.")
    reason: str = strawberry.field(
        description="Why somebody else has to go on, in up to 2,000 characters. It is shown."
    )
