"""What `escalate` takes."""

import strawberry

from resolvers.handoffs import WantedHelp
from schema.enums import HandoffIntent, Priority
from schema.inputs.start_session import KEY


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
    idempotency_key: str | None = strawberry.field(description=KEY)

    def help(self) -> WantedHelp:
        return WantedHelp(
            session=self.session_id,
            reason=self.reason,
            notes=self.notes,
            intent=self.intent or HandoffIntent.ESCALATE,
            priority=self.priority or Priority.NORMAL,
            target=self.target_engineer_id,
        )
