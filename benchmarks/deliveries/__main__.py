"""`python -m benchmarks.deliveries`: measure, and print one table."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from platform import python_version
from statistics import median
from typing import Final

import asyncpg
import uvloop

from benchmarks import cores, running
from benchmarks.contestants.starting import DidNotStart
from benchmarks.cores import Cores
from benchmarks.deliveries import run as phases
from benchmarks.deliveries.delays import Delays
from benchmarks.deliveries.offices import EFFECTS
from benchmarks.paths import WrongAnswer
from db.embedded import APP_ROLE, DATABASE, OWNER_ROLE

GOAL: Final = 1.0  # seconds from COMMIT to the first attempt, of 99 in 100
HEADER: Final = (
    "| beside | raised/s | p50 ms | p99 ms | p99 / calm | worker ms | PostgreSQL ms | others |"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deliveries", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--seconds", type=float, default=8.0, metavar="S", help="of each window")
    parser.add_argument("--flood", type=int, default=phases.FLOOD, metavar="N", help="its backlog")
    given = parser.parse_args()
    found = Cores.found()
    cores.stay_on(found.rest)
    try:
        measured = uvloop.run(measure(found, given.rounds, given.seconds, given.flood))
    except (WrongAnswer, DidNotStart) as error:
        sys.exit(f"benchmarks: {error}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit("benchmarks: stopped")
    print("\n".join(table(measured)))
    print(
        f"\nMedians of {given.rounds} interleaved rounds of {given.seconds:g} s; "
        f"{phases.OFFICES} accounts raise {phases.RATE:g} a second together, {EFFECTS} effects "
        f"each; the flood has {given.flood:,} due; one worker; Python {python_version()}; "
        f"{found.described()}."
    )


async def measure(
    found: Cores, rounds: int, seconds: float, flood: int
) -> Mapping[str, Sequence[Delays]]:
    """Everything started here is ended when it returns. Raises WrongAnswer and DidNotStart."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with running.temporary() as place:
        async with running.postgres(place / "data") as server:

            async def tidy() -> None:
                owner = await asyncpg.connect(server.dsn(OWNER_ROLE, DATABASE))
                try:
                    await owner.execute("VACUUM (ANALYZE)")
                finally:
                    await owner.close()

            return await phases.run(
                server.dsn(APP_ROLE, DATABASE),
                tidy,
                running.postmaster(server),
                place,
                found,
                rounds=rounds,
                seconds=seconds,
                flood=flood,
            )


def table(measured: Mapping[str, Sequence[Delays]]) -> list[str]:
    """Medians over the rounds. CPU is for one attempt, whosever it was."""
    calm = median(each.p99 for each in measured[phases.CALM])
    return [HEADER, "| --- " * (HEADER.count("|") - 1) + "|"] + [
        _line(phase, found, calm) for phase, found in measured.items()
    ]


def _line(phase: str, found: Sequence[Delays], calm: float) -> str:
    p99 = median(each.p99 for each in found)
    cells = [
        phase,
        f"{median(each.raised for each in found):.0f}",
        f"{1e3 * median(each.p50 for each in found):.1f}",
        f"{1e3 * p99:.0f} ({'met' if p99 <= GOAL else 'NOT met'})",
        f"{p99 / calm:.2f}",
        f"{1e3 * median(each.server / (each.attempts + each.others) for each in found):.2f}",
        f"{1e3 * median(each.postgres / (each.attempts + each.others) for each in found):.2f}",
        f"{median(each.others for each in found):,.0f}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
