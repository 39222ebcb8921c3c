"""Raises at a steady pace, and how long each of their effects waited for its first attempt."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Final
from uuid import UUID

from benchmarks.deliveries.offices import EFFECTS
from benchmarks.measuring import Meter, at
from benchmarks.paths import WrongAnswer
from benchmarks.world import Desk
from db.database import Database
from services.actor import Actor
from services.events import Doorbell
from services.handoffs.escalating import Escalation, escalate
from services.options import Options

OPTIONS: Final = Options(link_base="https://desk.bench.test", mail=True)
PATIENCE: Final = 60.0  # seconds until the last effect has arrived

Raised = tuple[UUID, datetime]
"""A handoff, and when its COMMIT was answered: by this machine's clock, which is PostgreSQL's."""


@dataclass(frozen=True, slots=True)
class Delays:
    """``waited`` holds seconds, ordered. ``server`` is the worker's CPU and ``postgres`` that of
    all its processes, the raises' own share included; seconds each, for one attempt. ``others`` are
    attempts of the account that is trouble."""

    raised: float
    waited: Sequence[float]
    attempts: int
    others: int
    seconds: float
    server: float
    postgres: float

    @property
    def p50(self) -> float:
        return at(self.waited, 0.50)

    @property
    def p99(self) -> float:
        return at(self.waited, 0.99)


class Offices:
    """Accounts in which somebody calls for help again and again."""

    def __init__(self, database: Database, doorbell: Doorbell, desks: Sequence[Desk]) -> None:
        self._database = database
        self._doorbell = doorbell
        self._desks = desks

    async def call(self, sessions: Sequence[Sequence[UUID]], rate: float) -> list[list[Raised]]:
        """Escalate all of these, one of each office in turn, so many a second altogether."""
        turns = list(zip(*sessions, strict=True))
        flat = [(desk, one) for turn in turns for desk, one in enumerate(turn)]
        raised: list[list[Raised]] = [[] for _ in sessions]
        began = perf_counter()

        async def one(number: int, desk: int, session: UUID) -> None:
            await asyncio.sleep(began + number / rate - perf_counter())
            raised[desk].append(await self._escalate(self._desks[desk].juniors[0], session))

        await asyncio.gather(*(one(number, *each) for number, each in enumerate(flat)))
        return raised

    async def _escalate(self, actor: Actor, session: UUID) -> Raised:
        wanted = Escalation(session, "It needs rights that I don't have.")
        async with self._database.transaction(actor.account_id) as tx:
            done = await escalate(tx, actor, wanted, now=datetime.now(UTC), options=OPTIONS)
        committed = datetime.now(UTC)
        assert done.seq is not None
        self._doorbell.ring(actor.account_id, done.seq)
        return done.handoff["id"], committed

    async def waited(self, raised: Sequence[Sequence[Raised]]) -> list[float]:
        """Of every effect, when the last has arrived. Raises WrongAnswer if one does not."""
        until = perf_counter() + PATIENCE
        found: list[float] = []
        for desk, calls in zip(self._desks, raised, strict=True):
            while not await self._arrived(desk, calls):
                if perf_counter() > until:
                    raise WrongAnswer(f"{desk.slug}: what was promised has not arrived")
                await asyncio.sleep(0.1)
            found += await self._first_attempts(desk, calls)
        return sorted(found)

    async def _arrived(self, desk: Desk, calls: Sequence[Raised]) -> bool:
        async with self._database.transaction(desk.juniors[0].account_id) as tx:
            sent = await tx.fetchval(
                "SELECT count(*) FROM delivery WHERE handoff_id = ANY ($1) AND purpose = 'raised' "
                "AND state = 'SENT'",
                [handoff for handoff, _ in calls],
            )
        return int(sent) == EFFECTS * len(calls)

    async def _first_attempts(self, desk: Desk, calls: Sequence[Raised]) -> list[float]:
        committed = dict(calls)
        async with self._database.transaction(desk.juniors[0].account_id) as tx:
            rows = await tx.fetch(
                """
                SELECT d.handoff_id, a.started_at FROM delivery d
                JOIN delivery_attempt a ON a.account_id = d.account_id AND a.delivery_id = d.id
                WHERE d.handoff_id = ANY ($1) AND d.purpose = 'raised' AND a.number = 1
                """,
                list(committed),
            )
        # what is taken before COMMIT's answer is back has not waited at all
        return [
            max(0.0, (row["started_at"] - committed[row["handoff_id"]]).total_seconds())
            for row in rows
        ]


async def measure(
    offices: Offices,
    sessions: Sequence[Sequence[UUID]],
    rate: float,
    meter: Meter,
) -> Delays:
    """``others`` is left for whoever knows what else was going on."""
    taken = meter.read()
    began = perf_counter()
    raised = await offices.call(sessions, rate)
    calling = perf_counter() - began
    waited = await offices.waited(raised)
    seconds = perf_counter() - began
    taken = meter.read().since(taken)
    calls = sum(map(len, raised))
    return Delays(calls / calling, waited, len(waited), 0, seconds, taken.server, taken.postgres)
