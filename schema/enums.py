"""The service's words, each explained to clients.

Types and inputs take them from here, so that they are explained before they are used.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import strawberry

from db.models.vocabulary import (
    Approach,
    AssessmentState,
    AttemptOutcome,
    Confidence,
    DeliveryChannel,
    DeliveryState,
    DocumentationKind,
    HandoffIntent,
    HandoffStatus,
    IntegrationKind,
    Priority,
    Role,
    SessionStatus,
    StepKind,
    StepOutcome,
    Verdict,
)
from services.handoffs.problems import Ineligible
from services.handoffs.readiness import CRITERIA, ReadinessItem, ReadinessQuestion
from services.handoffs.rules import HandoffAction
from services.integrations.health import Health
from services.integrations.protocol import Purpose

__all__ = [
    "Approach",
    "AssessmentState",
    "AttemptOutcome",
    "Confidence",
    "DeliveryChannel",
    "DeliveryState",
    "DocumentationKind",
    "HandoffAction",
    "HandoffIntent",
    "HandoffStatus",
    "Health",
    "Ineligible",
    "IntegrationKind",
    "Priority",
    "Purpose",
    "ReadinessItem",
    "ReadinessQuestion",
    "Role",
    "SessionStatus",
    "StepKind",
    "StepOutcome",
    "Verdict",
    "words",
]

TOLERATE = "More values may be added: be ready for one that you don't know."


def words(
    enum: type[StrEnum], description: str, explained: Mapping[Any, str], *, name: str | None = None
) -> None:
    """Make a list of words a GraphQL enum. Every word must be explained."""
    strawberry.enum(enum, name=name, description=f"{description} {TOLERATE}")
    definition: Any = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = explained[enum[value.name]]


words(
    Role,
    "What an engineer may do in their account.",
    {
        Role.VIEWER: "Sees records and counts of handoffs; no session, and changes nothing.",
        Role.ENGINEER: "Works on sessions, escalates them, and takes over those of others.",
        Role.ADMIN: "Sees every session of the account, and may act for others.",
    },
)
words(
    SessionStatus,
    "Where a session stands.",
    {
        SessionStatus.ACTIVE: "Its owner, or who took it over, works on it.",
        SessionStatus.REQUESTING_ESCALATION: (
            "An older name of ESCALATED that some sessions still carry. Treat the two alike."
        ),
        SessionStatus.ESCALATED: "It waits for somebody to take it over.",
        SessionStatus.RESOLVED: "It is closed for good.",
    },
)
words(
    HandoffIntent,
    "Why a session is handed over.",
    {
        HandoffIntent.ESCALATE: "Whoever works on it is stuck and asks for help.",
        HandoffIntent.SHIFT_CHANGE: "Whoever works on it goes off duty; somebody else goes on.",
    },
)
words(
    HandoffStatus,
    "Where a handoff stands.",
    {
        HandoffStatus.OPEN: "It waits. The first engineer to claim it gets it.",
        HandoffStatus.CLAIMED: "An engineer took the session over and works on it.",
        HandoffStatus.RETURNED: "Who took it over gave it back to the raiser, with guidance.",
        HandoffStatus.RESOLVED: "Who took it over resolved the session.",
        HandoffStatus.CANCELLED: "It was withdrawn before anybody took it.",
        HandoffStatus.SUPERSEDED: "Who took it over escalated further: a newer handoff goes on.",
    },
)
words(
    HandoffAction,
    "What somebody can do with a handoff.",
    {
        HandoffAction.CLAIM: "Take it, and the session with it: `claimHandoff`.",
        HandoffAction.DECLINE: "Say no, as its target, so that all are asked: `declineHandoff`.",
        HandoffAction.REASSIGN: "Ask another engineer while it waits: `reassignHandoff`.",
        HandoffAction.CANCEL: "Withdraw it before anybody has taken it: `cancelHandoff`.",
        HandoffAction.RELEASE: "Let it wait again after it was claimed: `releaseHandoff`.",
        HandoffAction.RETURN: "Give it back to its raiser with guidance: `returnHandoff`.",
        HandoffAction.RESOLVE: "Resolve it together with its session: `resolveSession`.",
    },
)
words(
    Priority,
    "How urgent a handoff is. The queue shows the most urgent first.",
    {
        Priority.LOW: "It can wait until there is nothing else to do.",
        Priority.NORMAL: "In its turn.",
        Priority.HIGH: "Before others: somebody can't work, or soon won't be able to.",
        Priority.URGENT: "At once: many can't work, or damage is being done.",
    },
)
words(
    Approach,
    "How whoever takes a session over means to go about it.",
    {
        Approach.CONTINUE: "They go on where the raiser stopped.",
        Approach.FRESH_START: "They begin anew, with the problem itself.",
        Approach.AI_FIRST: "They begin with the assessment, and what it suggests.",
    },
)
words(
    Confidence,
    "How sure somebody, or the assessment, is of an explanation.",
    {
        Confidence.LOW: "A guess: little was seen that speaks for it.",
        Confidence.MEDIUM: "Some of what was seen speaks for it.",
        Confidence.HIGH: "What was seen hardly allows another.",
    },
)
words(
    StepKind,
    "What sort of entry of a timeline it is.",
    {
        StepKind.QUESTION: "Something was asked of the customer or of a colleague.",
        StepKind.CHECK: "Something was looked at or measured, and not changed.",
        StepKind.ACTION: "Something was changed.",
        StepKind.FINDING: "Something was learnt.",
        StepKind.NOTE: "Anything else worth keeping.",
        StepKind.GUIDANCE: "Advice from the engineer who was asked for help.",
    },
)
words(
    StepOutcome,
    "What came of a step.",
    {
        StepOutcome.PENDING: "Not known yet.",
        StepOutcome.WORKED: "It helped, or confirmed its hypothesis.",
        StepOutcome.FAILED: "It did not help, or ruled its hypothesis out.",
        StepOutcome.INCONCLUSIVE: "It was done, and decided nothing.",
    },
)
words(
    AssessmentState,
    "How far the assessment of a handoff has come, and what it is worth.",
    {
        AssessmentState.PENDING: "It is being written. What is known later attaches to it.",
        AssessmentState.READY: "It is there.",
        AssessmentState.TIMED_OUT: "No answer came in time. A late one may still attach.",
        AssessmentState.FAILED: "No usable answer came.",
        AssessmentState.DISABLED: "No language model is configured here. All else works.",
    },
)
words(
    Verdict,
    "What an engineer thinks of an assessment.",
    {
        Verdict.RIGHT: "It helped, or turned out to be so.",
        Verdict.WRONG: "It misled, or turned out to be otherwise.",
    },
    name="AssessmentVerdict",
)
words(
    DocumentationKind,
    "What a version of the written account was written for.",
    {
        DocumentationKind.RAISED: "The session was handed over.",
        DocumentationKind.ASSESSED: (
            "A language model's answer has come: as it was raised, with what that says."
        ),
        DocumentationKind.RESOLVED: "It was resolved: with what fixed it, and what led there.",
    },
)
words(
    DeliveryChannel,
    "Which way a message takes out of the service.",
    {
        DeliveryChannel.SLACK: "A card in a Slack channel.",
        DeliveryChannel.TEAMS: "A card in a Microsoft Teams channel.",
        DeliveryChannel.EMAIL: "An e-mail to one engineer.",
        DeliveryChannel.WEBHOOK: "A signed request to an address of the account's choice.",
        DeliveryChannel.PSA_NOTE: "A note on the ticket the session is linked to.",
    },
)
words(
    DeliveryState,
    "How far a promised message has come.",
    {
        DeliveryState.PENDING: "It will be sent; `nextAttemptAt` says when.",
        DeliveryState.SENDING: "It is being sent.",
        DeliveryState.SENT: "The receiving service accepted it.",
        DeliveryState.FAILED: "An attempt failed; another one follows at `nextAttemptAt`.",
        DeliveryState.DEAD: "Every attempt failed, and none follows by itself.",
        DeliveryState.SKIPPED: "There was nothing to send; `skipReason` says why.",
    },
)
words(
    IntegrationKind,
    "Which vendor an integration connects.",
    {
        IntegrationKind.SLACK: "Slack: a card in a channel.",
        IntegrationKind.TEAMS: "Microsoft Teams: a card in a channel.",
        IntegrationKind.WEBHOOK: "Signed requests to an address of the account's choice.",
        IntegrationKind.CONNECTWISE: "ConnectWise PSA: internal notes on tickets.",
        IntegrationKind.HALOPSA: "HaloPSA: private actions on tickets.",
        IntegrationKind.AUTOTASK: "Autotask: internal notes on tickets.",
    },
)
words(
    Health,
    "How an integration fares.",
    {
        Health.UNTRIED: "Nothing was sent over it since it was changed.",
        Health.HEALTHY: "What was sent last was accepted.",
        Health.FAILING: "What was sent last was not accepted; `lastError` says why.",
        Health.DISABLED: "Nothing is sent over it; `disabledReason` says why.",
    },
    name="IntegrationHealth",
)
words(
    AttemptOutcome,
    "What became of one try to send a message.",
    {
        AttemptOutcome.SENT: "The receiving service accepted it.",
        AttemptOutcome.FAILED: "It was not accepted, and may be later.",
        AttemptOutcome.REFUSED: "It was refused for good: something has to be changed first.",
        AttemptOutcome.LOST: "Nobody knows: the process that tried it was lost.",
    },
)
words(
    Purpose,
    "What a message tells.",
    {
        Purpose.RAISED: "Somebody asks for help.",
        Purpose.CLAIMED: "Somebody has taken the session over.",
        Purpose.RELEASED: "Whoever had taken it over gave it back: it waits again.",
        Purpose.RETURNED: "It went back to its raiser, with guidance.",
        Purpose.RESOLVED: "It is resolved.",
        Purpose.CANCELLED: "It was withdrawn.",
        Purpose.UNREACHED: "Nobody may have heard of it.",
        Purpose.ASSESSED: "A language model suggests what to do next: a card is changed.",
        Purpose.DISABLED: "The service has disabled an integration by itself. Told to ADMINs.",
        Purpose.TEST: "Somebody tries an integration.",
    },
    name="DeliveryPurpose",
)
words(
    Ineligible,
    "Why somebody can't be the target of a handoff.",
    {
        Ineligible.SELF: "It is the engineer who asks for help, or who asks on their behalf.",
        Ineligible.VIEWER: "Viewers can't take sessions over.",
        Ineligible.INACTIVE: "The engineer has left the account.",
        Ineligible.UNKNOWN: "There is no such engineer in the account.",
    },
    name="TargetIneligibility",
)
words(
    ReadinessQuestion,
    "What whoever takes a session over asks first.",
    {
        ReadinessQuestion.PROBLEM: "What exactly is the problem?",
        ReadinessQuestion.ENVIRONMENT: "What does it happen on?",
        ReadinessQuestion.TRIED: "What was tried, with which result?",
        ReadinessQuestion.EVIDENCE: "What does the evidence suggest?",
        ReadinessQuestion.REACHABILITY: "When and how can the customer be reached?",
    },
)
words(
    ReadinessItem,
    "What belongs to an answer. Each is worth points when it is there.",
    {criterion.item: f"{criterion.text} ({criterion.points} points)." for criterion in CRITERIA},
)
