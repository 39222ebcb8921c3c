"""What `escalateMany` takes."""

import strawberry

from resolvers.handoffs import WantedHelp
from schema.enums import HandoffIntent, Priority
from schema.inputs.start_session import KEY


@strawberry.input(description="Who hands which sessions over: as `escalate`, for each of them.")
class EscalateManyInput:
    session_ids: list[strawberry.ID] = strawberry.field(
        description="The sessions to hand over, 1 to 50, each once."
    )
    reason: str = strawberry.field(
        description="Why somebody else is needed, in up to 2,000 characters."
    )
    notes: str | None = strawberry.field(
        description="What else they should know: plain text of up to 10,000 characters."
    )
    intent: HandoffIntent | None = strawberry.field(
        default=HandoffIntent.SHIFT_CHANGE, description="Why the sessions are handed over."
    )
    priority: Priority | None = strawberry.field(
        default=Priority.NORMAL, description="How urgent they are."
    )
    target_engineer_id: strawberry.ID | None = strawberry.field(
        description=(
            "The engineer who is asked. Without one, every engineer of a higher tier is told, or "
            "every other engineer where there is none; ADMINs are told always."
        )
    )
    idempotency_key: str | None = strawberry.field(description=KEY)

    def help(self) -> list[WantedHelp]:
        """One for each session, in the order asked."""
        return [
            WantedHelp(
                session=session,
                reason=self.reason,
                notes=self.notes,
                intent=self.intent or HandoffIntent.SHIFT_CHANGE,
                priority=self.priority or Priority.NORMAL,
                target=self.target_engineer_id,
            )
            for session in self.session_ids
        ]
