"""Plain Strawberry's subscriptions: broadcaster as its documentation shows it."""

import json
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Annotated, Any, NewType, Self

import strawberry
from sqlmodel import col, func, select

from benchmarks.contestants.bells import PLAIN
from benchmarks.contestants.plain_loaders import tenant
from benchmarks.contestants.plain_types import Engineer, Info
from db import models
from db.models.vocabulary import EventType, HandoffIntent, HandoffStatus, Priority
from resolvers import cursors
from services.actor import Actor
from services.ids import Kind, public

Cursor = NewType("Cursor", str)


@strawberry.type
class Raised:
    """The handoff of an event."""

    id: strawberry.ID
    version: int
    intent: HandoffIntent
    status: HandoffStatus
    priority: Priority
    problem_summary: str
    raised_by: Engineer
    target: Engineer | None = None
    claimed_by: Engineer | None = None
    claimed_at: datetime | None = None
    closed_at: datetime | None = None


@strawberry.type
class HandoffCreated:
    cursor: Cursor
    occurred_at: datetime
    actor: Engineer
    handoff: Raised

    @classmethod
    def of(cls, event: models.Event, handoff: models.Handoff, raiser: models.Engineer) -> Self:
        who = Engineer.of(raiser)
        return cls(
            cursor=Cursor(cursors.write(event.account_id, event.seq)),
            occurred_at=event.occurred_at,
            actor=who,
            handoff=Raised(
                id=strawberry.ID(public(Kind.HANDOFF, handoff.id)),
                version=handoff.version,
                intent=HandoffIntent(handoff.intent),
                status=HandoffStatus(handoff.status),
                priority=Priority(handoff.priority),
                problem_summary=handoff.problem_summary,
                raised_by=who,
            ),
        )


def read(message: str) -> HandoffCreated:
    """Rows travel, so that no subscriber has to ask the database for them."""
    told = json.loads(message)
    return HandoffCreated.of(
        models.Event.model_validate(told["event"]),
        models.Handoff.model_validate(told["handoff"]),
        models.Engineer.model_validate(told["actor"]),
    )


@strawberry.type
class StreamReady:
    cursor: Cursor
    latest: Cursor
    open_handoffs: int


HandoffStreamMessage = Annotated[
    StreamReady | HandoffCreated, strawberry.union("HandoffStreamMessage")
]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def handoff_created(
        self, info: Info, after: Cursor | None = None
    ) -> AsyncGenerator[HandoffCreated, None]:
        async with info.context["broadcast"].subscribe(channel=PLAIN) as subscriber:
            if after is not None:
                for missed in await events_after(info.context, after):
                    yield missed
            async for event in subscriber:
                yield read(event.message)

    @strawberry.subscription
    async def handoff_events(
        self, info: Info, after: Cursor | None = None
    ) -> AsyncGenerator[HandoffStreamMessage, None]:
        async with info.context["broadcast"].subscribe(channel=PLAIN) as subscriber:
            yield await ready(info.context)
            async for event in subscriber:
                yield read(event.message)


async def ready(context: dict[str, Any]) -> StreamReady:
    actor: Actor = context["actor"]
    async with tenant(context["sessions"], actor) as session:
        counter = (await session.exec(select(models.EventCounter))).one_or_none()
        count = await session.exec(
            select(func.count())
            .select_from(models.Handoff)
            .where(
                models.Handoff.status == HandoffStatus.OPEN,
                models.Handoff.raised_by_id != actor.id,
            )
        )
        cursor = Cursor(cursors.write(actor.account_id, counter.seq if counter else 0))
        return StreamReady(cursor=cursor, latest=cursor, open_handoffs=count.one())


async def events_after(context: dict[str, Any], after: str) -> list[HandoffCreated]:
    actor: Actor = context["actor"]
    async with tenant(context["sessions"], actor) as session:
        rows = await session.exec(
            select(models.Event, models.Handoff, models.Engineer)
            .join(models.Handoff, col(models.Handoff.id) == models.Event.handoff_id)
            .join(models.Engineer, col(models.Engineer.id) == models.Event.actor_id)
            .where(
                models.Event.seq > cursors.read(actor.account_id, after),
                models.Event.type == EventType.HANDOFF_CREATED,
            )
            .order_by(col(models.Event.seq))
        )
        return [HandoffCreated.of(*row) for row in rows.all()]
