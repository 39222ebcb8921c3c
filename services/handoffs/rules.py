"""What may happen to a handoff, by whom: the one place that says so.

Mutations ask it before they act, and ``Handoff.viewerCan`` shows what it answers.
Source: docs/handoffs.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from db.database import Columns
from db.models.vocabulary import EventType, HandoffStatus, Role, SessionStatus
from services.actor import Actor
from services.handoffs.problems import HandoffNotClaimed, HandoffNotOpen, OwnHandoff
from services.problems import NotAllowed, Problem


class HandoffAction(StrEnum):
    CLAIM = "CLAIM"
    DECLINE = "DECLINE"
    REASSIGN = "REASSIGN"
    CANCEL = "CANCEL"
    RELEASE = "RELEASE"
    RETURN = "RETURN"
    RESOLVE = "RESOLVE"


class Party(StrEnum):
    """How somebody stands to a handoff. The values are the words of docs/handoffs.md."""

    COLLEAGUE = "any engineer but the raiser"
    TARGET = "target"
    RAISER = "raiser"
    CLAIMER = "claimer"
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True)
class Transition:
    """``session`` is what its session's status becomes, None where it stays."""

    start: HandoffStatus
    by: tuple[Party, ...]
    end: HandoffStatus
    session: SessionStatus | None
    event: EventType


TRANSITIONS: Final[Mapping[HandoffAction, Transition]] = {
    HandoffAction.CLAIM: Transition(
        HandoffStatus.OPEN,
        (Party.COLLEAGUE,),
        HandoffStatus.CLAIMED,
        SessionStatus.ACTIVE,
        EventType.HANDOFF_CLAIMED,
    ),
    HandoffAction.DECLINE: Transition(
        HandoffStatus.OPEN,
        (Party.TARGET,),
        HandoffStatus.OPEN,
        None,
        EventType.HANDOFF_DECLINED,
    ),
    HandoffAction.REASSIGN: Transition(
        HandoffStatus.OPEN,
        (Party.RAISER, Party.ADMIN),
        HandoffStatus.OPEN,
        None,
        EventType.HANDOFF_REASSIGNED,
    ),
    HandoffAction.CANCEL: Transition(
        HandoffStatus.OPEN,
        (Party.RAISER, Party.ADMIN),
        HandoffStatus.CANCELLED,
        SessionStatus.ACTIVE,
        EventType.HANDOFF_CANCELLED,
    ),
    HandoffAction.RELEASE: Transition(
        HandoffStatus.CLAIMED,
        (Party.CLAIMER, Party.ADMIN),
        HandoffStatus.OPEN,
        SessionStatus.ESCALATED,
        EventType.HANDOFF_RELEASED,
    ),
    HandoffAction.RETURN: Transition(
        HandoffStatus.CLAIMED,
        (Party.CLAIMER,),
        HandoffStatus.RETURNED,
        SessionStatus.ACTIVE,
        EventType.HANDOFF_RETURNED,
    ),
    HandoffAction.RESOLVE: Transition(
        HandoffStatus.CLAIMED,
        (Party.CLAIMER, Party.ADMIN),
        HandoffStatus.RESOLVED,
        SessionStatus.RESOLVED,
        EventType.HANDOFF_RESOLVED,
    ),
}


def refusal(action: HandoffAction, actor: Actor, handoff: Columns) -> Problem | None:
    """Why ``actor`` may not do it now; None when they may. ``handoff`` has its table's columns."""
    transition = TRANSITIONS[action]
    if actor.role == Role.VIEWER:
        return NotAllowed("Viewers can look at handoffs and do nothing with them.")
    if action is HandoffAction.CLAIM and handoff["raised_by_id"] == actor.id:
        return OwnHandoff()
    if handoff["status"] != transition.start:
        status = HandoffStatus(handoff["status"])
        is_open = transition.start is HandoffStatus.OPEN
        return HandoffNotOpen(status) if is_open else HandoffNotClaimed(status)
    if not any(_is(party, actor, handoff) for party in transition.by):
        who = " or ".join(transition.by)
        return NotAllowed(f"Only its {who} can {action.value.lower()} this handoff.")
    return None


def refusal_to_start(actor: Actor, handoff: Columns) -> Problem | None:
    """Why ``actor`` may not take up what the handoff's assessment suggests; None when they may.

    It changes the session and not the handoff, so it is none of the actions:
    ``SuggestedStep.viewerCanStart`` shows it.
    """
    if actor.role == Role.VIEWER:
        return NotAllowed("Viewers can look at handoffs and do nothing with them.")
    if handoff["status"] != HandoffStatus.CLAIMED:
        return HandoffNotClaimed(HandoffStatus(handoff["status"]))
    if not any(_is(party, actor, handoff) for party in (Party.CLAIMER, Party.ADMIN)):
        return NotAllowed("Only its claimer or an ADMIN can start what is suggested.")
    return None


def refusal_to_rate(handoff: Columns) -> Problem | None:
    """Why whoever has read ``handoff``, with its `door`, may not say what they think of its
    assessment; None when they may. ``Assessment.viewerCanRate`` shows it."""
    if not handoff["door"]:
        return NotAllowed("Only who may see the session can rate its assessment.")
    return None


def allowed(actor: Actor, handoff: Columns) -> list[HandoffAction]:
    """What ``actor`` may do now."""
    return [action for action in HandoffAction if refusal(action, actor, handoff) is None]


def _is(party: Party, actor: Actor, handoff: Columns) -> bool:
    match party:
        case Party.COLLEAGUE:
            return bool(handoff["raised_by_id"] != actor.id)
        case Party.TARGET:
            return bool(handoff["target_id"] == actor.id)
        case Party.RAISER:
            return bool(handoff["raised_by_id"] == actor.id)
        case Party.CLAIMER:
            return bool(handoff["claimed_by_id"] == actor.id)
        case Party.ADMIN:
            return actor.role == Role.ADMIN
