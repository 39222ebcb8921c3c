"""What `claimHandoffs` takes."""

import strawberry

from schema.enums import Approach
from schema.inputs.claim_handoff import APPROACH


@strawberry.input(description="Which handoffs to take.")
class ClaimHandoffsInput:
    handoff_ids: list[strawberry.ID] = strawberry.field(
        description="Handoffs that wait, 1 to 50. They are claimed in this order."
    )
    idempotency_key: str | None = strawberry.field(
        description=(
            "A text of the client's choice, 1 to 200 printable characters, a UUID for example. It "
            "is remembered for each handoff that was won: a repeat whose reply was lost never "
            "takes again what the viewer has given back since."
        )
    )
    approach: Approach | None = strawberry.field(description=APPROACH)
