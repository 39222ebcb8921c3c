"""Pieces of troubleshooting."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, Self, TypeAlias
from uuid import UUID

import strawberry
from strawberry import UNSET

from db.database import Columns
from resolvers import pages
from resolvers.loaders import HandoffWindow, ViewWindow
from resolvers.pages import Page
from resolvers.sessions import WantedSteps
from schema.enums import Confidence, SessionStatus
from schema.fields import field
from schema.nodes import Info, Node
from schema.pagination import ONE_ID, After, Connection, First, IdKeys, Keys, given
from schema.types import handoff as handoff_type
from schema.types.customer import Customer, Ticket
from schema.types.documentation import Documentation
from schema.types.engineer import Engineer, engineer, engineer_if_any
from schema.types.session_view import SessionView
from schema.types.session_view import cursor_of as view_cursor_of
from schema.types.session_view import place_of as view_place_of
from schema.types.step import Step, position_of
from schema.types.step import cursor_of as step_cursor_of
from services.ids import Kind, public

if TYPE_CHECKING:
    from schema.types.handoff import Handoff

# Session and Handoff refer to each other: this one is looked up when the schema is put together
LazyHandoff: TypeAlias = Annotated["Handoff", strawberry.lazy("schema.types.handoff")]

SESSIONS: Final = IdKeys(Keys(b"s", ONE_ID))
HANDOFFS_OF_SESSION: Final = IdKeys(Keys(b"i", ONE_ID))


@strawberry.type(
    description=(
        "A piece of troubleshooting, owned by one engineer. Visible to its owner, to who took it "
        "over and to ADMINs, and to every ENGINEER while it waits for somebody to take it over."
    )
)
class Session(Node):
    status: SessionStatus = strawberry.field(description="Where it stands.")
    problem_summary: str = strawberry.field(description="What is wrong, in a sentence.")
    problem_domain: str | None = strawberry.field(
        description="The area it is thought to lie in, for example `Mail flow`."
    )
    environment: str | None = strawberry.field(
        description="What it happens on: machines, versions, tenants."
    )
    customer: Customer | None = strawberry.field(
        description="Whom it is for and how to reach them; null if nothing is known."
    )
    confidence_tier: Confidence | None = strawberry.field(
        description="How sure its owner is of where the problem lies."
    )
    escalation_reason: str | None = strawberry.field(
        description="Why it was handed over, the last time it was."
    )
    ticket: Ticket | None = strawberry.field(description="The ticket it is linked to.")
    step_count: int = strawberry.field(description="How many steps its timeline has.")
    resolution: str | None = strawberry.field(description="What fixed it, once it is RESOLVED.")
    resolved_at: datetime | None = strawberry.field(description="When it was resolved.")
    created_at: datetime = strawberry.field(description="When it was started.")
    updated_at: datetime = strawberry.field(
        description="When it last changed, or a step was recorded in it."
    )
    key: strawberry.Private[UUID]
    owner_id: strawberry.Private[UUID]
    escalated_to_id: strawberry.Private[UUID | None]

    @classmethod
    def of(cls, row: Columns) -> Self:
        confidence = row["confidence_tier"]
        return cls(
            id=strawberry.ID(public(Kind.SESSION, row["id"])),
            status=SessionStatus[row["status"]],
            problem_summary=row["problem_summary"],
            problem_domain=row["problem_domain"],
            environment=row["environment"],
            customer=Customer.of(row),
            confidence_tier=confidence and Confidence[confidence],
            escalation_reason=row["escalation_reason"],
            ticket=Ticket.of(row),
            step_count=row["step_count"],
            resolution=row["resolution"],
            resolved_at=row["resolved_at"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            key=row["id"],
            owner_id=row["owner_id"],
            escalated_to_id=row["escalated_to_id"],
        )

    @field(description="Who started it, and whose it stays after a handoff.")
    def owner(self, info: Info) -> Engineer:
        return engineer(info.context, self.owner_id)

    @field(description="Who took it over and works on it; null while its owner does.")
    def escalated_to(self, info: Info) -> Engineer | None:
        return engineer_if_any(info.context, self.escalated_to_id)

    @field(description="Its timeline, in order, from either end.")
    def steps(
        self,
        info: Info,
        first: Annotated[
            int | None,
            strawberry.argument(
                description="How many at most from the beginning, 1 to 100; 20 if neither is given."
            ),
        ] = UNSET,
        after: After = UNSET,
        last: Annotated[
            int | None,
            strawberry.argument(
                description="How many at most from the end, 1 to 100; not together with `first`."
            ),
        ] = UNSET,
        before: Annotated[
            str | None, strawberry.argument(description="End before the step with this cursor.")
        ] = UNSET,
    ) -> Connection[Step]:
        wanted = WantedSteps(
            given(first),
            position_of(given(after), "after"),
            given(last),
            position_of(given(before), "before"),
        )

        def page(rows: Sequence[Columns]) -> Connection[Step]:
            return Connection.of(wanted.page(rows), Step.of, step_cursor_of)

        return info.context.loaders.steps_of_sessions.surely((self.key, wanted.window()), page)

    @field(description="Every time it was handed over, the latest first.")
    def handoffs(
        self, info: Info, first: First = 20, after: After = UNSET
    ) -> Connection[LazyHandoff]:
        size = pages.size(given(first))
        place = HANDOFFS_OF_SESSION.place(given(after))

        def page(rows: Sequence[Columns]) -> "Connection[Handoff]":
            found = Page.forward(rows, size, begun=place is not None)
            return Connection.of(found, handoff_type.Handoff.of, HANDOFFS_OF_SESSION.of)

        window = HandoffWindow(size + 1, place)
        return info.context.loaders.handoffs_of_sessions.surely((self.key, window), page)

    @field(
        description=(
            "Who looked into it only because it waited, the latest first. For its owner and "
            "ADMINs: null for everybody else, who took it over included."
        )
    )
    def access_log(
        self, info: Info, first: First = 20, after: After = UNSET
    ) -> Connection[SessionView] | None:
        size = pages.size(given(first))
        place = view_place_of(given(after))

        def page(rows: Sequence[Columns]) -> Connection[SessionView]:
            found = Page.forward(rows, size, begun=place is not None)
            return Connection.of(found, SessionView.of, view_cursor_of)

        window = ViewWindow(size + 1, place)
        return info.context.loaders.access_logs.load((self.key, window), page)

    @field(
        description=(
            "The written account of it: null until it is first handed over or resolved, or when it "
            "has no version of that number."
        )
    )
    def documentation(
        self,
        info: Info,
        version: Annotated[
            int | None,
            strawberry.argument(description="Which version, counted from 1; the newest if absent."),
        ] = UNSET,
    ) -> Documentation | None:
        def one(rows: Sequence[Columns]) -> Documentation | None:
            return Documentation.of(rows[0]) if rows else None

        key = (self.key, given(version))
        return info.context.loaders.documentation_of_sessions.load(key, one)
