"""Plain Strawberry's mutations: the same rows as Baton writes, object by object."""

from datetime import UTC, datetime
from typing import Annotated, Any

import strawberry
from sqlmodel import col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks.contestants.plain_types import (
    Delivery,
    Documentation,
    Engineer,
    Handoff,
    Info,
    Session,
)
from db import models
from db.models.vocabulary import AssessmentState, EventType, HandoffStatus, Priority, SessionStatus
from services import deliveries, documentation, notifications
from services.actor import Actor
from services.handoffs.snapshot import Frozen, freeze
from services.ids import Kind, parse
from services.options import Options


@strawberry.interface
class Problem:
    message: str


@strawberry.type
class SessionNotFound(Problem): ...


@strawberry.type
class HandoffNotFound(Problem): ...


@strawberry.type
class HandoffAlreadyClaimed(Problem):
    claimed_by: Engineer
    claimed_at: datetime


@strawberry.type
class EscalateSuccess:
    handoff: Handoff
    session: Session
    documentation: Documentation
    deliveries: list[Delivery]


@strawberry.type
class ClaimHandoffSuccess:
    handoff: Handoff
    session: Session


@strawberry.input
class EscalateInput:
    session_id: strawberry.ID
    reason: str
    notes: str | None = None
    priority: Priority = Priority.NORMAL


@strawberry.input
class ClaimHandoffInput:
    handoff_id: strawberry.ID


EscalateResult = Annotated[EscalateSuccess | SessionNotFound, strawberry.union("EscalateResult")]
ClaimHandoffResult = Annotated[
    ClaimHandoffSuccess | HandoffNotFound | HandoffAlreadyClaimed,
    strawberry.union("ClaimHandoffResult"),
]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def escalate(self, info: Info, input: EscalateInput) -> EscalateResult:
        actor: Actor = info.context["actor"]
        session: AsyncSession = info.context["session"]
        work = (
            await session.exec(
                select(models.Session)
                .where(models.Session.id == parse(input.session_id, Kind.SESSION))
                .with_for_update()
            )
        ).one_or_none()
        if work is None:
            return SessionNotFound(message="There is no such session in your account.")
        now = datetime.now(UTC)
        steps = await timeline(session, work)
        frozen = freeze(steps)
        handoff = models.Handoff(
            account_id=actor.account_id,
            session_id=work.id,
            priority=input.priority,
            problem_summary=work.problem_summary,
            reason=input.reason,
            notes=input.notes,
            raised_by_id=actor.id,
            created_at=now,
        )
        work.status = SessionStatus.ESCALATED
        work.escalated_to_id = None
        work.escalation_reason = input.reason
        work.updated_at = now
        session.add_all([handoff, work])
        await session.flush()
        written = await document(session, work, handoff, actor, input, steps=steps, frozen=frozen)
        promised = promises(handoff, work)
        told = await bell(session, handoff, actor, now)
        session.add_all([snapshot(handoff, work, frozen, now), written, *promised, *told])
        session.add(
            models.Assessment(
                account_id=actor.account_id,
                handoff_id=handoff.id,
                state=AssessmentState.DISABLED,
                created_at=now,
            )
        )
        await session.flush()
        await record(session, EventType.HANDOFF_CREATED, handoff, actor, told)
        await session.commit()
        return EscalateSuccess(
            handoff=Handoff.of(handoff),
            session=Session.of(work),
            documentation=Documentation(markdown=written.markdown),
            deliveries=[Delivery.of(row) for row in promised],
        )

    @strawberry.mutation
    async def claim_handoff(self, info: Info, input: ClaimHandoffInput) -> ClaimHandoffResult:
        actor: Actor = info.context["actor"]
        session: AsyncSession = info.context["session"]
        handoff_id, now = parse(input.handoff_id, Kind.HANDOFF), datetime.now(UTC)
        won = (
            await session.exec(
                update(models.Handoff)
                .where(
                    col(models.Handoff.id) == handoff_id,
                    col(models.Handoff.status) == HandoffStatus.OPEN,
                    col(models.Handoff.raised_by_id) != actor.id,
                )
                .values(status=HandoffStatus.CLAIMED, claimed_by_id=actor.id, claimed_at=now)
                .returning(models.Handoff)
            )
        ).scalar_one_or_none()
        if won is None:
            return await standing(session, handoff_id)
        work = (
            await session.exec(select(models.Session).where(models.Session.id == won.session_id))
        ).one()
        work.status = SessionStatus.ACTIVE
        work.escalated_to_id = actor.id
        work.updated_at = now
        item = models.Notification(
            account_id=actor.account_id,
            engineer_id=won.raised_by_id,
            handoff_id=won.id,
            about=EventType.HANDOFF_CLAIMED,
            title=f"{actor.name} took over: {won.problem_summary}",
            created_at=now,
        )
        session.add_all([work, item])
        await session.flush()
        await record(session, EventType.HANDOFF_CLAIMED, won, actor, [item])
        await session.commit()
        return ClaimHandoffSuccess(handoff=Handoff.of(won), session=Session.of(work))


async def standing(session: AsyncSession, handoff_id: Any) -> ClaimHandoffResult:
    found = (
        await session.exec(
            select(models.Handoff, models.Engineer)
            .join(models.Engineer, col(models.Engineer.id) == models.Handoff.claimed_by_id)
            .where(models.Handoff.id == handoff_id)
        )
    ).one_or_none()
    if found is None:
        return HandoffNotFound(message="There is no such handoff in your account.")
    handoff, claimer = found
    assert handoff.claimed_at is not None
    return HandoffAlreadyClaimed(
        message=f"{claimer.name} is already on this handoff.",
        claimed_by=Engineer.of(claimer),
        claimed_at=handoff.claimed_at,
    )


async def timeline(session: AsyncSession, work: models.Session) -> list[dict[str, Any]]:
    rows = await session.exec(
        select(models.Step, models.Engineer.name)
        .join(models.Engineer, col(models.Engineer.id) == models.Step.author_id)
        .where(models.Step.session_id == work.id)
        .order_by(col(models.Step.position))
    )
    return [
        step.model_dump(mode="json", exclude={"account_id", "session_id"}) | {"author": author}
        for step, author in rows.all()
    ]


async def document(
    session: AsyncSession,
    work: models.Session,
    handoff: models.Handoff,
    actor: Actor,
    asked: EscalateInput,
    *,
    steps: list[dict[str, Any]],
    frozen: Frozen,
) -> models.Documentation:
    last = await session.exec(
        select(func.max(models.Documentation.version)).where(
            models.Documentation.session_id == work.id
        )
    )
    account = documentation.Account(
        session=work.model_dump(),
        steps=steps,
        raiser=actor.name,
        target=None,
        reason=asked.reason,
        notes=asked.notes,
        priority=asked.priority,
        hypotheses_open=frozen.hypotheses_open,
        hypotheses_ruled_out=frozen.hypotheses_ruled_out,
        raised_at=handoff.created_at,
    )
    return models.Documentation(
        account_id=actor.account_id,
        session_id=work.id,
        handoff_id=handoff.id,
        version=1 + (last.one() or 0),
        markdown=documentation.write(account),
        written_at=handoff.created_at,
    )


def snapshot(
    handoff: models.Handoff, work: models.Session, frozen: Frozen, now: datetime
) -> models.Snapshot:
    return models.Snapshot(
        account_id=work.account_id,
        handoff_id=handoff.id,
        captured_at=now,
        problem_summary=work.problem_summary,
        problem_domain=work.problem_domain,
        environment=work.environment,
        customer_name=work.customer_name,
        customer_contact=work.customer_contact,
        customer_reachable_until=work.customer_reachable_until,
        confidence_tier=work.confidence_tier,
        ticket_system=work.ticket_system,
        ticket_number=work.ticket_number,
        step_count=frozen.step_count,
        timeline=frozen.timeline,
        hypotheses_open=frozen.hypotheses_open,
        hypotheses_ruled_out=frozen.hypotheses_ruled_out,
        branch_count=frozen.branch_count,
        left_out=frozen.left_out,
    )


def promises(handoff: models.Handoff, work: models.Session) -> list[models.Delivery]:
    promised = deliveries.promises(
        handoff.id, work.model_dump() | {"integrations": []}, (), Options(link_base="")
    )
    return [
        models.Delivery(
            account_id=work.account_id,
            id=promise.id,
            handoff_id=handoff.id,
            channel=promise.channel,
            purpose="raised",
            target=promise.target,
            state=promise.state,
            skip_reason=promise.skip,
            idempotency_key=promise.key,
            created_at=handoff.created_at,
        )
        for promise in promised
    ]


async def bell(
    session: AsyncSession, handoff: models.Handoff, actor: Actor, now: datetime
) -> list[models.Notification]:
    everybody = (await session.exec(select(models.Engineer))).all()
    return [
        models.Notification(
            account_id=actor.account_id,
            engineer_id=engineer.id,
            handoff_id=handoff.id,
            about=EventType.HANDOFF_CREATED,
            title=notifications.raised_title(actor.name),
            created_at=now,
        )
        for engineer in everybody
        if engineer.active and engineer.tier > actor.tier
    ]


async def record(
    session: AsyncSession,
    type: EventType,
    handoff: models.Handoff,
    actor: Actor,
    told: list[models.Notification],
) -> None:
    counter = (await session.exec(select(models.EventCounter).with_for_update())).one_or_none()
    if counter is None:
        counter = models.EventCounter(account_id=actor.account_id)
    counter.seq += 1
    session.add_all(
        [
            counter,
            models.Event(
                account_id=actor.account_id,
                seq=counter.seq,
                type=type,
                handoff_id=handoff.id,
                actor_id=actor.id,
                occurred_at=datetime.now(UTC),
                notified=[item.engineer_id for item in told],
                notifications=[item.id for item in told],
                data={},
            ),
        ]
    )
    await session.flush()
