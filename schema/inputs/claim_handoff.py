"""What `claimHandoff` takes."""

from typing import Final

import strawberry

from schema.enums import Approach
from schema.inputs.guards import TransitionInput

APPROACH: Final = (
    "How the viewer means to go about it, for the raiser and the history; nothing depends on it."
)


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
    approach: Approach | None = strawberry.field(description=APPROACH)
