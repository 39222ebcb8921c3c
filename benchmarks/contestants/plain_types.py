"""Plain Strawberry's types and its query, in the shape of Baton's."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

import strawberry
from sqlmodel import col, func, select

from benchmarks.contestants.plain_loaders import Loaders
from db import models
from db.models.vocabulary import (
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
    problem_domain: str | None
    environment: str | None
    escalation_reason: str | None
    customer: Customer
    ticket: Ticket
    owner_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: models.Session) -> Self:
        return cls(
            id=strawberry.ID(public(Kind.SESSION, row.id)),
            status=SessionStatus(row.status),
            problem_domain=row.problem_domain,
            environment=row.environment,
            escalation_reason=row.escalation_reason,
            customer=Customer(name=row.customer_name),
            ticket=Ticket(system=row.ticket_system, number=row.ticket_number),
            owner_id=row.owner_id,
        )

    @strawberry.field
    async def owner(self, info: Info) -> Engineer:
        return Engineer.of(await loaders(info).engineers.load(self.owner_id))


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
        )

    @strawberry.field
    async def raised_by(self, info: Info) -> Engineer:
        return Engineer.of(await loaders(info).engineers.load(self.raised_by_id))

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
class Query:
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
