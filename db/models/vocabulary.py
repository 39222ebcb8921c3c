"""The closed word lists, shared by tables, rules and the schema.

Each value equals its name, so a column, a JSON document and a GraphQL answer carry the same word.
"""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    VIEWER = "VIEWER"
    ENGINEER = "ENGINEER"
    ADMIN = "ADMIN"


class SessionStatus(StrEnum):
    ACTIVE = "ACTIVE"
    REQUESTING_ESCALATION = "REQUESTING_ESCALATION"  # legacy name of ESCALATED: read, never written
    ESCALATED = "ESCALATED"
    RESOLVED = "RESOLVED"


class HandoffIntent(StrEnum):
    ESCALATE = "ESCALATE"
    SHIFT_CHANGE = "SHIFT_CHANGE"


class HandoffStatus(StrEnum):
    OPEN = "OPEN"
    CLAIMED = "CLAIMED"
    RETURNED = "RETURNED"
    RESOLVED = "RESOLVED"
    CANCELLED = "CANCELLED"
    SUPERSEDED = "SUPERSEDED"  # its claimer escalated the session further


class Priority(StrEnum):
    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"
    URGENT = "URGENT"


class Approach(StrEnum):
    """How whoever takes a session over means to go about it."""

    CONTINUE = "CONTINUE"
    FRESH_START = "FRESH_START"
    AI_FIRST = "AI_FIRST"


class Confidence(StrEnum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class StepKind(StrEnum):
    QUESTION = "QUESTION"
    CHECK = "CHECK"
    ACTION = "ACTION"
    FINDING = "FINDING"
    NOTE = "NOTE"
    GUIDANCE = "GUIDANCE"


TRIED: Final = (StepKind.CHECK, StepKind.ACTION)
"""Kinds of steps with which something is tried: their outcome tells what came of it."""


class StepOutcome(StrEnum):
    PENDING = "PENDING"
    WORKED = "WORKED"
    FAILED = "FAILED"
    INCONCLUSIVE = "INCONCLUSIVE"


class AssessmentState(StrEnum):
    PENDING = "PENDING"
    READY = "READY"
    TIMED_OUT = "TIMED_OUT"
    FAILED = "FAILED"
    DISABLED = "DISABLED"


class AssessmentReason(StrEnum):
    """Why there is nothing of a model in an assessment."""

    NO_KEY = "NO_KEY"
    OUT_OF_TIME = "OUT_OF_TIME"
    WORKER_LOST = "WORKER_LOST"  # with it in hand, twice
    RATE_LIMITED = "RATE_LIMITED"
    OVERLOADED = "OVERLOADED"  # or broken: the vendor's 5xx
    UNREACHABLE = "UNREACHABLE"
    REJECTED = "REJECTED"  # key, model or question: the vendor's 4xx
    REFUSED = "REFUSED"  # by the model
    TRUNCATED = "TRUNCATED"
    MALFORMED = "MALFORMED"
    NOTHING_STOOD = "NOTHING_STOOD"
    INTERNAL = "INTERNAL"
    BUDGET_SPENT = "BUDGET_SPENT"


class Verdict(StrEnum):
    """What somebody thinks of an assessment."""

    RIGHT = "RIGHT"
    WRONG = "WRONG"


class DocumentationKind(StrEnum):
    """What a version of the written account was written for."""

    RAISED = "RAISED"
    ASSESSED = "ASSESSED"
    RESOLVED = "RESOLVED"


class DeliveryChannel(StrEnum):
    SLACK = "SLACK"
    TEAMS = "TEAMS"
    EMAIL = "EMAIL"
    WEBHOOK = "WEBHOOK"
    PSA_NOTE = "PSA_NOTE"


class DeliveryState(StrEnum):
    PENDING = "PENDING"
    SENDING = "SENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    DEAD = "DEAD"
    SKIPPED = "SKIPPED"


class IntegrationKind(StrEnum):
    SLACK = "SLACK"
    TEAMS = "TEAMS"
    WEBHOOK = "WEBHOOK"
    CONNECTWISE = "CONNECTWISE"
    HALOPSA = "HALOPSA"
    AUTOTASK = "AUTOTASK"


class AttemptOutcome(StrEnum):
    """What became of one try to carry a delivery out."""

    SENT = "SENT"
    FAILED = "FAILED"  # it may work later
    REFUSED = "REFUSED"  # it will not, however often it is tried
    LOST = "LOST"  # the worker died or slept through its lease; nobody knows


class EventType(StrEnum):
    """What an entry of the account's log says happened."""

    HANDOFF_CREATED = "handoff.created"
    HANDOFF_CLAIMED = "handoff.claimed"
    HANDOFF_DECLINED = "handoff.declined"
    HANDOFF_REASSIGNED = "handoff.reassigned"
    HANDOFF_RELEASED = "handoff.released"
    HANDOFF_RETURNED = "handoff.returned"
    HANDOFF_RESOLVED = "handoff.resolved"
    HANDOFF_CANCELLED = "handoff.cancelled"
    HANDOFF_UNREACHED = "handoff.unreached"
    INTEGRATION_DISABLED = "integration.disabled"  # by the service itself; about no handoff
    ASSESSMENT_FINISHED = "assessment.finished"  # by the service itself
    ASSESSMENT_RATED = "assessment.rated"


IN_TRANSIT = (SessionStatus.ESCALATED, SessionStatus.REQUESTING_ESCALATION)
"""A session waiting for somebody to take it over, under its present and its legacy name."""
