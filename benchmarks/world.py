"""Who and what is there before anything is measured, and what each measurement uses up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from benchmarks import timeline
from db.database import Database, Transaction
from db.ids import uuid7
from db.models.vocabulary import Role
from services import accounts
from services.actor import Actor

RAISERS: Final = 16
RACERS: Final = 64
CONTESTANTS: Final = 4
LISTENERS: Final = 8
"""Engineers, whose tokens the subscribers share."""
HANDOFFS: Final = 10_000
WAITING: Final = 300
"""Of the HANDOFFS; the others are history."""
PRIORITIES: Final = ("LOW", "NORMAL", "NORMAL", "NORMAL", "HIGH", "URGENT")


@dataclass(frozen=True, slots=True)
class Desk:
    """An account. ``juniors`` escalate, ``seniors`` are told and claim."""

    slug: str
    juniors: tuple[Actor, ...]
    seniors: tuple[Actor, ...]

    @property
    def everybody(self) -> tuple[Actor, ...]:
        return self.juniors + self.seniors


@dataclass(frozen=True, slots=True)
class World:
    """A desk for each path, so that what one path writes is no weight on another."""

    escalating: Desk
    claiming: Desk
    queueing: Desk
    listening: tuple[Desk, ...]
    """One for each contestant: who follows a log hears of all that is written to it."""

    @property
    def desks(self) -> tuple[Desk, ...]:
        return self.escalating, self.claiming, self.queueing, *self.listening


async def make(database: Database, owner_dsn: str, *, handoffs: int, racers: int) -> World:
    """The world, with the planner's statistics up to date and a checkpoint behind it."""
    world = World(
        escalating=await make_desk(database, "escalating", juniors=RAISERS, seniors=7, admins=1),
        claiming=await make_desk(database, "claiming", juniors=1, seniors=racers),
        queueing=await make_desk(database, "queueing", juniors=20, seniors=20),
        listening=tuple(
            [
                await make_desk(database, f"listening{number}", juniors=1, seniors=LISTENERS)
                for number in range(CONTESTANTS)
            ]
        ),
    )
    await _history(database, world.queueing, handoffs)
    owner = await asyncpg.connect(owner_dsn)
    try:
        await owner.execute("VACUUM (ANALYZE)")
    finally:
        await owner.close()
    return world


async def active_sessions(
    database: Database, owners: Sequence[Actor], count: int
) -> list[list[UUID]]:
    """``count`` sessions with a timeline for each owner, ready to be escalated."""
    ids = [[uuid7() for _ in range(count)] for _ in owners]
    flat = [session for mine in ids for session in mine]
    owner_ids = [owner.id for owner in owners for _ in range(count)]
    async with database.transaction(owners[0].account_id) as tx:
        await _insert_sessions(tx, flat, owner_ids, "ACTIVE")
        await tx.execute(
            """
            INSERT INTO step (account_id, id, session_id, position, kind, title, detail,
                              hypothesis, outcome, author_id, recorded_at)
            SELECT $1, gen_random_uuid(), s.id, t.position, t.kind, t.title, t.detail,
                   t.hypothesis, t.outcome, s.owner, now()
            FROM unnest($2::uuid[], $3::uuid[]) s (id, owner)
            CROSS JOIN unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
                WITH ORDINALITY t (kind, title, detail, hypothesis, outcome, position)
            """,
            tx.account_id,
            flat,
            owner_ids,
            *map(list, zip(*timeline.STEPS, strict=True)),
        )
    return ids


async def waiting_handoffs(
    database: Database, desk: Desk, count: int, *, priority: str | None = None
) -> list[UUID]:
    """Handoffs that nobody has claimed yet. Priorities are mixed unless one is given."""
    raiser = desk.juniors[0]
    handoffs = [uuid7() for _ in range(count)]
    await _insert_handoffs(
        database,
        [raiser] * count,
        handoffs,
        ["OPEN"] * count,
        desk.seniors[0],
        priorities=PRIORITIES if priority is None else [priority],
    )
    return handoffs


async def make_desk(
    database: Database, slug: str, *, juniors: int, seniors: int, admins: int = 0
) -> Desk:
    account_id = await accounts.create(database, slug, f"{slug.capitalize()} desk")

    def engineers(kind: str, count: int, role: Role, tier: int) -> tuple[Actor, ...]:
        return tuple(
            Actor(
                account_id, uuid7(), role, tier, f"{kind} {number}", f"{kind}{number}@{slug}.test"
            )
            for number in range(1, count + 1)
        )

    desk = Desk(
        slug,
        engineers("Junior", juniors, Role.ENGINEER, 1),
        engineers("Senior", seniors, Role.ENGINEER, 2) + engineers("Admin", admins, Role.ADMIN, 3),
    )
    async with database.transaction(account_id) as tx:
        for actor in desk.everybody:
            await tx.execute(
                "INSERT INTO engineer (account_id, id, subject, email, name, role, tier) "
                "VALUES ($1, $2, $3, $3, $4, $5, $6)",
                account_id,
                actor.id,
                actor.email,
                actor.name,
                actor.role,
                actor.tier,
            )
    return desk


async def _history(database: Database, desk: Desk, count: int) -> None:
    """Handoffs of years: most are done, the last WAITING are open."""
    claimer = desk.seniors[0]
    waiting = min(WAITING, count)
    statuses = ["RESOLVED"] * (count - waiting) + ["OPEN"] * waiting
    for start in range(0, count, 2_000):
        part = statuses[start : start + 2_000]
        raisers = [desk.juniors[number % len(desk.juniors)] for number in range(len(part))]
        handoffs = [uuid7() for _ in part]
        await _insert_handoffs(database, raisers, handoffs, part, claimer)


async def _insert_handoffs(
    database: Database,
    raisers: Sequence[Actor],
    handoffs: Sequence[UUID],
    statuses: Sequence[str],
    claimer: Actor,
    *,
    priorities: Sequence[str] = PRIORITIES,
) -> None:
    sessions = [uuid7() for _ in handoffs]
    raiser_ids = [raiser.id for raiser in raisers]
    states = ["ESCALATED" if status == "OPEN" else "RESOLVED" for status in statuses]
    now = datetime.now(UTC)
    raised = [now - timedelta(minutes=len(handoffs) - number) for number in range(len(handoffs))]
    async with database.transaction(claimer.account_id) as tx:
        await _insert_sessions(tx, sessions, raiser_ids, states)
        await tx.execute(
            """
            INSERT INTO handoff (account_id, id, session_id, status, priority, intent,
                                 problem_summary, reason, raised_by_id, claimed_by_id, claimed_at,
                                 created_at)
            SELECT $1, h.id, h.session, h.status,
                   ($10::text[])[1 + n % cardinality($10)],
                   'ESCALATE', $7, $8, h.raiser, CASE WHEN h.status <> 'OPEN' THEN $9::uuid END,
                   CASE WHEN h.status <> 'OPEN' THEN h.raised END, h.raised
            FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::timestamptz[])
                WITH ORDINALITY h (id, session, status, raiser, raised, n)
            """,
            tx.account_id,
            handoffs,
            sessions,
            statuses,
            raiser_ids,
            raised,
            timeline.PROBLEM,
            timeline.REASON,
            claimer.id,
            priorities,
        )
        await tx.execute(
            """
            INSERT INTO snapshot (account_id, handoff_id, captured_at, problem_summary,
                                  problem_domain, environment, step_count, timeline,
                                  hypotheses_open, hypotheses_ruled_out)
            SELECT $1, h.id, h.raised, $4, $5, $6, $7, $8, $9, $10
            FROM unnest($2::uuid[], $3::timestamptz[]) h (id, raised)
            """,
            tx.account_id,
            handoffs,
            raised,
            timeline.PROBLEM,
            timeline.DOMAIN,
            timeline.ENVIRONMENT,
            len(timeline.STEPS),
            timeline.frozen(),
            timeline.OPEN,
            timeline.RULED_OUT,
        )


async def _insert_sessions(
    tx: Transaction, sessions: Sequence[UUID], owners: Sequence[UUID], statuses: str | list[str]
) -> None:
    arguments: list[Any] = [
        tx.account_id,
        sessions,
        owners,
        statuses if isinstance(statuses, list) else [statuses] * len(sessions),
        timeline.PROBLEM,
        timeline.DOMAIN,
        timeline.ENVIRONMENT,
        len(timeline.STEPS),
    ]
    await tx.execute(
        """
        INSERT INTO session (account_id, id, owner_id, status, problem_summary, problem_domain,
                             environment, customer_name, customer_contact, confidence_tier,
                             ticket_system, ticket_number, step_count, resolution, resolved_at)
        SELECT $1, s.id, s.owner, s.status, $5, $6, $7, 'Weber & Sons', '+49 30 1234567', 'MEDIUM',
               'HALOPSA', (10000 + n)::text, $8,
               CASE WHEN s.status = 'RESOLVED' THEN 'Done.' END,
               CASE WHEN s.status = 'RESOLVED' THEN now() END
        FROM unnest($2::uuid[], $3::uuid[], $4::text[]) WITH ORDINALITY s (id, owner, status, n)
        """,
        *arguments,
    )
