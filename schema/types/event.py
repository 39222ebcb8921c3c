"""What happens to handoffs, one type for each kind of event."""

from collections.abc import Callable, Mapping
from datetime import datetime
from struct import Struct
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TypeAlias, TypeVar
from uuid import UUID

import strawberry

from db.database import Columns
from db.models.vocabulary import EventType
from resolvers import cursors
from schema.enums import Approach, AssessmentState, Verdict
from schema.fields import field
from schema.nodes import Info
from schema.pagination import Keys
from schema.scalars import Cursor
from schema.types import handoff as handoff_type
from schema.types.engineer import Engineer, engineer, engineer_if_any
from services.events import Event

if TYPE_CHECKING:
    from schema.types.handoff import Handoff

# Handoff and its events refer to each other: it is looked up when the schema is put together
LazyHandoff: TypeAlias = Annotated["Handoff", strawberry.lazy("schema.types.handoff")]

T = TypeVar("T")

PLACES: Final = Keys(b"v", Struct(">q"))
CONTENT = "Null unless you may see the session now."


@strawberry.interface(
    description=(
        "Something that happened to a handoff, at its place in the account's log. More kinds may "
        "come: select the fields of this interface for those you don't know."
    )
)
class HandoffEvent:
    cursor: Cursor = strawberry.field(
        description="Its place in the log: with it as `after`, a stream goes on behind it."
    )
    occurred_at: datetime = strawberry.field(description="When it happened.")
    actor_id: strawberry.Private[UUID | None]
    handoff_id: strawberry.Private[UUID]
    data: strawberry.Private[Mapping[str, Any]]
    door: strawberry.Private[bool | None]

    @classmethod
    def of(cls, event: Event, account_id: UUID, door: bool | None = None) -> Self:
        """``door`` is whether its texts may be seen; None if that is to be asked when they are."""
        assert event.handoff_id is not None  # noqa: S101  # the database refuses others of KINDS
        return cls(
            cursor=Cursor(cursors.write(account_id, event.seq)),
            occurred_at=event.occurred_at,
            actor_id=event.actor_id,
            handoff_id=event.handoff_id,
            data=event.data,
            door=door,
        )

    @field(description="Who did it; null when the service did it by itself.")
    def actor(self, info: Info) -> Engineer | None:
        return engineer_if_any(info.context, self.actor_id)

    @field(
        description=(
            "The handoff as it is when the event is delivered, which for events of the past may "
            "be later than what they tell. Its content is null if you may not see it then."
        )
    )
    def handoff(self, info: Info) -> LazyHandoff:
        return info.context.loaders.handoffs.surely(self.handoff_id, handoff_type.Handoff.of)

    def text(self, info: Info, key: str) -> str | None:
        """Content of the event, through the door as it is now."""
        return self.content(info, lambda data: data[key])

    def content(self, info: Info, read: Callable[[Mapping[str, Any]], T]) -> T | None:
        if self.door is None:
            return info.context.loaders.handoffs.surely(
                self.handoff_id, lambda row: read(self.data) if row["door"] else None
            )
        return read(self.data) if self.door else None


@strawberry.type(description="Somebody asked for help: a handoff was raised, and waits.")
class HandoffCreated(HandoffEvent):
    pass


@strawberry.type(description="An engineer, `actor`, took the session over.")
class HandoffClaimed(HandoffEvent):
    @field(description="How they meant to go about it; null when they did not say.")
    def approach(self) -> Approach | None:
        approach = self.data.get("approach")
        return None if approach is None else Approach[approach]


@strawberry.type(
    description="Its target, `actor`, said no. It waits without a target: anybody is asked."
)
class HandoffDeclined(HandoffEvent):
    @field(description=f"Why they said no. {CONTENT}")
    def reason(self, info: Info) -> str | None:
        return self.text(info, "reason")


@strawberry.type(description="Another engineer was asked, while it waited.")
class HandoffReassigned(HandoffEvent):
    @field(description="Who was asked before; null when anybody was.")
    def previous_target(self, info: Info) -> Engineer | None:
        before = self.data["from"]
        return None if before is None else engineer(info.context, UUID(before))

    @field(description="Who is asked since.")
    def target(self, info: Info) -> Engineer:
        return engineer(info.context, UUID(self.data["to"]))


@strawberry.type(
    description="Who had taken the session over, or an ADMIN, gave it back: it waits again."
)
class HandoffReleased(HandoffEvent):
    @field(description=f"Why it was given back. {CONTENT}")
    def reason(self, info: Info) -> str | None:
        return self.text(info, "reason")


@strawberry.type(
    description="Who had taken the session over returned it to the raiser, with guidance."
)
class HandoffReturned(HandoffEvent):
    @field(description=f"What the raiser should do next. {CONTENT}")
    async def guidance(self, info: Info) -> str | None:
        if self.door is False:
            return None
        # it is a step of the session: whoever reads it has looked into the session
        loaders = info.context.loaders
        handoff = await loaders.handoffs.row(self.handoff_id)
        session = handoff and await loaders.sessions.row(handoff["session_id"])
        return self.data["guidance"] if session else None


@strawberry.type(
    description="Who had taken the session over, or an ADMIN, resolved it, and the handoff with it."
)
class HandoffResolved(HandoffEvent):
    @field(description=f"What fixed it. {CONTENT}")
    def resolution(self, info: Info) -> str | None:
        return self.text(info, "resolution")


@strawberry.type(description="It was withdrawn while it waited: nobody has to take it any more.")
class HandoffCancelled(HandoffEvent):
    pass


@strawberry.type(
    description=(
        "Nobody could be told of it in time: no card and no mail was accepted, nobody who is asked "
        "had it on a live screen, nobody has opened it. It waits all the same, and what was "
        "promised is still tried: `reach` says how far the call has come. Said once for a handoff, "
        "by the service: there is no `actor`."
    )
)
class HandoffUnreached(HandoffEvent):
    pass


@strawberry.type(
    description=(
        "The assessment of its snapshot has come to an end, one way or another: `handoff` has it. "
        "Said again when an answer comes after its time. By the service: there is no `actor`."
    )
)
class AssessmentFinished(HandoffEvent):
    @field(description="What became of it.")
    def state(self) -> AssessmentState:
        return AssessmentState[self.data["state"]]


@strawberry.type(
    description="An engineer, `actor`, has said what they think of the assessment of its snapshot."
)
class AssessmentRated(HandoffEvent):
    @field(description=f"Whether it is right. {CONTENT}")
    def verdict(self, info: Info) -> Verdict | None:
        return self.content(info, lambda data: Verdict[data["verdict"]])

    @field(description=f"What they had to say about it. {CONTENT}")
    def comment(self, info: Info) -> str | None:
        return self.text(info, "comment")


KINDS: Final[Mapping[str, type[HandoffEvent]]] = {
    EventType.HANDOFF_CREATED: HandoffCreated,
    EventType.HANDOFF_CLAIMED: HandoffClaimed,
    EventType.HANDOFF_DECLINED: HandoffDeclined,
    EventType.HANDOFF_REASSIGNED: HandoffReassigned,
    EventType.HANDOFF_RELEASED: HandoffReleased,
    EventType.HANDOFF_RETURNED: HandoffReturned,
    EventType.HANDOFF_RESOLVED: HandoffResolved,
    EventType.HANDOFF_CANCELLED: HandoffCancelled,
    EventType.HANDOFF_UNREACHED: HandoffUnreached,
    EventType.ASSESSMENT_FINISHED: AssessmentFinished,
    EventType.ASSESSMENT_RATED: AssessmentRated,
}


def of_history(row: Columns, account_id: UUID) -> HandoffEvent:
    """Of an event that was read with its door."""
    event = Event.of(row)
    return KINDS[event.type].of(event, account_id, row["door"])


def cursor_of(row: Columns) -> str:
    return PLACES.write(row["seq"])


def place_of(cursor: str | None) -> int | None:
    """The number of the event that a page of a history begins behind."""
    if cursor is None:
        return None
    seq: int = PLACES.read(cursor, "after")[0]
    return seq
