"""Who looked into a session while it waited."""

from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import TYPE_CHECKING, Annotated, Final, Self, TypeAlias
from uuid import UUID

import strawberry

from db.database import Columns
from resolvers.errors import ClientError
from schema.fields import field
from schema.nodes import Info
from schema.pagination import Keys
from schema.types import handoff as handoff_type
from schema.types.engineer import Engineer, engineer
from services.views import Place

if TYPE_CHECKING:
    from schema.types.handoff import Handoff

# Session, SessionView and Handoff refer to each other: looked up when the schema is put together
LazyHandoff: TypeAlias = Annotated["Handoff", strawberry.lazy("schema.types.handoff")]

PLACES: Final = Keys(b"v", Struct(">q16s16s"))
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


@strawberry.type(
    description=(
        "An engineer looked into a session that is not theirs, which they could only because it "
        "waited. What counts is content (the session, its steps, a snapshot, an assessment, "
        "documentation, deliveries), in a list or on a stream too; a handoff's record, reason, "
        "notes and history don't. Told once for each engineer and handoff."
    )
)
class SessionView:
    viewed_at: datetime = strawberry.field(description="When they did so first.")
    engineer_id: strawberry.Private[UUID]
    handoff_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            viewed_at=row["viewed_at"],
            engineer_id=row["engineer_id"],
            handoff_id=row["handoff_id"],
        )

    @field(description="Who looked into it.")
    def engineer(self, info: Info) -> Engineer:
        return engineer(info.context, self.engineer_id)

    @field(description="The handoff that waited then.")
    def handoff(self, info: Info) -> LazyHandoff:
        return info.context.loaders.handoffs.surely(self.handoff_id, handoff_type.Handoff.of)


def cursor_of(row: Columns) -> str:
    micros = (row["viewed_at"] - EPOCH) // MICROSECOND
    return PLACES.write(micros, row["handoff_id"].bytes, row["engineer_id"].bytes)


def place_of(cursor: str | None) -> Place | None:
    """Raises ClientError for what is not a cursor of this list."""
    if cursor is None:
        return None
    micros, handoff_id, engineer_id = PLACES.read(cursor, "after")
    try:
        viewed_at = EPOCH + micros * MICROSECOND
    except OverflowError:
        raise ClientError("`after` is not a cursor of this list.") from None
    return Place(viewed_at, UUID(bytes=handoff_id), UUID(bytes=engineer_id))
