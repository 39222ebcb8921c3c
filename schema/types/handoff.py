"""Requests for help."""

from collections.abc import Sequence
from datetime import datetime
from struct import Struct
from typing import TYPE_CHECKING, Annotated, Final, Self, TypeAlias
from uuid import UUID

import strawberry
from strawberry import UNSET

from db.database import Columns
from resolvers import pages
from resolvers.handoffs import Place
from resolvers.loaders import HistoryWindow
from resolvers.pages import Page
from schema.enums import Approach, HandoffAction, HandoffIntent, HandoffStatus, Priority
from schema.fields import field
from schema.nodes import Info, Node
from schema.pagination import After, Connection, First, Keys, given
from schema.types import event as event_type
from schema.types import session as session_type
from schema.types.assessment import Assessment
from schema.types.delivery import Delivery
from schema.types.documentation import Documentation
from schema.types.engineer import Engineer, engineer, engineer_if_any
from schema.types.reach import Reach
from schema.types.snapshot import Snapshot
from services.handoffs import rules
from services.ids import Kind, public

if TYPE_CHECKING:
    from schema.types.event import HandoffEvent
    from schema.types.session import Session

# They refer back to Handoff: these are looked up when the schema is put together
LazySession: TypeAlias = Annotated["Session", strawberry.lazy("schema.types.session")]
LazyEvent: TypeAlias = Annotated["HandoffEvent", strawberry.lazy("schema.types.event")]

PLACES: Final = Keys(b"h", Struct(">B16s"))
CONTENT = "Content: null unless you may see the session now."


@strawberry.type(
    description=(
        "A request that somebody else takes a session over. Its record (status, people, times, "
        "summary, history) is for everybody of the account. Its content (reason, notes, session, "
        "snapshot, assessment, documentation, deliveries, reach, and the texts of its history) is "
        "for who may see the session: everybody else reads null there, and the same viewer may "
        "read null today where there was something yesterday."
    )
)
class Handoff(Node):
    intent: HandoffIntent = strawberry.field(description="Why the session is handed over.")
    status: HandoffStatus = strawberry.field(description="Where it stands.")
    priority: Priority = strawberry.field(description="How urgent it is.")
    problem_summary: str = strawberry.field(
        description="What was wrong when it was raised, in a sentence."
    )
    reason: str | None = strawberry.field(
        description=f"Why the raiser asks for somebody else. {CONTENT}"
    )
    notes: str | None = strawberry.field(
        description=f"What else the raiser wants to be known. {CONTENT}"
    )
    release_reason: str | None = strawberry.field(
        description=(
            "Why who had taken it last gave it back; null unless it waits for that reason. "
            f"{CONTENT}"
        )
    )
    version: int = strawberry.field(
        description=(
            "Grows with every change. Give it as `expectedVersion` to act only if the handoff is "
            "still the one that was seen."
        )
    )
    claimed_at: datetime | None = strawberry.field(
        description="When it was claimed; null while it waits."
    )
    approach: Approach | None = strawberry.field(
        description=(
            "How who claimed it means to go about it; null while it waits, and when they did not "
            "say."
        )
    )
    created_at: datetime = strawberry.field(description="When it was raised.")
    closed_at: datetime | None = strawberry.field(
        description="When it came to its end; null while it is OPEN or CLAIMED."
    )
    key: strawberry.Private[UUID]
    door: strawberry.Private[bool]
    row: strawberry.Private[Columns]

    @classmethod
    def of(cls, row: Columns) -> Self:
        door = row["door"]
        return cls(
            id=strawberry.ID(public(Kind.HANDOFF, row["id"])),
            intent=HandoffIntent[row["intent"]],
            status=HandoffStatus[row["status"]],
            priority=Priority[row["priority"]],
            problem_summary=row["problem_summary"],
            reason=row["reason"] if door else None,
            notes=row["notes"] if door else None,
            release_reason=row["release_reason"] if door else None,
            version=row["version"],
            claimed_at=row["claimed_at"],
            approach=row["approach"] and Approach[row["approach"]],
            created_at=row["created_at"],
            closed_at=row["closed_at"],
            key=row["id"],
            door=door,
            row=row,
        )

    @field(description="Who asked for help, or for whom an ADMIN asked.")
    def raised_by(self, info: Info) -> Engineer:
        return engineer(info.context, self.row["raised_by_id"])

    @field(description="Who is asked; null when anybody is. Others may claim it all the same.")
    def target(self, info: Info) -> Engineer | None:
        return engineer_if_any(info.context, self.row["target_id"])

    @field(description="Who took it; null while it waits.")
    def claimed_by(self, info: Info) -> Engineer | None:
        return engineer_if_any(info.context, self.row["claimed_by_id"])

    @field(description=f"The session that is handed over. {CONTENT}")
    def session(self, info: Info) -> LazySession | None:
        if not self.door:
            return None
        return info.context.loaders.sessions.load(self.row["session_id"], session_type.Session.of)

    @field(description=f"What was known when it was raised, frozen at that moment. {CONTENT}")
    def snapshot(self, info: Info) -> Snapshot | None:
        if not self.door:
            return None
        return info.context.loaders.snapshots.load(self.key, Snapshot.of)

    @field(description=f"A language model's reading of the snapshot; mind its `state`. {CONTENT}")
    def assessment(self, info: Info) -> Assessment | None:
        if not self.door:
            return None
        return info.context.loaders.assessments.load(self.key, Assessment.of)

    @field(
        description=(
            "The written account of the session as it was when this was raised, with what a "
            "language model made of it once that is there; once this is RESOLVED, as it ended. "
            f"{CONTENT}"
        )
    )
    def documentation(self, info: Info) -> Documentation | None:
        if not self.door:
            return None
        return info.context.loaders.documentation_of_handoffs.load(self.key, Documentation.of)

    @field(
        description=(
            "Every message promised outside the service when it was raised and as it went on, with "
            f"its true state, those with nothing to send included. {CONTENT}"
        )
    )
    def deliveries(self, info: Info) -> list[Delivery] | None:
        if not self.door:
            return None
        return info.context.loaders.deliveries_of_handoffs.load(self.key, _deliveries)

    @field(description=f"How far the call has come: has anybody been told? {CONTENT}")
    def reach(self, info: Info) -> Reach | None:
        if not self.door:
            return None
        return info.context.loaders.reach_of_handoffs.load(self.key, Reach.of)

    @field(
        description="The handoff that this one goes on from, when its claimer escalated further."
    )
    def supersedes(self, info: Info) -> "Handoff | None":
        supersedes_id = self.row["supersedes_id"]
        if supersedes_id is None:
            return None
        return info.context.loaders.handoffs.load(supersedes_id, Handoff.of)

    @field(
        description=(
            "What has happened to it, the oldest first: who did what, and when. A handoff that was "
            "claimed, released and claimed again has one history with all of it. Empty once it has "
            "been over for as long as the service keeps events, 30 days unless it is set otherwise."
        )
    )
    def history(self, info: Info, first: First = 20, after: After = UNSET) -> Connection[LazyEvent]:
        context = info.context
        size = pages.size(given(first))
        place = event_type.place_of(given(after))

        def page(rows: Sequence[Columns]) -> "Connection[HandoffEvent]":
            found = Page.forward(rows, size, begun=place is not None)
            return Connection.of(
                found,
                lambda row: event_type.of_history(row, context.account_id),
                event_type.cursor_of,
            )

        window = HistoryWindow(size + 1, place or 0)
        return context.loaders.history_of_handoffs.surely((self.key, window), page)

    @field(
        description=(
            "What the viewer may do with it as it stands. The mutations ask the same rules; only "
            "what happens in between can make a difference."
        ),
        own=True,
    )
    def viewer_can(self, info: Info) -> list[HandoffAction]:
        return rules.allowed(info.context.actor, self.row)


def _deliveries(rows: Sequence[Columns]) -> list[Delivery]:
    return [Delivery.of(row) for row in rows]


def cursor_of(row: Columns) -> str:
    return PLACES.write(row["priority_rank"], row["id"].bytes)


def place_of(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    rank, handoff_id = PLACES.read(cursor, "after")
    return rank, UUID(bytes=handoff_id)
