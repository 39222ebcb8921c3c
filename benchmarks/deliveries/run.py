"""In calm, beside a flood, beside a vendor that fails: round after round, with one worker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet

from benchmarks.cores import Cores
from benchmarks.deliveries import offices, starting, vendors
from benchmarks.deliveries.delays import Delays, Offices, measure
from benchmarks.deliveries.offices import Backlog
from benchmarks.measuring import Meter
from db.database import Database
from services.events import Doorbell
from services.integrations.vault import Vault

OFFICES: Final = 10
RATE: Final = 50.0  # raises a second, of all offices together
FLOOD: Final = 50_000
CALM, FLOODED, FAILING = "calm", "flooded", "failing"
PHASES: Final = (CALM, FLOODED, FAILING)
WARM_UP: Final = 1.0  # seconds
TAKING_HOLD: Final = 1.0  # seconds that trouble has before anything is measured
ENDING: Final = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Trouble:
    """A backlog that can be let loose; ``over`` ends what hangs."""

    backlog: Backlog
    over: Callable[[], None]

    @asynccontextmanager
    async def around(self) -> AsyncIterator[None]:
        async with self.backlog.loose():
            await asyncio.sleep(TAKING_HOLD)
            yield
        until = asyncio.get_running_loop().time() + ENDING
        while await self.backlog.under_way() and asyncio.get_running_loop().time() < until:
            self.over()
            await asyncio.sleep(0.1)


async def run(
    dsn: str,
    tidy: Callable[[], Awaitable[None]],
    postgres: int,
    place: Path,
    cores: Cores,
    *,
    rounds: int,
    seconds: float,
    flood: int = FLOOD,
) -> Mapping[str, list[Delays]]:
    """For each of PHASES its rounds. Raises WrongAnswer and DidNotStart."""
    key = Fernet.generate_key().decode()
    vault = Vault([key])
    database = Database(dsn, max_connections=8)
    await database.open()
    doorbell = Doorbell(dsn)
    await doorbell.start()
    found: dict[str, list[Delays]] = {phase: [] for phase in PHASES}
    try:
        desks = await offices.ordinary(database, vault, OFFICES)
        flooding = await offices.with_backlog(database, vault, "flooding", vendors.HOOKS, flood)
        failing = await offices.with_backlog(
            database, vault, "failing", vendors.FAILING, max(1, flood // 10)
        )
        calling = Offices(database, doorbell, desks)
        async with (
            starting.vendors() as fakes,
            starting.worker(dsn, key, fakes.settings, place / "worker.log", cores.server) as pid,
        ):
            meter = Meter(pid, postgres)
            troubles = {
                FLOODED: Trouble(flooding, fakes.let_go),
                FAILING: Trouble(failing, fakes.let_go),
            }

            async def window(phase: str, length: float) -> Delays:
                each = max(1, round(RATE * length / OFFICES))
                ready = await offices.sessions(database, desks, each)
                await tidy()  # as autovacuum would, which is off: it must fall into no window
                trouble = troubles.get(phase)
                async with trouble.around() if trouble else nullcontext():
                    before = await trouble.backlog.carried() if trouble else 0
                    delays = await measure(calling, ready, RATE, meter)
                    after = await trouble.backlog.carried() if trouble else 0
                return replace(delays, others=after - before)

            await window(CALM, min(WARM_UP, seconds))
            for _ in range(rounds):
                for phase in PHASES:
                    found[phase].append(await window(phase, seconds))
    finally:
        await doorbell.stop()
        await database.close()
    return found
