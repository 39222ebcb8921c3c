"""What `claimHandoff` takes."""

import strawberry

from schema.inputs.guards import TransitionInput


@strawberry.input(description="Which handoff to take.")
class ClaimHandoffInput(TransitionInput):
    handoff_id: strawberry.ID = strawberry.field(description="A handoff that waits.")
    idempotency_key: str | None = strawberry.field(
        description=(
            "A text of the client's choice, 1 to 200 printable characters, a UUID for example. "
            "Claiming again is harmless without; with the same key, a repeat whose reply was lost "
            "never takes again what the viewer has given back since."
        )
    )
