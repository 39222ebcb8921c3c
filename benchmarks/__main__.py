"""`python -m benchmarks`: measure, and print one table."""

import argparse
import asyncio
import signal
import sys
from platform import python_version

import uvloop

from benchmarks import cores, reporting, running
from benchmarks.contestants.starting import DidNotStart
from benchmarks.cores import Cores
from benchmarks.paths import WrongAnswer
from benchmarks.running import Wanted


def main() -> None:
    wanted = asked()
    found = Cores.found()
    cores.stay_on(found.rest)
    try:
        # the postmaster's parent-death signal follows the thread that starts it: the main one
        lines = uvloop.run(until_stopped(wanted, found))
    except (WrongAnswer, DidNotStart) as error:
        sys.exit(f"benchmarks: {error}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit("benchmarks: stopped")
    print(reporting.table(lines))
    print()
    for line in reporting.races(lines):
        print(line)
    print(
        f"Medians of {wanted.rounds} interleaved rounds of {wanted.seconds:g} s; "
        f"{wanted.handoffs:,} handoffs; Python {python_version()}; PostgreSQL durable; "
        f"{found.described()}."
    )


def asked() -> Wanted:
    usual = Wanted()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=usual.rounds, metavar="N")
    parser.add_argument(
        "--seconds", type=float, default=usual.seconds, metavar="S", help="of each window"
    )
    parser.add_argument(
        "--only", nargs="+", choices=usual.paths, default=usual.paths, help="paths to measure"
    )
    parser.add_argument("--handoffs", type=int, default=usual.handoffs, metavar="N")
    parser.add_argument("--racers", type=int, default=usual.racers, metavar="N")
    given = parser.parse_args()
    return Wanted(given.rounds, given.seconds, tuple(given.only), given.handoffs, given.racers)


async def until_stopped(wanted: Wanted, found: Cores) -> list[running.Line]:
    """SIGTERM ends what was started, as Ctrl-C does."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await running.run(wanted, found)


if __name__ == "__main__":
    main()
