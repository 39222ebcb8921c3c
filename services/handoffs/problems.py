"""Refusals about handoffs."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from db.models.vocabulary import AssessmentState, HandoffStatus, SessionStatus
from services.handoffs.readiness import Readiness
from services.problems import Problem


class HandoffNotFound(Problem):
    def __init__(self) -> None:
        super().__init__("There is no such handoff in your account.")


class HandoffAlreadyClaimed(Problem):
    """``claimed_by`` is the winner's row of table engineer."""

    def __init__(self, claimed_by: Any, claimed_at: datetime) -> None:
        super().__init__(f"{claimed_by['name']} is already on this handoff.")
        self.claimed_by = claimed_by
        self.claimed_at = claimed_at


class HandoffNotOpen(Problem):
    def __init__(self, status: HandoffStatus) -> None:
        super().__init__(f"This handoff is {status.value.lower()}: it doesn't wait any more.")
        self.status = status


class HandoffNotClaimed(Problem):
    def __init__(self, status: HandoffStatus) -> None:
        super().__init__(f"This handoff is {status.value.lower()}: nobody has it now.")
        self.status = status


class HandoffChanged(Problem):
    """``handoff`` is its row as it is now, with ``door``."""

    def __init__(self, handoff: Any) -> None:
        super().__init__("This handoff has changed since you saw it. Look again before you act.")
        self.handoff = handoff


class SuggestionNotFound(Problem):
    def __init__(self) -> None:
        super().__init__("The assessment of this handoff suggests no such step. Look again.")


class AssessmentNotReady(Problem):
    def __init__(self, state: AssessmentState) -> None:
        still = state is AssessmentState.PENDING
        super().__init__(
            "This assessment is still being written. Rate it when it is there."
            if still
            else "There is nothing of a language model in this assessment that could be rated."
        )
        self.state = state


class OwnHandoff(Problem):
    def __init__(self) -> None:
        super().__init__(
            "You raised this handoff yourself, so somebody else has to take it. To go on alone, "
            "cancel it."
        )


class SessionNotEscalatable(Problem):
    def __init__(self, status: SessionStatus) -> None:
        told = {
            SessionStatus.RESOLVED: "It is resolved. Start a new session to go on.",
        }.get(status, "It waits for somebody to take it over already.")
        super().__init__(f"This session can't be escalated. {told}")
        self.status = status


class NotReady(Problem):
    """The account asks for a minimum, and ``readiness`` does not reach it."""

    def __init__(self, readiness: Readiness) -> None:
        least = max(readiness.answers, key=lambda answer: answer.possible - answer.score)
        super().__init__(
            f"This session scores {readiness.score} of the {readiness.minimum} points that your "
            f"account asks for before it is handed over. {least.ask}"
        )
        self.readiness = readiness


class SessionsNotEscalatable(Problem):
    """``refusals`` has the id and the refusal of each session that stands in the way."""

    def __init__(self, refusals: list[tuple[UUID, Problem]]) -> None:
        super().__init__(
            f"{len(refusals)} of these sessions can't be escalated, so none was. See each refusal."
        )
        self.refusals = refusals


class Ineligible(StrEnum):
    """Why somebody can't be the target of a handoff."""

    SELF = "SELF"
    VIEWER = "VIEWER"
    INACTIVE = "INACTIVE"
    UNKNOWN = "UNKNOWN"


class TargetNotEligible(Problem):
    def __init__(self, reason: Ineligible) -> None:
        super().__init__(
            {
                Ineligible.SELF: "A session can't be handed to the engineer who asks for help. "
                "Choose somebody else, or nobody, so that everybody eligible is told.",
                Ineligible.VIEWER: "Viewers can't take sessions over. Choose an engineer.",
                Ineligible.INACTIVE: "This engineer has left the account. Choose somebody else.",
                Ineligible.UNKNOWN: "There is no such engineer in your account.",
            }[reason]
        )
        self.reason = reason
