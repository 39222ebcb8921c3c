"""Plain Strawberry's types and its query, in the shape of Baton's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

import strawberry
from sqlmodel import col, func, or_, select

from benchmarks.contestants.listed import handoff_cursor, session_cursor
from benchmarks.contestants.plain_loaders import Loaders
from db import models
from db.models.vocabulary import (
    IN_TRANSIT,
    DeliveryChannel,
    DeliveryState,
    HandoffIntent,
    HandoffStatus,
    Priority,
    SessionStatus,
)
from resolvers import cursors
from services.ids import Kind, public

Info = strawberry.Info[dict[str, Any], None]

for words in (
    DeliveryChannel,
    DeliveryState,
    HandoffIntent,
    HandoffStatus,
    Priority,
    SessionStatus,
):
    strawberry.enum(words)


def loaders(info: Info) -> Loaders:
    found: Loaders = info.context["loaders"]
    return found


@strawberry.type
class Engineer:
    id: strawberry.ID
    name: str
    tier: int

    @classmethod
    def of(cls, row: models.Engineer) -> Self:
        return cls(id=strawberry.ID(public(Kind.ENGINEER, row.id)), name=row.name, tier=row.tier)


@strawberry.type
class Customer:
    name: str | None


@strawberry.type
class Ticket:
    system: str | None
    number: str | None


@strawberry.type
class Session:
    id: strawberry.ID
    status: SessionStatus
    problem_summary: str
    problem_domain: str | None
    environment: str | None
    escalation_reason: str | None
    step_count: int
    created_at: datetime
    updated_at: datetime
    customer: Customer
    ticket: Ticket
    owner_id: strawberry.Private[UUID]
    escalated_to_id: strawberry.Private[UUID | None]

    @classmethod
    def of(cls, row: models.Session) -> Self:
        return cls(
            id=strawberry.ID(public(Kind.SESSION, row.id)),
            status=SessionStatus(row.status),
            problem_summary=row.problem_summary,
            problem_domain=row.problem_domain,
            environment=row.environment,
            escalation_reason=row.escalation_reason,
            step_count=row.step_count,
            created_at=row.created_at,
            updated_at=row.updated_at,
            customer=Customer(name=row.customer_name),
            ticket=Ticket(system=row.ticket_system, number=row.ticket_number),
            owner_id=row.owner_id,
            escalated_to_id=row.escalated_to_id,
        )

    @staticmethod
    def cursor_of(row: models.Session) -> str:
        return session_cursor(row.id)

    @strawberry.field
    async def owner(self, info: Info) -> Engineer:
        return Engineer.of(await loaders(info).engineers.load(self.owner_id))

    @strawberry.field
    async def escalated_to(self, info: Info) -> Engineer | None:
        if self.escalated_to_id is None:
            return None
        return Engineer.of(await loaders(info).engineers.load(self.escalated_to_id))


@strawberry.type
class Snapshot:
    captured_at: datetime
    problem_summary: str
    step_count: int
    hypotheses_open: list[str]
    hypotheses_ruled_out: list[str]

    @classmethod
    def of(cls, row: models.Snapshot) -> Self:
        return cls(
            captured_at=row.captured_at,
            problem_summary=row.problem_summary,
            step_count=row.step_count,
            hypotheses_open=row.hypotheses_open,
            hypotheses_ruled_out=row.hypotheses_ruled_out,
        )


@strawberry.type
class Handoff:
    id: strawberry.ID
    intent: HandoffIntent
    status: HandoffStatus
    priority: Priority
    problem_summary: str
    reason: str
    created_at: datetime
    claimed_at: datetime | None
    key: strawberry.Private[UUID]
    session_id: strawberry.Private[UUID]
    raised_by_id: strawberry.Private[UUID]
    claimed_by_id: strawberry.Private[UUID | None]

    @classmethod
    def of(cls, row: models.Handoff) -> Self:
        return cls(
            id=strawberry.ID(public(Kind.HANDOFF, row.id)),
            intent=HandoffIntent(row.intent),
            status=HandoffStatus(row.status),
            priority=Priority(row.priority),
            problem_summary=row.problem_summary,
            reason=row.reason,
            created_at=row.created_at,
            claimed_at=row.claimed_at,
            key=row.id,
            session_id=row.session_id,
            raised_by_id=row.raised_by_id,
            claimed_by_id=row.claimed_by_id,
        )

    @staticmethod
    def cursor_of(row: models.Handoff) -> str:
        return handoff_cursor(row.priority_rank, row.id)

    @strawberry.field
    async def raised_by(self, info: Info) -> Engineer:
        return Engineer.of(await loaders(info).engineers.load(self.raised_by_id))

    @strawberry.field
    async def claimed_by(self, info: Info) -> Engineer | None:
        if self.claimed_by_id is None:
            return None
        return Engineer.of(await loaders(info).engineers.load(self.claimed_by_id))

    @strawberry.field
    async def session(self, info: Info) -> Session:
        return Session.of(await loaders(info).work.load(self.session_id))

    @strawberry.field
    async def snapshot(self, info: Info) -> Snapshot:
        return Snapshot.of(await loaders(info).snapshots.load(self.key))


@strawberry.type
class Documentation:
    markdown: str


@strawberry.type
class Delivery:
    channel: DeliveryChannel
    target: str
    state: DeliveryState
    skip_reason: str | None

    @classmethod
    def of(cls, row: models.Delivery) -> Self:
        return cls(
            channel=DeliveryChannel(row.channel),
            target=row.target,
            state=DeliveryState(row.state),
            skip_reason=row.skip_reason,
        )


@strawberry.type
class HandoffQueue:
    count: int
    cursor: str
    handoffs: list[Handoff]


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


T = TypeVar("T")


@strawberry.type
class Connection(Generic[T]):
    nodes: list[T]
    page_info: PageInfo

    @classmethod
    def of(cls, rows: Sequence[Any], first: int, kind: Any) -> Self:
        shown = rows[:first]
        end = kind.cursor_of(shown[-1]) if shown else None
        page_info = PageInfo(has_next_page=len(rows) > first, end_cursor=end)
        return cls(nodes=[kind.of(row) for row in shown], page_info=page_info)


@strawberry.type
class Query:
    @strawberry.field
    async def handoffs(self, info: Info, first: int = 50) -> Connection[Handoff]:
        rows = await info.context["session"].exec(
            select(models.Handoff).order_by(col(models.Handoff.id).desc()).limit(first + 1)
        )
        return Connection.of(rows.all(), first, Handoff)

    @strawberry.field
    async def sessions(self, info: Info, first: int = 50) -> Connection[Session]:
        me = info.context["actor"].id
        seen = or_(
            models.Session.owner_id == me,
            models.Session.escalated_to_id == me,
            col(models.Session.status).in_(IN_TRANSIT),
        )
        rows = await info.context["session"].exec(
            select(models.Session)
            .where(seen)
            .order_by(col(models.Session.id).desc())
            .limit(first + 1)
        )
        return Connection.of(rows.all(), first, Session)

    @strawberry.field
    async def handoff_queue(self, info: Info, first: int = 50) -> HandoffQueue:
        actor, session = info.context["actor"], info.context["session"]
        waiting = (
            models.Handoff.status == HandoffStatus.OPEN,
            models.Handoff.raised_by_id != actor.id,
        )
        rows = await session.exec(
            select(models.Handoff)
            .where(*waiting)
            .order_by(col(models.Handoff.priority_rank).desc(), col(models.Handoff.id))
            .limit(first)
        )
        count = await session.exec(select(func.count()).select_from(models.Handoff).where(*waiting))
        counter = await session.exec(select(models.EventCounter))
        last = counter.one_or_none()
        return HandoffQueue(
            count=count.one(),
            cursor=cursors.write(actor.account_id, last.seq if last else 0),
            handoffs=[Handoff.of(row) for row in rows.all()],
        )
