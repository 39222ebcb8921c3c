"""Calls for help while the language model is in trouble, and at a service that has none."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final
from uuid import UUID

from benchmarks import world
from benchmarks.assessment.serving import serving
from benchmarks.assessment.troubles import CALM, TROUBLES, Trouble
from benchmarks.client import at_once, connect
from benchmarks.contestants.starting import Server
from benchmarks.paths import WrongAnswer, close, escalations, succeeded
from benchmarks.world import Desk
from db.database import Database
from db.models.vocabulary import AssessmentState
from tests.harness.messages import Reply, speaking

RATE: Final = 8.0  # calls a second: so many within a second's budget find a free slot of 16
BUDGET: Final = 1.0  # seconds
SLACK: Final = 0.5  # seconds beyond the budget until the state must be right
PATIENCE: Final = 10.0  # seconds beyond that until a run is given up
WARM_UP: Final = 1.0  # seconds

ENDED: Final = """
    SELECT state, reason, extract(epoch FROM finished_at - created_at)::float8 AS seconds
    FROM assessment WHERE account_id = $1 AND handoff_id IN (
        SELECT id FROM handoff WHERE account_id = $1 AND session_id = ANY ($2))
"""


@dataclass(slots=True)
class Found:
    """Seconds: of each call, of each in the calm just before, at a service without a model, and
    from each raise to its assessment's end."""

    calls: list[float] = field(default_factory=list)
    calm: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Side:
    """A service with a database of its own: no other takes up what it promises."""

    server: Server
    database: Database
    desk: Desk

    async def window(self, trouble: Trouble, seconds: float) -> tuple[list[float], list[float]]:
        """Call for help at a steady pace: the calls' seconds, and those to the assessments' ends.

        Raises WrongAnswer.
        """
        calls = []
        [actor] = self.desk.juniors
        count = max(2, round(RATE * seconds))
        [sessions] = await world.active_sessions(self.database, [actor], count)
        connections = await connect(self.server.port, 1)
        began = perf_counter()
        try:
            for number, request in enumerate(escalations(self.server, actor, sessions)):
                await asyncio.sleep(began + number / RATE - perf_counter())
                [(latency, status, body)] = await at_once(connections, [request])
                succeeded(status, body)
                calls.append(latency)
        finally:
            close(connections)
        return calls, await ends(self.database, actor.account_id, trouble, sessions)


async def ends(
    database: Database, account_id: UUID, trouble: Trouble, sessions: Sequence[UUID]
) -> list[float]:
    """Raises WrongAnswer if the assessments of these become something else, or nothing."""
    until = perf_counter() + BUDGET + SLACK + PATIENCE
    while True:
        async with database.transaction(account_id) as tx:
            rows = await tx.fetch(ENDED, account_id, sessions)
        became = {(row["state"], row["reason"]) for row in rows}
        if became == {(trouble.state, trouble.reason)} and len(rows) == len(sessions):
            # of what is so from the first, no moment is kept
            return [row["seconds"] or 0.0 for row in rows]
        waiting = any(state == AssessmentState.PENDING for state, _ in became)
        if not waiting or perf_counter() > until:
            raise WrongAnswer(f"{trouble.name}: assessments became {became}")
        await asyncio.sleep(0.1)


async def measure(
    dsns: tuple[str, str],
    place: Path,
    core: int | None,
    *,
    rounds: int,
    seconds: float,
    troubles: Sequence[Trouble] = TROUBLES,
) -> Mapping[str, Found]:
    """By names of troubles. Everything started here is ended when it returns.

    ``dsns`` are of two databases with nobody in them. Raises WrongAnswer and DidNotStart.
    """
    found = {each.name: Found() for each in troubles}
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(speaking(*_replies(troubles[0])))
        asked = {
            "anthropic_api_key": "sk-ant-of-a-benchmark",
            "anthropic_base_url": model.url,
            "assessment_budget": f"{BUDGET:g}",
            "assessment_daily_limit": "1000000",
        }
        calm = await _side(stack, "disabled", dsns[0], place, core)
        troubled = await _side(stack, "asked", dsns[1], place, core, **asked)
        await calm.window(CALM, min(WARM_UP, seconds))
        await troubled.window(troubles[0], min(WARM_UP, seconds))
        for _ in range(rounds):
            for trouble in troubles:
                into = found[trouble.name]
                into.calm += (await calm.window(CALM, seconds))[0]
                model.replies = _replies(trouble)
                calls, ended = await troubled.window(trouble, seconds)
                into.calls += calls
                into.ends += ended
                # what drips or hangs would go on under the windows to come
                await model.hang_up()
    return found


def _replies(trouble: Trouble) -> list[Reply]:
    return [] if trouble.reply is None else [trouble.reply]


async def _side(
    stack: AsyncExitStack, name: str, dsn: str, place: Path, core: int | None, **more: str
) -> Side:
    database = Database(dsn, max_connections=2)
    await database.open()
    stack.push_async_callback(database.close)
    desk = await world.make_desk(database, name, juniors=1, seniors=7, admins=1)
    server = await stack.enter_async_context(serving(name, desk, dsn, place, core, **more))
    return Side(server, database, desk)
