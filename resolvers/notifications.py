"""The caller's own bell."""

from dataclasses import dataclass
from operator import itemgetter
from uuid import UUID

from db.database import Row
from resolvers.context import Context
from resolvers.pages import LARGEST, Page
from services import ids, notifications
from services.ids import Kind
from services.problems import InvalidInput


@dataclass(frozen=True, slots=True)
class Marked:
    """``items`` are the newest of the ``count`` that were marked."""

    items: list[Row]
    count: int
    unread_count: int


async def page(context: Context, *, unread_only: bool, first: int, after: UUID | None) -> Page:
    async with context.database.transaction(context.actor.account_id) as tx:
        rows = await notifications.page(
            tx, context.actor, first=first + 1, after=after, unread_only=unread_only
        )
    return Page.forward(rows, first, begun=after is not None)


async def mark_read(context: Context, wanted: list[str] | None) -> Marked | InvalidInput:
    """Those named in ``wanted``, or all when None. Unknown ids and others' are passed over."""
    context.forget()
    if wanted is not None and len(wanted) > LARGEST:
        return InvalidInput(
            "ids", f"ids has {len(wanted)} entries; at most {LARGEST} are taken at a time."
        )
    item_ids = None if wanted is None else _items(wanted)
    async with context.database.transaction(context.actor.account_id) as tx:
        rows = await notifications.mark_read(tx, context.actor, item_ids, now=context.clock())
        unread_count = await notifications.unread_count(tx, context.actor)
    newest_first = sorted(rows, key=itemgetter("id"), reverse=True)
    return Marked(newest_first[:LARGEST], len(rows), unread_count)


def _items(wanted: list[str]) -> list[UUID]:
    parsed = (ids.parse(each, Kind.NOTIFICATION) for each in wanted)
    return [item_id for item_id in parsed if item_id is not None]
