"""The end of a piece of troubleshooting, and of the handoff it was taken over by."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.database import Columns, Row, Transaction
from db.models.vocabulary import HandoffStatus, Role, SessionStatus
from services import text
from services.access import door, holder_id
from services.actor import Actor
from services.handoffs.documenting import document_end
from services.handoffs.problems import HandoffChanged
from services.handoffs.rules import HandoffAction, refusal
from services.handoffs.transitions import finish
from services.problems import NotAllowed
from services.sessions.problems import SessionNotFound, SessionNotResolvable


@dataclass(frozen=True, slots=True)
class Resolved:
    """``handoff`` is None when nobody had taken the session over, or for a repeat."""

    session: Row
    handoff: Columns | None = None
    seq: int | None = None


async def resolve(
    tx: Transaction,
    actor: Actor,
    session_id: UUID,
    resolution: str,
    *,
    now: datetime,
    expected_version: int | None = None,
) -> Resolved:
    """Close an ACTIVE session with what fixed it, and with it the handoff that was claimed; the
    written account gets its last version.

    By who has it now, or an ADMIN. The same resolution again succeeds and changes nothing, so it
    needs no key. ``expected_version`` is of its handoff, of the last one when none is alive.
    Raises SessionNotFound, NotAllowed, SessionNotResolvable, HandoffChanged or InvalidInput.
    """
    resolution = text.required("resolution", resolution, text.LONG)
    # locked before its handoff is read, as everywhere: so what is read stays true
    session = await tx.fetchrow(
        f"SELECT * FROM session s WHERE id = $1 AND {door(actor, '$2')} FOR NO KEY UPDATE",
        session_id,
        actor.id,
    )
    if session is None:
        raise SessionNotFound
    last = await _last_handoff(tx, actor, session_id)
    is_repeat = (session["status"], session["resolution"]) == (SessionStatus.RESOLVED, resolution)
    stale = last is not None and expected_version not in (None, last["version"])
    if stale and not is_repeat:
        raise HandoffChanged(last)
    handoff = last if last is not None and last["status"] == HandoffStatus.CLAIMED else None
    _refuse(actor, session, handoff)
    if is_repeat:
        return Resolved(session)
    if session["status"] != SessionStatus.ACTIVE:
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
    if handoff is None:
        await document_end(tx, session_id, last["id"] if last else None, actor.name)
        return Resolved(session)
    await tx.execute(
        "UPDATE handoff SET status = 'RESOLVED', closed_at = $2, version = version + 1 "
        "WHERE id = $1",
        handoff["id"],
        now,
    )
    await document_end(tx, session_id, handoff["id"], actor.name)
    moved = await finish(
        tx,
        actor,
        HandoffAction.RESOLVE,
        handoff["id"],
        now=now,
        tell=[handoff["raised_by_id"], handoff["claimed_by_id"]],
        title=f"{actor.name} resolved: {handoff['problem_summary']}",
        data={"resolution": resolution},
    )
    return Resolved(session, moved.handoff, moved.seq)


async def _last_handoff(tx: Transaction, actor: Actor, session_id: UUID) -> Row | None:
    """The one that is alive, or else the newest."""
    return await tx.fetchrow(
        """
        SELECT h.*, true AS door FROM handoff h WHERE account_id = $1 AND session_id = $2
        ORDER BY status IN ('OPEN', 'CLAIMED') DESC, id DESC LIMIT 1
        """,
        actor.account_id,
        session_id,
    )


def _refuse(actor: Actor, session: Row, handoff: Row | None) -> None:
    if handoff is not None:
        problem = refusal(HandoffAction.RESOLVE, actor, handoff)
        if problem is not None:
            raise problem
    elif holder_id(session) != actor.id and actor.role != Role.ADMIN:
        raise NotAllowed("Only who has this session now can resolve it.")
