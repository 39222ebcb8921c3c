"""Anything that has an id, found by it."""

from db.database import Columns
from resolvers.context import Context
from services import ids
from services.ids import Kind


async def node(context: Context, id: str) -> tuple[Kind, Columns] | None:
    """None for what is not there and for what the caller may not see alike."""
    named = ids.parse_any(id)
    if named is None:
        return None
    kind, row_id = named
    row = await context.loaders.of(kind).row(row_id)
    return None if row is None else (kind, row)


async def one(context: Context, id: str, kind: Kind) -> Columns | None:
    """The row of that kind; None as well for the id of something else."""
    row_id = ids.parse(id, kind)
    return None if row_id is None else await context.loaders.of(kind).row(row_id)
