"""What can be done."""

from typing import Annotated

import strawberry

from resolvers import handoffs, notifications, sessions
from schema.fields import mutation
from schema.inputs.claim_handoff import ClaimHandoffInput
from schema.inputs.escalate import EscalateInput
from schema.inputs.mark_notifications_read import MarkNotificationsReadInput
from schema.inputs.record_step import RecordStepInput
from schema.inputs.resolve_session import ResolveSessionInput
from schema.inputs.start_session import StartSessionInput
from schema.nodes import Info
from schema.results.claim_handoff import ClaimHandoffResult, claim_handoff_result
from schema.results.escalate import EscalateResult, escalate_result
from schema.results.mark_notifications_read import (
    MarkNotificationsReadResult,
    mark_notifications_read_result,
)
from schema.results.record_step import RecordStepResult, record_step_result
from schema.results.resolve_session import ResolveSessionResult, resolve_session_result
from schema.results.start_session import StartSessionResult, start_session_result
from services.problems import InvalidInput


@strawberry.type(
    description=(
        "What can be done. Each mutation is one transaction and answers with a union: its success, "
        "or a refusal that implements Problem and changed nothing."
    )
)
class Mutation:
    @mutation(description="Begin a piece of troubleshooting. Not for VIEWERs.")
    async def start_session(
        self,
        info: Info,
        input: Annotated[
            StartSessionInput, strawberry.argument(description="What is known at the start.")
        ],
    ) -> StartSessionResult:
        outcome = await sessions.start_session(
            info.context, input.draft(), idempotency_key=input.idempotency_key
        )
        return start_session_result(outcome)

    @mutation(
        description=(
            "Add a step at the end of a session's timeline. For its owner and who took it over, "
            "while it waits as well, and for ADMINs."
        )
    )
    async def record_step(
        self,
        info: Info,
        input: Annotated[
            RecordStepInput, strawberry.argument(description="What was tried, seen or ruled out.")
        ],
    ) -> RecordStepResult:
        outcome = await sessions.record_step(
            info.context,
            input.session_id,
            input.draft(),
            idempotency_key=input.idempotency_key,
        )
        return record_step_result(outcome)

    @mutation(
        description=(
            "Close an ACTIVE session with what fixed it, and with it the handoff by which it was "
            "taken over. For who has it now, and for ADMINs."
        )
    )
    async def resolve_session(
        self,
        info: Info,
        input: Annotated[
            ResolveSessionInput, strawberry.argument(description="What fixed which session.")
        ],
    ) -> ResolveSessionResult:
        outcome = await sessions.resolve_session(info.context, input.session_id, input.resolution)
        return resolve_session_result(outcome)

    @mutation(
        description=(
            "Ask for somebody to take an ACTIVE session over. Snapshot, documentation, "
            "notifications and promised messages are written with it, all or nothing, and it "
            "answers without waiting for the messages. For the session's owner and who took it "
            "over, and for ADMINs on their behalf. When who took it over escalates further, their "
            "own handoff is SUPERSEDED."
        )
    )
    async def escalate(
        self,
        info: Info,
        input: Annotated[
            EscalateInput, strawberry.argument(description="What help is needed with, and why.")
        ],
    ) -> EscalateResult:
        outcome = await handoffs.escalate(
            info.context, input.help(), idempotency_key=input.idempotency_key
        )
        return escalate_result(outcome)

    @mutation(
        description=(
            "Take a waiting handoff, and the session with it: the first engineer to ask gets it, "
            "the others are told who that is. Asking again after having won is harmless. Not for "
            "its raiser, and not for VIEWERs."
        )
    )
    async def claim_handoff(
        self,
        info: Info,
        input: Annotated[
            ClaimHandoffInput, strawberry.argument(description="Which handoff to take.")
        ],
    ) -> ClaimHandoffResult:
        outcome = await handoffs.claim_handoff(info.context, input.handoff_id)
        return claim_handoff_result(outcome)

    @mutation(
        description=(
            "Mark items of the viewer's bell as read. An item keeps the time it was first read."
        )
    )
    async def mark_notifications_read(
        self,
        info: Info,
        input: Annotated[
            MarkNotificationsReadInput, strawberry.argument(description="Which items.")
        ],
    ) -> MarkNotificationsReadResult:
        options = info.context.options
        if input.all is False:
            problem = InvalidInput("all", "all can only be true. To mark some, name their ids.")
            return mark_notifications_read_result(problem, options)
        wanted = None if input.all else [str(each) for each in input.ids or ()]
        outcome = await notifications.mark_read(info.context, wanted)
        return mark_notifications_read_result(outcome, options)
