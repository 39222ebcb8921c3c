"""A process that dies inside `escalate` leaves everything or nothing."""

import asyncio
import os
import random
import signal
from typing import Any
from uuid import UUID

import pytest

from db.database import Database, Transaction
from services.actor import Actor
from services.handoffs.escalating import Escalation, escalate
from tests.harness.people import Account, make_account
from tests.harness.story import NOON, OPTIONS, started

KILLS = 200
AT_ONCE = 8
# Statements of one escalation with a key: remember, facts, write, record; then COMMIT.
STATEMENTS = 4
# Seconds. On a new connection every statement is prepared first, beside AT_ONCE others.
LONGEST = 0.15


class Doomed:
    """The real transaction; this process is killed before or after its ``at``-th statement."""

    def __init__(self, tx: Transaction, at: int, *, after: bool) -> None:
        self._tx, self._at, self._after = tx, at, after
        self.account_id = tx.account_id

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any) -> Any:
            self._at -= 1
            if self._at == 0 and not self._after:
                die()
            answer = await getattr(self._tx, name)(*args)
            if self._at == 0:
                die()
            return answer

        return call


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def escalate_and_die(dsn: str, actor: Actor, session_id: UUID, seed: int) -> None:
    """Killed at a random statement, or at a random moment, or (rarely) not at all."""
    chance = random.Random(seed)
    database = Database(dsn, max_connections=2)
    await database.open()
    if seed % 2:  # between instructions of any kind, COMMIT under way included
        asyncio.get_running_loop().call_later(chance.uniform(0, LONGEST), die)
        at = 99
    else:
        at = chance.randint(1, STATEMENTS)
    async with database.transaction(actor.account_id) as tx:
        await escalate(
            Doomed(tx, at, after=chance.random() < 0.5),  # type: ignore[arg-type]
            actor,
            Escalation(session_id, "Stuck"),
            now=NOON,
            options=OPTIONS,
            idempotency_key=f"crash {seed}",
        )


def in_a_child(dsn: str, actor: Actor, session_id: UUID, seed: int) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(escalate_and_die(dsn, actor, session_id, seed))
        finally:
            os._exit(0)
    return pid


@pytest.fixture
def doomed_sessions(dsn: str) -> tuple[Account, list[UUID]]:
    """Made before forking: a child must not inherit a running event loop."""

    async def make() -> tuple[Account, list[UUID]]:
        database = Database(dsn)
        await database.open()
        account = await make_account(database)
        ids = [(await started(database, account.tier1))["id"] for _ in range(KILLS)]
        await database.close()
        return account, ids

    return asyncio.run(make())


EFFECTS = {
    "handoff": "id",
    "snapshot": "handoff_id",
    "assessment": "handoff_id",
    "documentation": "handoff_id",
    "notification": "handoff_id",
    "delivery": "handoff_id",
    "event": "handoff_id",
}


def test_two_hundred_kills_leave_everything_or_nothing(
    dsn: str, doomed_sessions: tuple[Account, list[UUID]]
) -> None:
    account, session_ids = doomed_sessions
    children: list[int] = []
    killed = 0
    for seed, session_id in enumerate(session_ids):
        children.append(in_a_child(dsn, account.tier1, session_id, seed))
        if len(children) == AT_ONCE:
            killed += os.WIFSIGNALED(os.waitpid(children.pop(0), 0)[1])
    killed += sum(os.WIFSIGNALED(os.waitpid(child, 0)[1]) for child in children)
    assert killed > KILLS * 0.5, "hardly anything was interrupted"

    async def examine() -> tuple[int, int]:
        database = Database(dsn)
        await database.open()
        async with database.transaction(account.id) as tx:
            await until_rolled_back(tx)
            whole = nothing = 0
            numbers = [row["seq"] for row in await tx.fetch("SELECT seq FROM event ORDER BY seq")]
            for session_id in session_ids:
                found = await effects(tx, session_id)
                assert found in (NOTHING, WHOLE), found
                whole += found == WHOLE
                nothing += found == NOTHING
        await database.close()
        assert numbers == list(range(1, whole + 1))
        return whole, nothing

    whole, nothing = asyncio.run(examine())
    assert whole, "no crash came after COMMIT: the second half was not tried"
    assert nothing, "no crash came before COMMIT: the first half was not tried"


WHOLE = {
    "session": "ESCALATED",
    "handoff": 1,
    "snapshot": 1,
    "assessment": 1,
    "documentation": 1,
    "notification": 3,
    "delivery": 5,
    "event": 1,
    "key": 1,
}
NOTHING = dict.fromkeys(WHOLE, 0) | {"session": "ACTIVE"}


async def effects(tx: Transaction, session_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = {
        "session": await tx.fetchval("SELECT status FROM session WHERE id = $1", session_id)
    }
    for table, column in EFFECTS.items():
        found[table] = await tx.fetchval(
            f"SELECT count(*) FROM {table} WHERE {column} IN "
            "(SELECT id FROM handoff WHERE session_id = $1)",
            session_id,
        )
    found["key"] = await tx.fetchval(
        "SELECT count(*) FROM idempotency_key WHERE result_id IN "
        "(SELECT id FROM handoff WHERE session_id = $1)",
        session_id,
    )
    return found


async def until_rolled_back(tx: Transaction) -> None:
    """PostgreSQL notices a dead client when it next talks to it."""
    for _ in range(200):
        others = await tx.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'baton' "
            "AND datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        if not others:
            return
        await asyncio.sleep(0.05)
