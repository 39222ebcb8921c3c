"""What `cancelHandoff` takes."""

import strawberry

from schema.inputs.guards import TransitionInput


@strawberry.input(description="Which handoff is not needed any more.")
class CancelHandoffInput(TransitionInput):
    handoff_id: strawberry.ID = strawberry.field(description="A handoff that waits.")
