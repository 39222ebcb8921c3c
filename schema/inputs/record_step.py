"""What `recordStep` takes."""

import strawberry

from schema.enums import StepKind, StepOutcome
from schema.inputs.start_session import KEY
from services.sessions.recording import StepDraft


@strawberry.input(description="What was tried, seen or ruled out.")
class RecordStepInput:
    session_id: strawberry.ID = strawberry.field(description="The session it belongs to.")
    kind: StepKind = strawberry.field(description="What sort of entry it is.")
    title: str = strawberry.field(
        description="What was done or found, in a line of up to 200 characters."
    )
    detail: str | None = strawberry.field(
        description="Commands, output, observations: plain text of up to 10,000 characters."
    )
    hypothesis: str | None = strawberry.field(
        description=(
            "The suspicion that it tests, up to 500 characters. Write it the same way in every "
            "step that tests it: that is how the snapshot tells what is ruled out."
        )
    )
    outcome: StepOutcome | None = strawberry.field(
        default=StepOutcome.PENDING, description="What came of it."
    )
    idempotency_key: str | None = strawberry.field(description=KEY)

    def draft(self) -> StepDraft:
        return StepDraft(
            kind=self.kind,
            title=self.title,
            detail=self.detail,
            hypothesis=self.hypothesis,
            outcome=self.outcome or StepOutcome.PENDING,
        )
