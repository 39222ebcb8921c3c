"""What `returnHandoff` takes."""

import strawberry

from schema.inputs.guards import TransitionInput


@strawberry.input(description="Which handoff goes back to its raiser, and what they should do.")
class ReturnHandoffInput(TransitionInput):
    handoff_id: strawberry.ID = strawberry.field(description="A handoff that the viewer claimed.")
    guidance: str = strawberry.field(
        description=(
            "What to do next: plain text of up to 10,000 characters. It becomes a GUIDANCE step of "
            "the session."
        )
    )
