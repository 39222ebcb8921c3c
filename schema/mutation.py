"""What can be done."""

from typing import Annotated

import strawberry

from resolvers import (
    assessments,
    claims,
    deliveries,
    handoffs,
    integrations,
    notifications,
    sessions,
    transitions,
    viewer,
)
from schema.fields import mutation
from schema.inputs.cancel_handoff import CancelHandoffInput
from schema.inputs.claim_handoff import ClaimHandoffInput
from schema.inputs.claim_handoffs import ClaimHandoffsInput
from schema.inputs.decline_handoff import DeclineHandoffInput
from schema.inputs.escalate import EscalateInput
from schema.inputs.escalate_many import EscalateManyInput
from schema.inputs.integrations import (
    IntegrationInput,
    SaveIntegrationInput,
    TestIntegrationInput,
)
from schema.inputs.mark_notifications_read import MarkNotificationsReadInput
from schema.inputs.rate_assessment import RateAssessmentInput
from schema.inputs.reassign_handoff import ReassignHandoffInput
from schema.inputs.record_outcome import RecordOutcomeInput
from schema.inputs.record_step import RecordStepInput
from schema.inputs.redeliver import RedeliverInput
from schema.inputs.release_handoff import ReleaseHandoffInput
from schema.inputs.resolve_session import ResolveSessionInput
from schema.inputs.return_handoff import ReturnHandoffInput
from schema.inputs.start_session import StartSessionInput
from schema.inputs.start_suggested_step import StartSuggestedStepInput
from schema.inputs.update_preferences import UpdatePreferencesInput
from schema.nodes import Info
from schema.pagination import given
from schema.results.cancel_handoff import CancelHandoffResult, cancel_handoff_result
from schema.results.claim_handoff import ClaimHandoffResult, claim_handoff_result
from schema.results.claim_handoffs import ClaimHandoffsResult, claim_handoffs_result
from schema.results.decline_handoff import DeclineHandoffResult, decline_handoff_result
from schema.results.escalate import EscalateResult, escalate_result
from schema.results.escalate_many import EscalateManyResult, escalate_many_result
from schema.results.integrations import (
    DisableIntegrationResult,
    EnableIntegrationResult,
    SaveIntegrationResult,
    TestIntegrationResult,
    disable_integration_result,
    enable_integration_result,
    save_integration_result,
    test_integration_result,
)
from schema.results.mark_notifications_read import (
    MarkNotificationsReadResult,
    mark_notifications_read_result,
)
from schema.results.rate_assessment import RateAssessmentResult, rate_assessment_result
from schema.results.reassign_handoff import ReassignHandoffResult, reassign_handoff_result
from schema.results.record_outcome import RecordOutcomeResult, record_outcome_result
from schema.results.record_step import RecordStepResult, record_step_result
from schema.results.redeliver import RedeliverResult, redeliver_result
from schema.results.release_handoff import ReleaseHandoffResult, release_handoff_result
from schema.results.resolve_session import ResolveSessionResult, resolve_session_result
from schema.results.return_handoff import ReturnHandoffResult, return_handoff_result
from schema.results.start_session import StartSessionResult, start_session_result
from schema.results.start_suggested_step import (
    StartSuggestedStepResult,
    start_suggested_step_result,
)
from schema.results.update_preferences import (
    UpdatePreferencesResult,
    update_preferences_result,
)
from services.problems import InvalidInput


@strawberry.type(
    description=(
        "What can be done. Each mutation is one transaction (`claimHandoffs` one for each) and "
        "answers with a union: its success, or a refusal that implements Problem and changed "
        "nothing."
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
            "Say what came of a PENDING step, once. For who may record steps in its session. "
            "Snapshots keep what was known when they were taken."
        )
    )
    async def record_outcome(
        self,
        info: Info,
        input: Annotated[
            RecordOutcomeInput, strawberry.argument(description="Which step, and what came of it.")
        ],
    ) -> RecordOutcomeResult:
        outcome = await sessions.record_outcome(
            info.context,
            input.step_id,
            input.outcome,
            detail=input.detail,
            idempotency_key=input.idempotency_key,
        )
        return record_outcome_result(outcome)

    @mutation(
        description=(
            "Make what the assessment of a CLAIMED handoff suggests a PENDING step of its session. "
            "Each suggestion once: asked again, the same step is given. For who took the session "
            "over, and ADMINs."
        )
    )
    async def start_suggested_step(
        self,
        info: Info,
        input: Annotated[
            StartSuggestedStepInput, strawberry.argument(description="Which suggestion to take up.")
        ],
    ) -> StartSuggestedStepResult:
        outcome = await sessions.start_suggested_step(
            info.context,
            input.handoff_id,
            input.suggestion_id,
            idempotency_key=input.idempotency_key,
        )
        return start_suggested_step_result(outcome)

    @mutation(
        description=(
            "Say whether a READY assessment is right, in place of what the viewer said of it "
            "before. For engineers who may see the session."
        )
    )
    async def rate_assessment(
        self,
        info: Info,
        input: Annotated[
            RateAssessmentInput, strawberry.argument(description="What they think of which.")
        ],
    ) -> RateAssessmentResult:
        outcome = await assessments.rate_assessment(
            info.context,
            input.handoff_id,
            input.verdict,
            comment=input.comment,
            idempotency_key=input.idempotency_key,
        )
        return rate_assessment_result(outcome)

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
        outcome = await sessions.resolve_session(
            info.context,
            input.session_id,
            input.resolution,
            expected_version=input.expected_version,
        )
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
            "Ask for somebody to take several ACTIVE sessions over, as at the end of a shift: each "
            "as `escalate` would, in one transaction. All of them, or none when one can't be."
        )
    )
    async def escalate_many(
        self,
        info: Info,
        input: Annotated[
            EscalateManyInput, strawberry.argument(description="What is handed over, and why.")
        ],
    ) -> EscalateManyResult:
        outcome = await handoffs.escalate_many(
            info.context, input.help(), idempotency_key=input.idempotency_key
        )
        return escalate_many_result(outcome, input.session_ids)

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
        outcome = await claims.claim_handoff(
            info.context, input.handoff_id, input.approach, input.guard()
        )
        return claim_handoff_result(outcome)

    @mutation(
        description=(
            "Take several waiting handoffs, as at the start of a shift. Each is claimed by itself, "
            "in a transaction of its own: the answer says of each whether it was won, or who has "
            "it."
        )
    )
    async def claim_handoffs(
        self,
        info: Info,
        input: Annotated[
            ClaimHandoffsInput, strawberry.argument(description="Which handoffs to take.")
        ],
    ) -> ClaimHandoffsResult:
        outcome = await claims.claim_handoffs(
            info.context,
            input.handoff_ids,
            approach=input.approach,
            idempotency_key=input.idempotency_key,
        )
        return claim_handoffs_result(outcome)

    @mutation(
        description=(
            "Say no to a handoff that waits for the viewer. It goes on waiting, without a target, "
            "and everybody eligible is told. For its target."
        )
    )
    async def decline_handoff(
        self,
        info: Info,
        input: Annotated[
            DeclineHandoffInput, strawberry.argument(description="What can't be taken, and why.")
        ],
    ) -> DeclineHandoffResult:
        outcome = await transitions.decline(
            info.context, input.handoff_id, input.reason, input.guard()
        )
        return decline_handoff_result(outcome)

    @mutation(
        description=(
            "Ask another engineer while a handoff waits. They are told, and so is who was asked "
            "before. For its raiser and ADMINs."
        )
    )
    async def reassign_handoff(
        self,
        info: Info,
        input: Annotated[
            ReassignHandoffInput, strawberry.argument(description="Who is asked instead.")
        ],
    ) -> ReassignHandoffResult:
        outcome = await transitions.reassign(
            info.context, input.handoff_id, input.target_engineer_id, input.guard()
        )
        return reassign_handoff_result(outcome)

    @mutation(
        description=(
            "Withdraw a handoff that waits: the session is ACTIVE again, with its raiser. For its "
            "raiser and ADMINs."
        )
    )
    async def cancel_handoff(
        self,
        info: Info,
        input: Annotated[
            CancelHandoffInput, strawberry.argument(description="What is not needed any more.")
        ],
    ) -> CancelHandoffResult:
        outcome = await transitions.cancel(info.context, input.handoff_id, input.guard())
        return cancel_handoff_result(outcome)

    @mutation(
        description=(
            "Let a claimed handoff wait again: the session is ESCALATED, everybody eligible is "
            "told anew, and the reason is shown. For who claimed it, and ADMINs."
        )
    )
    async def release_handoff(
        self,
        info: Info,
        input: Annotated[
            ReleaseHandoffInput, strawberry.argument(description="What goes back, and why.")
        ],
    ) -> ReleaseHandoffResult:
        outcome = await transitions.release(
            info.context, input.handoff_id, input.reason, input.guard()
        )
        return release_handoff_result(outcome)

    @mutation(
        description=(
            "Give a claimed handoff back to its raiser with guidance, which becomes a step of the "
            "session: it is theirs again. For who claimed it."
        )
    )
    async def return_handoff(
        self,
        info: Info,
        input: Annotated[
            ReturnHandoffInput,
            strawberry.argument(description="What goes back, and what to do next."),
        ],
    ) -> ReturnHandoffResult:
        outcome = await transitions.return_(
            info.context, input.handoff_id, input.guidance, input.guard()
        )
        return return_handoff_result(outcome)

    @mutation(
        description=(
            "Mark items of the viewer's bell as read. An item keeps the time it was first read."
        )
    )
    async def mark_notifications_read(
        self,
        info: Info,
        input: Annotated[
            MarkNotificationsReadInput, strawberry.argument(description="Which items were read.")
        ],
    ) -> MarkNotificationsReadResult:
        options = info.context.options
        if input.all is False:
            problem = InvalidInput("all", "all can only be true. To mark some, name their ids.")
            return mark_notifications_read_result(problem, options)
        wanted = None if input.all else [str(each) for each in input.ids or ()]
        outcome = await notifications.mark_read(info.context, wanted)
        return mark_notifications_read_result(outcome, options)

    @mutation(
        description=(
            "Send a message again that was given up, was sent, or waits for another attempt. For "
            "ADMINs. A note that is on its ticket already is found, and not written twice."
        )
    )
    async def redeliver(
        self,
        info: Info,
        input: Annotated[
            RedeliverInput, strawberry.argument(description="Which message to send again.")
        ],
    ) -> RedeliverResult:
        return redeliver_result(await deliveries.redeliver(info.context, input.delivery_id))

    @mutation(
        description=(
            "Connect a vendor, or change what is connected: an account has one of each, and "
            "several webhooks. For ADMINs. Secrets go in and are never shown."
        )
    )
    async def save_integration(
        self,
        info: Info,
        input: Annotated[
            SaveIntegrationInput, strawberry.argument(description="Which vendor, and how.")
        ],
    ) -> SaveIntegrationResult:
        return save_integration_result(await integrations.save(info.context, input.draft()))

    @mutation(description="Tell nothing over an integration from now on. For ADMINs.")
    async def disable_integration(
        self,
        info: Info,
        input: Annotated[
            IntegrationInput, strawberry.argument(description="Which integration to disable.")
        ],
    ) -> DisableIntegrationResult:
        return disable_integration_result(
            await integrations.disable(
                info.context, input.integration_id, given(input.expected_version)
            )
        )

    @mutation(description="Use an integration again that was disabled. For ADMINs.")
    async def enable_integration(
        self,
        info: Info,
        input: Annotated[
            IntegrationInput, strawberry.argument(description="Which integration to enable.")
        ],
    ) -> EnableIntegrationResult:
        return enable_integration_result(
            await integrations.enable(
                info.context, input.integration_id, given(input.expected_version)
            )
        )

    @mutation(
        description=(
            "Send a real message over an integration, marked as a test, and say what the vendor "
            "answered. For ADMINs. It may take up to 20 seconds."
        )
    )
    async def test_integration(
        self,
        info: Info,
        input: Annotated[
            TestIntegrationInput, strawberry.argument(description="Which integration to try.")
        ],
    ) -> TestIntegrationResult:
        return test_integration_result(
            await integrations.test(info.context, input.integration_id, given(input.ticket_number))
        )

    @mutation(description="Say what one wants, for oneself.")
    async def update_preferences(
        self,
        info: Info,
        input: Annotated[
            UpdatePreferencesInput, strawberry.argument(description="What the viewer wants.")
        ],
    ) -> UpdatePreferencesResult:
        return update_preferences_result(await viewer.prefer(info.context, mail=input.mail))
