"""Handoffs as their readers see them: the record always, the content through the session's door.

Every row carries ``door``: may this reader see the content?
Source: docs/handoffs.md, "Who may see what".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import HandoffIntent, HandoffStatus, Priority
from services.access import door, seen_through
from services.actor import Actor
from services.conditions import Conditions
from services.joined import Joined
from services.views import Viewing


@dataclass(frozen=True, slots=True)
class HandoffFilter:
    """Empty means no condition. The three last are about the reader."""

    statuses: tuple[HandoffStatus, ...] = ()
    priorities: tuple[Priority, ...] = ()
    intent: HandoffIntent | None = None
    session_id: UUID | None = None
    raised_by_me: bool = False
    claimed_by_me: bool = False
    for_me: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The queue at one instant: ``seq`` is the last event it includes."""

    seq: int
    count: int
    rows: Sequence[Row]


def _handoffs(actor: Actor, me: str) -> str:
    return f"""
        SELECT h.*, {door(actor, me)} AS door FROM handoff h
        JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
    """


def _listed(
    actor: Actor,
    joined: Joined | None,
    conditions: Conditions,
    order: str,
    first: int,
    *,
    waits: bool = False,
) -> str:
    """The first in that order, but not in order yet. The actor's id is $2."""
    if joined is not None:
        return joined.select(actor, conditions, order, first, waits=waits)
    listed = f"{_handoffs(actor, '$2')} WHERE {conditions} ORDER BY {order}"
    return f"{listed} LIMIT {conditions.place(first)}"


async def by_ids(tx: Transaction, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """With ``session_owner_id`` and ``session_holder_id`` (null unless somebody took it over)."""
    return await tx.fetch(
        f"""
        SELECT h.*, {door(actor, "$2")} AS door,
               s.owner_id AS session_owner_id, s.escalated_to_id AS session_holder_id
        FROM handoff h JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        WHERE h.id = ANY ($1)
        """,
        ids,
        actor.id,
    )


# Each order is total, so a page can begin after any row. Ids grow with time.
BY_AGE: Final = "h.id {direction}"
BY_PRIORITY: Final = "h.priority_rank {direction}, h.id {direction}"


async def page(
    tx: Transaction,
    actor: Actor,
    wanted: HandoffFilter,
    *,
    first: int,
    by_priority: bool = False,
    descending: bool = True,
    after: tuple[int, UUID] | None = None,
    joined: Joined | None = None,
) -> Sequence[Row]:
    """Up to ``first`` handoffs after the one with (priority rank, id) ``after``.

    Newest first, or with ``by_priority`` the most urgent first; the other way round when not
    ``descending``. Whole rows, unless it is said what is wanted of them, ``joined``.
    """
    direction, beyond = ("DESC", "<") if descending else ("ASC", ">")
    order = (BY_PRIORITY if by_priority else BY_AGE).format(direction=direction)
    conditions = _conditions(actor, wanted)
    if after is not None:
        rank, last = after
        if by_priority:
            conditions.add(f"(h.priority_rank, h.id) {beyond} ({{}}::int, {{}}::uuid)", rank, last)
        else:
            conditions.add(f"h.id {beyond} {{}}", last)
    listed = _listed(actor, joined, conditions, order, first)
    return await tx.fetch(f"SELECT h.* FROM ({listed}) h ORDER BY {order}", *conditions.values)


def _conditions(actor: Actor, wanted: HandoffFilter) -> Conditions:
    # the second is there in any case: what reads no content does not ask who the reader is
    conditions = Conditions(
        "h.account_id = $1 AND $2::uuid IS NOT NULL", actor.account_id, actor.id
    )
    if wanted.statuses:
        conditions.add("h.status = ANY ({}::text[])", list(wanted.statuses))
    if wanted.priorities:
        conditions.add("h.priority = ANY ({}::text[])", list(wanted.priorities))
    if wanted.intent is not None:
        conditions.add("h.intent = {}", wanted.intent)
    if wanted.session_id is not None:
        conditions.add("h.session_id = {}", wanted.session_id)
    if wanted.raised_by_me:
        conditions.add("h.raised_by_id = $2")
    if wanted.claimed_by_me:
        conditions.add("h.claimed_by_id = $2")
    if wanted.for_me:
        conditions.add("h.target_id = $2")
    return conditions


async def queue(
    tx: Transaction,
    actor: Actor,
    *,
    first: int,
    after: tuple[int, UUID] | None = None,
    joined: Joined | None = None,
) -> Waiting:
    """What waits for somebody other than the reader, most urgent and then longest waiting first.

    List, count and position in the log come from one statement, so they are true at the same
    instant and the stream after ``seq`` has neither gap nor repeat. Whole rows, unless it is said
    what is wanted of them, ``joined``.
    """
    conditions = Conditions(
        "h.account_id = $1 AND h.status = 'OPEN' AND h.raised_by_id <> $2",
        actor.account_id,
        actor.id,
    )
    if after is not None:
        conditions.add("(-h.priority_rank, h.id) > (-{}::int, {}::uuid)", *after)
    order = "h.priority_rank DESC, h.id"
    listed = _listed(actor, joined, conditions, order, first, waits=True)
    rows = await tx.fetch(
        f"""
        SELECT q.*, now_.seq AS head, now_.waiting FROM (
            SELECT coalesce((SELECT seq FROM event_counter WHERE account_id = $1), 0) AS seq,
                   (SELECT count(*) FROM handoff WHERE account_id = $1 AND status = 'OPEN'
                      AND raised_by_id <> $2) AS waiting
        ) now_
        LEFT JOIN LATERAL ({listed}) q ON true
        ORDER BY q.priority_rank DESC, q.id
        """,
        *conditions.values,
    )
    head: Any = rows[0]
    return Waiting(head["head"], head["waiting"], [row for row in rows if row["id"] is not None])


async def batch(tx: Transaction, actor: Actor, batch_id: UUID) -> Sequence[Row]:
    """Handoffs that were raised together, in the order they were asked for."""
    return await tx.fetch(
        f"{_handoffs(actor, '$2')} WHERE h.account_id = $1 AND h.batch_id = $3 ORDER BY h.id",
        actor.account_id,
        actor.id,
        batch_id,
    )


async def waiting_count(tx: Transaction, actor: Actor) -> int:
    """How many wait for somebody other than the reader."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM handoff "
        "WHERE account_id = $1 AND status = 'OPEN' AND raised_by_id <> $2",
        actor.account_id,
        actor.id,
    )
    return count


async def pages_of_sessions(
    tx: Transaction,
    actor: Actor,
    session_ids: Sequence[UUID],
    *,
    first: int,
    after: UUID | None = None,
) -> Sequence[Row]:
    """Up to ``first`` handoffs of each session, newest first, older than ``after``."""
    return await tx.fetch(
        f"""
        SELECT h.* FROM unnest($3::uuid[]) AS wanted (id) CROSS JOIN LATERAL (
            {_handoffs(actor, "$2")}
            WHERE h.account_id = $1 AND h.session_id = wanted.id AND ($4::uuid IS NULL OR h.id < $4)
            ORDER BY h.id DESC LIMIT $5
        ) h
        ORDER BY h.session_id, h.id DESC
        """,
        actor.account_id,
        actor.id,
        session_ids,
        after,
        first,
    )


# All but the timeline: it is most of a snapshot, and a list of handoffs seldom shows it.
SUMMARY: Final = """
    c.handoff_id, c.captured_at, c.problem_summary, c.problem_domain, c.environment,
    c.customer_name, c.customer_contact, c.customer_reachable_until, c.confidence_tier,
    c.ticket_system, c.ticket_number, c.step_count, c.branch_count, c.hypotheses_open,
    c.hypotheses_ruled_out, c.left_out
"""


async def snapshots(view: Viewing, actor: Actor, handoff_ids: Sequence[UUID]) -> Sequence[Row]:
    """Without their timelines."""
    return await _content(view, actor, "snapshot", SUMMARY, handoff_ids)


async def timelines(view: Viewing, actor: Actor, handoff_ids: Sequence[UUID]) -> Sequence[Row]:
    """(handoff_id, timeline, hypotheses_open) of snapshots."""
    columns = "c.handoff_id, c.timeline, c.hypotheses_open"
    return await _content(view, actor, "snapshot", columns, handoff_ids)


async def assessments(view: Viewing, actor: Actor, handoff_ids: Sequence[UUID]) -> Sequence[Row]:
    return await _content(view, actor, "assessment", "c.*", handoff_ids)


async def _content(
    view: Viewing, actor: Actor, table: str, columns: str, ids: Sequence[UUID]
) -> Sequence[Row]:
    """Rows that belong to handoffs whose session the actor may see."""
    return await view.fetch(
        f"""
        SELECT {columns}, {seen_through(actor, "$2", handoff="h")} FROM {table} c
        JOIN handoff h ON h.account_id = c.account_id AND h.id = c.handoff_id
        JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        WHERE c.handoff_id = ANY ($1) AND {door(actor, "$2")}
        """,
        ids,
        actor.id,
    )
