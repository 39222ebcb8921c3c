"""`python -m benchmarks`: measure, and print one table."""

import argparse
import asyncio
import signal
import sys
from dataclasses import replace
from platform import python_version
from typing import Any, Final

import uvloop

from benchmarks import cores, files, reporting, running
from benchmarks.contestants.starting import DidNotStart
from benchmarks.cores import Cores
from benchmarks.paths import WrongAnswer
from benchmarks.running import Report
from benchmarks.wanted import Wanted

USUAL: Final = Wanted()
QUICK: Final = Wanted(rounds=1, seconds=0.5, handoffs=2_000, subscribers=(100, 1_000))


def main() -> None:
    wanted = asked()
    sizes = files.allow(wanted.subscribers)
    if sizes != wanted.subscribers:
        left_out = sorted({*wanted.subscribers} - {*sizes})
        running.say(f"without {left_out} subscribers: too few open files are allowed (ulimit -Hn)")
        wanted = replace(wanted, subscribers=sizes)
    found = Cores.found()
    cores.stay_on(found.rest)
    try:
        # the postmaster's parent-death signal follows the thread that starts it: the main one
        report = uvloop.run(until_stopped(wanted, found))
    except (WrongAnswer, DidNotStart) as error:
        sys.exit(f"benchmarks: {error}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit("benchmarks: stopped")
    if report.lines:
        print(reporting.table(report.lines))
        print()
    for line in reporting.notes(report):
        print(line)
    print(
        f"Medians of {wanted.rounds} interleaved rounds of {wanted.seconds:g} s; "
        f"{wanted.handoffs:,} handoffs; Python {python_version()}; PostgreSQL durable; "
        f"{found.described()}."
    )


def asked() -> Wanted:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round, few subscribers")
    parser.add_argument("--rounds", type=int, metavar="N")
    parser.add_argument("--seconds", type=float, metavar="S", help="of each window")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=USUAL.paths,
        dest="paths",
        metavar="PATH",
        help=f"paths to measure: {', '.join(USUAL.paths)}",
    )
    parser.add_argument("--handoffs", type=int, metavar="N")
    parser.add_argument("--racers", type=int, metavar="N")
    parser.add_argument("--subscribers", nargs="+", type=int, metavar="N", help="of live paths")
    given = vars(parser.parse_args())
    usual = QUICK if given.pop("quick") else USUAL
    chosen: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None
    }
    return replace(usual, **chosen)


async def until_stopped(wanted: Wanted, found: Cores) -> Report:
    """SIGTERM ends what was started, as Ctrl-C does."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await running.run(wanted, found)


if __name__ == "__main__":
    main()
