"""What all changes of a handoff have in common: the lock, the guards, the event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from db.database import Columns, Row, Transaction
from services import deliveries, events, idempotency, notifications
from services.access import door
from services.actor import Actor
from services.handoffs.problems import HandoffChanged, HandoffNotFound
from services.handoffs.rules import TRANSITIONS, HandoffAction, refusal


@dataclass(frozen=True, slots=True)
class Guard:
    """What keeps a repeated or a stale request from doing harm.

    With ``key`` a request is carried out once, however often it comes and whatever happened since.
    With ``expected_version`` only if the handoff is still the one that was seen.
    """

    key: str | None = None
    expected_version: int | None = None


UNGUARDED: Final = Guard()


@dataclass(frozen=True, slots=True)
class Moved:
    """``seq`` is the event's number, None for a repeat that did nothing."""

    handoff: Columns
    seq: int | None


async def take_up(
    tx: Transaction,
    actor: Actor,
    action: HandoffAction,
    handoff_id: UUID,
    *,
    guard: Guard,
    request: Mapping[str, Any],
) -> Row | None:
    """The handoff, when ``actor`` may do ``action`` to it now; its session is locked from here on.

    None when this very request was carried out before: answer with ``as_it_is``. Whoever changes a
    session or a handoff of it locks the session first, then the log: in this one order, or two
    could wait for each other. FOR NO KEY UPDATE lets rows be written that only refer to it.

    Raises HandoffNotFound, HandoffChanged, IdempotencyConflict, InvalidInput, or what the rule
    refuses.
    """
    if guard.key is not None:
        wanted = {"handoffId": handoff_id} | dict(request)
        earlier = await idempotency.remember(
            tx, actor, action.value, guard.key, wanted, result_id=handoff_id
        )
        if earlier is not None:
            return None
    handoff = await locked(tx, actor, handoff_id)
    if guard.expected_version not in (None, handoff["version"]):
        raise HandoffChanged(handoff)
    problem = refusal(action, actor, handoff)
    if problem is not None:
        raise problem
    return handoff


async def locked(tx: Transaction, actor: Actor, handoff_id: UUID) -> Row:
    """The handoff; its session is locked from here on. Raises HandoffNotFound."""
    await tx.execute(
        """
        SELECT FROM handoff h JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        WHERE h.account_id = $1 AND h.id = $2 FOR NO KEY UPDATE OF s
        """,
        actor.account_id,
        handoff_id,
    )
    # by a statement of its own: it sees what changed while the lock was waited for
    return await _read(tx, actor, handoff_id)


async def as_it_is(tx: Transaction, actor: Actor, handoff_id: UUID) -> Moved:
    """The answer to a repeat: the handoff as it is now. Raises HandoffNotFound."""
    return Moved(await _read(tx, actor, handoff_id), None)


async def _read(tx: Transaction, actor: Actor, handoff_id: UUID) -> Row:
    handoff = await tx.fetchrow(
        f"""
        SELECT h.*, {door(actor, "$3")} AS door FROM handoff h
        JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        WHERE h.account_id = $1 AND h.id = $2
        """,
        actor.account_id,
        handoff_id,
        actor.id,
    )
    if handoff is None:
        raise HandoffNotFound
    return handoff


async def finish(
    tx: Transaction,
    actor: Actor,
    action: HandoffAction,
    handoff_id: UUID,
    *,
    now: datetime,
    tell: Sequence[UUID],
    title: str,
    data: Mapping[str, Any] | None = None,
) -> Moved:
    """After the rows have changed: follow-ups outside, the bell inside, the event last."""
    about = TRANSITIONS[action].event
    changed = await _read(tx, actor, handoff_id)
    await deliveries.follow_up(tx, handoff_id, about, changed["version"], now=now)
    everybody = list(dict.fromkeys(tell))
    bell = await notifications.tell(
        tx, everybody, handoff_id, actor=actor, about=about, title=title, now=now
    )
    seq = await events.record(
        tx,
        about,
        handoff_id,
        actor,
        now=now,
        notified=bell.engineers,
        notifications=bell.items,
        data=data,
    )
    return Moved(changed, seq)
