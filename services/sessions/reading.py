"""Sessions as their readers see them: through the door, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from db.database import Row
from db.models.vocabulary import SessionStatus
from services.access import door, seen_through
from services.actor import Actor
from services.conditions import Conditions
from services.joined import Joined
from services.views import Viewing


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Empty means no condition. ``mine``: owned, or taken over, by the reader."""

    statuses: tuple[SessionStatus, ...] = ()
    owner_id: UUID | None = None
    mine: bool = False
    ticket_number: str | None = None


BEGINNING: Final = 0
END: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class StepWindow:
    """Up to ``limit`` steps between two positions (exclusive): the first ones, or the last."""

    limit: int
    after: int = BEGINNING
    before: int = END
    from_end: bool = False


async def by_ids(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """Those the actor may see, in no particular order."""
    return await view.fetch(
        f"""
        SELECT s.*, {seen_through(actor, "$2")} FROM session s
        WHERE s.id = ANY ($1) AND {door(actor, "$2")}
        """,
        ids,
        actor.id,
    )


async def page(
    view: Viewing,
    actor: Actor,
    wanted: SessionFilter,
    *,
    first: int,
    after: UUID | None = None,
    joined: Joined | None = None,
) -> Sequence[Row]:
    """Up to ``first`` sessions the actor may see, newest first, older than ``after``.

    One more is there when there are more: it is not to be shown. Whole rows, unless it is said
    what is wanted of them, ``joined``.
    """
    conditions = Conditions(
        f"s.account_id = $1 AND {door(actor, '$2')}", actor.account_id, actor.id
    )
    if after is not None:
        conditions.add("s.id < {}", after)
    if wanted.statuses:
        conditions.add("s.status = ANY ({}::text[])", list(wanted.statuses))
    if wanted.owner_id is not None:
        conditions.add("s.owner_id = {}", wanted.owner_id)
    if wanted.mine:
        conditions.add("(s.owner_id = $2 OR s.escalated_to_id = $2)")
    if wanted.ticket_number is not None:
        conditions.add("s.ticket_number = {}", wanted.ticket_number)
    order = "s.id DESC"
    if joined is None:
        listed = f"""
            SELECT s.*, {seen_through(actor, "$2")} FROM session s
            WHERE {conditions} ORDER BY {order} LIMIT {conditions.place(first + 1)}
        """
    else:
        listed = joined.select(actor, conditions, order, first + 1)
    return await view.fetch(
        f"SELECT s.* FROM ({listed}) s ORDER BY {order}", *conditions.values, shown=first
    )


async def steps_pages(
    view: Viewing, actor: Actor, session_ids: Sequence[UUID], window: StepWindow
) -> Sequence[Row]:
    """The same window of several timelines, each in order, of sessions the actor may see."""
    direction = "DESC" if window.from_end else "ASC"
    return await view.fetch(
        f"""
        SELECT t.*, {seen_through(actor, "$2")} FROM session s CROSS JOIN LATERAL (
            SELECT * FROM step
            WHERE account_id = s.account_id AND session_id = s.id
              AND position > $4 AND position < $5
            ORDER BY position {direction} LIMIT $6
        ) t
        WHERE s.account_id = $1 AND {door(actor, "$2")} AND s.id = ANY ($3)
        ORDER BY t.session_id, t.position
        """,
        actor.account_id,
        actor.id,
        session_ids,
        window.after,
        window.before,
        window.limit,
    )


async def steps_by_ids(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """Steps of sessions the actor may see."""
    return await view.fetch(
        f"""
        SELECT t.*, {seen_through(actor, "$2")} FROM step t
        JOIN session s ON s.account_id = t.account_id AND s.id = t.session_id
        WHERE t.id = ANY ($1) AND {door(actor, "$2")}
        """,
        ids,
        actor.id,
    )


async def suggested_steps(
    view: Viewing, actor: Actor, handoff_ids: Sequence[UUID]
) -> Sequence[Row]:
    """Steps that were suggested by the assessments of these handoffs."""
    return await view.fetch(
        f"""
        SELECT t.*, {seen_through(actor, "$2")} FROM step t
        JOIN session s ON s.account_id = t.account_id AND s.id = t.session_id
        WHERE t.suggested_in_id = ANY ($1) AND {door(actor, "$2")}
        """,
        handoff_ids,
        actor.id,
    )
