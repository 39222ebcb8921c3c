"""What `reassignHandoff` takes."""

import strawberry

from schema.inputs.guards import TransitionInput


@strawberry.input(description="Who is asked for help instead.")
class ReassignHandoffInput(TransitionInput):
    handoff_id: strawberry.ID = strawberry.field(description="A handoff that waits.")
    target_engineer_id: strawberry.ID = strawberry.field(
        description="The engineer who is asked from now on: anybody but its raiser and VIEWERs."
    )
