"""What `declineHandoff` takes."""

import strawberry

from schema.inputs.guards import TransitionInput


@strawberry.input(description="Which handoff the viewer can't take, and why.")
class DeclineHandoffInput(TransitionInput):
    handoff_id: strawberry.ID = strawberry.field(
        description="A handoff that waits, with the viewer as its target."
    )
    reason: str = strawberry.field(
        description="Why somebody else has to take it, in up to 2,000 characters."
    )
