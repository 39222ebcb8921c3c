"""The end of a piece of troubleshooting, and of the handoff it was taken over by."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import EventType, Role, SessionStatus
from services import events, notifications, text
from services.access import door, holder_id
from services.actor import Actor
from services.problems import NotAllowed
from services.sessions.problems import SessionNotFound, SessionNotResolvable


@dataclass(frozen=True, slots=True)
class Resolved:
    """``handoff`` is None when nobody had taken the session over, or for a repeat."""

    session: Row
    handoff: Row | None = None
    seq: int | None = None


async def resolve(
    tx: Transaction,
    actor: Actor,
    session_id: UUID,
    resolution: str,
    *,
    now: datetime,
) -> Resolved:
    """Close an ACTIVE session with what fixed it, and with it the handoff that was claimed.

    By who has it now, or an ADMIN. The same resolution again succeeds and changes nothing.
    Raises SessionNotFound, NotAllowed, SessionNotResolvable or InvalidInput.
    """
    resolution = text.required("resolution", resolution, text.LONG)
    session = await tx.fetchrow(
        f"SELECT * FROM session s WHERE id = $1 AND {door(actor, '$2')} FOR UPDATE",
        session_id,
        actor.id,
    )
    if session is None:
        raise SessionNotFound
    if holder_id(session) != actor.id and actor.role != Role.ADMIN:
        raise NotAllowed("Only who has this session now can resolve it.")
    if session["status"] != SessionStatus.ACTIVE:
        if session["status"] == SessionStatus.RESOLVED and session["resolution"] == resolution:
            return Resolved(session)
        raise SessionNotResolvable(SessionStatus(session["status"]))
    session = await tx.one(
        """
        UPDATE session SET status = 'RESOLVED', resolution = $2, resolved_at = $3, updated_at = $3
        WHERE id = $1 RETURNING *
        """,
        session_id,
        resolution,
        now,
    )
    handoff = await tx.fetchrow(
        """
        UPDATE handoff SET status = 'RESOLVED', closed_at = $2
        WHERE session_id = $1 AND status = 'CLAIMED' RETURNING *, true AS door
        """,
        session_id,
        now,
    )
    if handoff is None:
        return Resolved(session)
    bell = await notifications.tell(
        tx,
        [handoff["raised_by_id"]],
        handoff["id"],
        actor=actor,
        about=EventType.HANDOFF_RESOLVED,
        title=f"{actor.name} resolved: {handoff['problem_summary']}",
        now=now,
    )
    seq = await events.record(
        tx,
        EventType.HANDOFF_RESOLVED,
        handoff["id"],
        actor,
        now=now,
        notified=bell.engineers,
        notifications=bell.items,
    )
    return Resolved(session, handoff, seq)
