"""What `escalationReadiness` takes."""

import strawberry

from schema.enums import Confidence, HandoffIntent, Priority
from schema.inputs.additions import REPLACES, additions
from schema.inputs.start_session import CustomerInput
from services.handoffs.preparing import Draft

NO_DIFFERENCE = "As in `EscalateInput`. It makes no difference to the score."


@strawberry.input(
    description=(
        "What is about to be sent with `escalate`, as far as it is written: the same fields, none "
        "of them needed yet."
    )
)
class EscalationDraft:
    reason: str | None = strawberry.field(description="As in `EscalateInput`.")
    notes: str | None = strawberry.field(description="As in `EscalateInput`.")
    intent: HandoffIntent | None = strawberry.field(description=NO_DIFFERENCE)
    priority: Priority | None = strawberry.field(description=NO_DIFFERENCE)
    target_engineer_id: strawberry.ID | None = strawberry.field(description=NO_DIFFERENCE)
    problem_domain: str | None = strawberry.field(description=REPLACES)
    environment: str | None = strawberry.field(description=REPLACES)
    customer: CustomerInput | None = strawberry.field(
        description=f"{REPLACES} A `reachableUntil` that has passed counts as none."
    )
    confidence_tier: Confidence | None = strawberry.field(description=REPLACES)

    def draft(self) -> Draft:
        return Draft(
            self.reason,
            self.notes,
            additions(self.problem_domain, self.environment, self.customer, self.confidence_tier),
        )
