"""Entries of a session's timeline."""

from datetime import datetime
from struct import Struct
from typing import TYPE_CHECKING, Annotated, Final, Self, TypeAlias
from uuid import UUID

import strawberry

from db.database import Columns
from schema.enums import StepKind, StepOutcome
from schema.fields import field
from schema.nodes import Info, Node
from schema.pagination import Keys
from schema.types import handoff as handoff_type
from schema.types.engineer import Engineer, engineer, engineer_if_any
from services.ids import Kind, public, public_part

if TYPE_CHECKING:
    from schema.types.handoff import Handoff

# Handoffs have sessions, and these steps: it is looked up when the schema is put together
LazyHandoff: TypeAlias = Annotated["Handoff", strawberry.lazy("schema.types.handoff")]

POSITIONS: Final = Keys(b"t", Struct(">i"))


@strawberry.type(
    description=(
        "An entry of a session's diagnostic timeline: something tried, seen or ruled out. For who "
        "may see the session."
    )
)
class Step(Node):
    position: int = strawberry.field(description="Its place in the timeline, counted from 1.")
    kind: StepKind = strawberry.field(description="What sort of entry it is.")
    title: str = strawberry.field(description="What was done or found, in a line.")
    detail: str | None = strawberry.field(
        description="Commands, output, observations: plain text of up to 10,000 characters."
    )
    hypothesis: str | None = strawberry.field(description="The suspicion that it tests.")
    outcome: StepOutcome = strawberry.field(description="What came of it.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")
    outcome_at: datetime | None = strawberry.field(
        description="When it was recorded what came of it; null while that is PENDING."
    )
    suggestion_id: strawberry.ID | None = strawberry.field(
        description=(
            "What it was before it was started: `SuggestedStep.id` in the assessment of "
            "`suggestedIn`. Null unless it was suggested."
        )
    )
    author_id: strawberry.Private[UUID]
    suggested_in_id: strawberry.Private[UUID | None]
    outcome_by_id: strawberry.Private[UUID | None]

    @classmethod
    def of(cls, row: Columns) -> Self:
        at_once = row["outcome"] != StepOutcome.PENDING and row["outcome_by_id"] is None
        return cls(
            id=strawberry.ID(public(Kind.STEP, row["id"])),
            position=row["position"],
            kind=StepKind[row["kind"]],
            title=row["title"],
            detail=row["detail"],
            hypothesis=row["hypothesis"],
            outcome=StepOutcome[row["outcome"]],
            recorded_at=row["recorded_at"],
            outcome_at=row["recorded_at"] if at_once else row["outcome_at"],
            suggestion_id=_suggestion(row),
            author_id=row["author_id"],
            suggested_in_id=row["suggested_in_id"],
            outcome_by_id=row["author_id"] if at_once else row["outcome_by_id"],
        )

    @field(description="Who recorded it.")
    def author(self, info: Info) -> Engineer:
        return engineer(info.context, self.author_id)

    @field(description="The handoff whose assessment suggested it; null unless one did.")
    def suggested_in(self, info: Info) -> LazyHandoff | None:
        if self.suggested_in_id is None:
            return None
        return info.context.loaders.handoffs.load(self.suggested_in_id, handoff_type.Handoff.of)

    @field(description="Who recorded what came of it; null while that is PENDING.")
    def outcome_by(self, info: Info) -> Engineer | None:
        return engineer_if_any(info.context, self.outcome_by_id)


def _suggestion(row: Columns) -> strawberry.ID | None:
    if row["suggested_in_id"] is None:
        return None
    return strawberry.ID(public_part(row["suggested_in_id"], row["suggestion"]))


def cursor_of(row: Columns) -> str:
    return POSITIONS.write(row["position"])


def position_of(cursor: str | None, argument: str) -> int | None:
    return None if cursor is None else int(POSITIONS.read(cursor, argument)[0])
