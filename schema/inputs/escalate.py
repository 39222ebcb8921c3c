"""What `escalate` takes."""

import strawberry

from resolvers.handoffs import WantedHelp
from schema.enums import Confidence, HandoffIntent, Priority
from schema.inputs.additions import REPLACES, additions
from schema.inputs.start_session import KEY, CustomerInput


@strawberry.input(description="Who asks for help with what.")
class EscalateInput:
    session_id: strawberry.ID = strawberry.field(description="The session to hand over.")
    reason: str = strawberry.field(
        description="Why somebody else is needed, in up to 2,000 characters."
    )
    notes: str | None = strawberry.field(
        description="What else they should know: plain text of up to 10,000 characters."
    )
    intent: HandoffIntent | None = strawberry.field(
        default=HandoffIntent.ESCALATE, description="Why the session is handed over."
    )
    priority: Priority | None = strawberry.field(
        default=Priority.NORMAL, description="How urgent it is."
    )
    target_engineer_id: strawberry.ID | None = strawberry.field(
        description=(
            "The engineer who is asked. Without one, every engineer of a higher tier is told, or "
            "every other engineer where there is none; ADMINs are told always."
        )
    )
    problem_domain: str | None = strawberry.field(
        description=f"The area it seems to lie in; up to 200 characters. {REPLACES}"
    )
    environment: str | None = strawberry.field(
        description=f"What it happens on; up to 2,000 characters. {REPLACES}"
    )
    customer: CustomerInput | None = strawberry.field(
        description=(
            "Whom it is for and how to reach them. Each of its fields replaces what the session "
            "says, when given. `reachableUntil` must not have passed."
        )
    )
    confidence_tier: Confidence | None = strawberry.field(
        description=f"How sure you are of where the problem lies. {REPLACES}"
    )
    idempotency_key: str | None = strawberry.field(description=KEY)

    def help(self) -> WantedHelp:
        return WantedHelp(
            session=self.session_id,
            reason=self.reason,
            notes=self.notes,
            intent=self.intent or HandoffIntent.ESCALATE,
            priority=self.priority or Priority.NORMAL,
            target=self.target_engineer_id,
            additions=additions(
                self.problem_domain, self.environment, self.customer, self.confidence_tier
            ),
        )
