"""What `claimHandoff` takes."""

import strawberry


@strawberry.input(description="Which handoff to take.")
class ClaimHandoffInput:
    handoff_id: strawberry.ID = strawberry.field(description="A handoff that waits.")
