"""Versions of the written account, for those who may see the session."""

from collections.abc import Sequence
from uuid import UUID

from db.database import Row
from services.access import door, seen_through
from services.actor import Actor
from services.views import Viewing


async def by_handoffs(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """The newest version written for each handoff whose session the actor may see."""
    return await view.fetch(
        f"""
        SELECT DISTINCT ON (d.handoff_id) d.*, {seen_through(actor, "$2")} FROM documentation d
        JOIN session s ON s.account_id = d.account_id AND s.id = d.session_id
        WHERE d.handoff_id = ANY ($1) AND {door(actor, "$2")}
        ORDER BY d.handoff_id, d.version DESC
        """,
        ids,
        actor.id,
    )


async def by_sessions(
    view: Viewing, actor: Actor, ids: Sequence[UUID], version: int | None = None
) -> Sequence[Row]:
    """The newest version of each session that the actor may see, or the one of this number."""
    return await view.fetch(
        f"""
        SELECT DISTINCT ON (d.session_id) d.*, {seen_through(actor, "$2")} FROM documentation d
        JOIN session s ON s.account_id = d.account_id AND s.id = d.session_id
        WHERE d.session_id = ANY ($1) AND {door(actor, "$2")}
          AND ($3::int IS NULL OR d.version = $3)
        ORDER BY d.session_id, d.version DESC
        """,
        ids,
        actor.id,
        version,
    )


async def by_ids(view: Viewing, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """Of sessions the actor may see; any version."""
    return await view.fetch(
        f"""
        SELECT d.*, {seen_through(actor, "$2")} FROM documentation d
        JOIN session s ON s.account_id = d.account_id AND s.id = d.session_id
        WHERE d.id = ANY ($1) AND {door(actor, "$2")}
        """,
        ids,
        actor.id,
    )
