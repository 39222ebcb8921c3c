"""Many clients over two pools, claiming and releasing the same few handoffs, answers cut away."""

import asyncio
import itertools
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from db.database import CONNECTION_LOST, Columns, Database
from db.embedded import APP_ROLE
from db.models.vocabulary import Role
from services.actor import Actor
from services.handoffs.claiming import claim
from services.handoffs.problems import HandoffAlreadyClaimed, HandoffChanged
from services.handoffs.releasing import release
from services.handoffs.transitions import Guard
from services.problems import Problem
from tests.harness.cutting import Cutter, cutter
from tests.harness.people import make_account, make_engineer
from tests.harness.postgres import Cluster
from tests.harness.story import NOON, waiting
from tests.model.checker import (
    CLAIM,
    CREATED,
    RELEASE,
    Attempt,
    Effect,
    History,
    Outcome,
    Result,
)

CUTS: Final = 0.1  # of all attempts
HEARD: Final = 0.75  # of the cuts: PostgreSQL still carries the COMMIT out
POOLS: Final = 2
CLIENTS: Final = 10
HANDOFFS: Final = 8
# Clients that share an engineer, as two tabs of a browser do.
ENGINEERS: Final = 6
PATIENCE: Final = 30  # seconds to get one request answered


@dataclass
class Race:
    """What the clients share: the handoffs they want, a clock of distinct moments, the record."""

    ids: list[UUID]
    names: dict[UUID, str]
    cutter: Cutter
    chance: random.Random
    until: float
    history: History = field(default_factory=History)
    moments: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    # what each client has last seen: the versions it may insist on
    seen: dict[tuple[str, int], int] = field(default_factory=dict)
    # what each engineer believes to have
    held: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True)
class Wish:
    """One request, sent until it is answered."""

    name: str
    actor: Actor
    what: str
    handoff: int
    guard: Guard


async def race(cluster: Cluster, database_name: str, *, seconds: float, seed: int) -> History:
    """Let them run for so long, and until each has its answer. Then read what has become."""
    async with _pools(cluster, database_name) as (cut, pools):
        # set up past the cutter
        direct = Database(cluster.dsn(database_name), max_connections=2)
        await direct.open()
        try:
            account = await make_account(direct)
            people = [account.admin] + [
                await make_engineer(direct, account.id, f"racer{number}@acme.test")
                for number in range(ENGINEERS)
            ]
            raised = [await waiting(direct, account.tier1) for _ in range(HANDOFFS)]
            shared = Race(
                ids=[one.handoff["id"] for one in raised],
                names={actor.id: actor.name for actor in (*account.everybody, *people)},
                cutter=cut,
                chance=random.Random(seed),
                until=time.monotonic() + seconds,
            )
            shared.history.admins = frozenset({account.admin.name})
            async with asyncio.TaskGroup() as clients:
                for number in range(CLIENTS):
                    actor = people[number % len(people)]
                    pool = pools[number % POOLS]
                    clients.create_task(_client(shared, f"client{number}", actor, pool))
            await _outcome(direct, account.id, shared)
        finally:
            await direct.close()
    return shared.history


@asynccontextmanager
async def _pools(cluster: Cluster, name: str) -> AsyncIterator[tuple[Cutter, list[Database]]]:
    async with cutter(cluster.server) as cut:
        pools = [Database(cut.dsn(name, APP_ROLE), max_connections=6) for _ in range(POOLS)]
        for pool in pools:
            await pool.open()
        try:
            yield cut, pools
        finally:
            for pool in pools:
                await pool.close()


# ------------------------------------------------------------------ one client


async def _client(race: Race, name: str, actor: Actor, database: Database) -> None:
    for number in itertools.count(1):
        if time.monotonic() > race.until:
            return
        wish = _wish(race, name, actor, number)
        async with asyncio.timeout(PATIENCE):
            await _until_answered(race, name, wish, database)
        await asyncio.sleep(race.chance.choice((0, 0, 0.005)))


async def _until_answered(race: Race, client: str, wish: Wish, database: Database) -> None:
    for _ in itertools.count():
        if await _attempt(race, client, wish, database) is not Result.LOST:
            return
        # sometimes long enough for the world to move on
        await asyncio.sleep(race.chance.choice((0, 0.01, 0.1)))


def _wish(race: Race, name: str, actor: Actor, number: int) -> Wish:
    """Who has one mostly gives it back soon, and the ADMIN takes others' away."""
    chance = race.chance
    what, handoff = CLAIM, chance.randrange(len(race.ids))
    if actor.role == Role.ADMIN:
        what = chance.choice((CLAIM, RELEASE))
    elif (held := race.held[actor.name]) and chance.random() < 0.6:
        what, handoff = RELEASE, chance.choice(sorted(held))
    expected = race.seen.get((name, handoff)) if chance.random() < 0.2 else None
    return Wish(f"{name}:{number}", actor, what, handoff, Guard(f"{name}:{number}", expected))


async def _attempt(race: Race, client: str, wish: Wish, database: Database) -> Result:
    at = next(race.moments)
    if race.chance.random() < CUTS:
        race.cutter.cut_at(b"COMMIT", passing=race.chance.random() < HEARD)
    invoked = time.monotonic()
    result, told = Result.BROKEN, ""
    version: int | None = None
    holder: str | None = None
    since: int | None = None
    try:
        row = await _ask(race, wish, database, _moment(at))
        result, version, holder = Result.OK, row["version"], race.names.get(row["claimed_by_id"])
    except HandoffAlreadyClaimed as refusal:
        result, holder = Result.TAKEN, race.names[refusal.claimed_by["id"]]
        since = _tick(refusal.claimed_at)
    except HandoffChanged as refusal:
        result, version = Result.CHANGED, refusal.handoff["version"]
    except Problem as refusal:
        result, told = Result.REFUSED, type(refusal).__name__
    except CONNECTION_LOST:
        result = Result.LOST
    except Exception as error:  # recorded, and judged with everything else
        told = repr(error)
    if version is not None:
        race.seen[client, wish.handoff] = version
    if result is not Result.LOST:
        mine = holder == wish.actor.name
        race.held[wish.actor.name] -= {wish.handoff}
        race.held[wish.actor.name] |= {wish.handoff} if mine else set()
    race.history.attempts.append(
        Attempt(
            at=at,
            request=wish.name,
            who=wish.actor.name,
            what=wish.what,
            handoff=wish.handoff,
            invoked=invoked,
            returned=time.monotonic(),
            result=result,
            version=version,
            holder=holder,
            since=since,
            told=told,
        )
    )
    return result


async def _ask(race: Race, wish: Wish, database: Database, now: datetime) -> Columns:
    handoff_id = race.ids[wish.handoff]
    async with database.transaction(wish.actor.account_id) as tx:
        if wish.what == CLAIM:
            won = await claim(tx, wish.actor, handoff_id, now=now, guard=wish.guard)
            return won.handoff
        moved = await release(tx, wish.actor, handoff_id, "Pulled away", now=now, guard=wish.guard)
        return moved.handoff


# ------------------------------------------------------------------ what has become of it

KINDS: Final = {
    "handoff.created": CREATED,
    "handoff.claimed": CLAIM,
    "handoff.released": RELEASE,
}


async def _outcome(database: Database, account_id: UUID, race: Race) -> None:
    async with database.transaction(account_id) as tx:
        events = await tx.fetch("SELECT * FROM event ORDER BY seq")
        handoffs = await tx.fetch(
            "SELECT h.*, s.status AS session_status, s.escalated_to_id FROM handoff h "
            "JOIN session s ON s.id = h.session_id"
        )
    number = {id_: n for n, id_ in enumerate(race.ids)}
    race.history.effects = [
        Effect(
            event["seq"],
            number[event["handoff_id"]],
            KINDS[event["type"]],
            race.names[event["actor_id"]],
            _tick(event["occurred_at"]),
        )
        for event in events
    ]
    for row in handoffs:
        assert row["escalated_to_id"] == row["claimed_by_id"]
        assert row["session_status"] == ("ACTIVE" if row["claimed_by_id"] else "ESCALATED")
        holder = race.names.get(row["claimed_by_id"])
        race.history.outcomes.append(Outcome(number[row["id"]], row["version"], holder))


def _moment(at: int) -> datetime:
    return NOON + timedelta(milliseconds=at)


def _tick(time_: datetime) -> int:
    return round((time_ - NOON) / timedelta(milliseconds=1))
