"""`python -m benchmarks.assessment.latency`: how long `escalate` takes while the model is in
trouble, beside a service that has no model."""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from platform import python_version
from typing import Final

import uvloop

from benchmarks import cores, running
from benchmarks.assessment.beside import BUDGET, RATE, SLACK, Found, measure
from benchmarks.assessment.troubles import TROUBLES
from benchmarks.contestants.starting import DidNotStart
from benchmarks.cores import Cores
from benchmarks.measuring import at
from benchmarks.paths import WrongAnswer
from db.embedded import APP_ROLE, DATABASE

HEADER: Final = (
    "| model | p50 ms | p95 ms | disabled p50 | p95 | ratio p50 | ratio p95 | ends as | after s |"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.assessment.latency", description=__doc__
    )
    parser.add_argument("--rounds", type=int, default=12, metavar="N")
    parser.add_argument("--seconds", type=float, default=1.5, metavar="S", help="of each window")
    given = parser.parse_args()
    where = Cores.found()
    cores.stay_on(where.rest)
    try:
        found = uvloop.run(run(where, given.rounds, given.seconds))
    except (WrongAnswer, DidNotStart) as error:
        sys.exit(f"benchmarks: {error}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit("benchmarks: stopped")
    print("\n".join(table(found)))
    print(
        f"\n{given.rounds} rounds; in each {given.seconds:g} s of trouble, and {given.seconds:g} s "
        f"without a model before; {RATE:g} calls a second by one client; budget {BUDGET:g} s; "
        f"Python {python_version()}; {where.described()}."
    )


async def run(where: Cores, rounds: int, seconds: float) -> Mapping[str, Found]:
    with running.temporary() as place:
        async with running.postgres(place / "one") as one, running.postgres(place / "two") as two:
            calm, asked = (each.dsn(APP_ROLE, DATABASE) for each in (one, two))
            return await measure((calm, asked), place, where.server, rounds=rounds, seconds=seconds)


def table(found: Mapping[str, Found]) -> list[str]:
    lines = [HEADER, "| --- " * (HEADER.count("|") - 1) + "|"]
    for trouble in (each for each in TROUBLES if each.name in found):
        this = found[trouble.name]
        calls, calm, longest = sorted(this.calls), sorted(this.calm), max(this.ends)
        met = "met" if longest <= BUDGET + SLACK else "NOT met"
        shares = (0.50, 0.95)
        cells = [
            trouble.name,
            *(f"{1e3 * at(calls, share):.1f}" for share in shares),
            *(f"{1e3 * at(calm, share):.1f}" for share in shares),
            *(f"{at(calls, share) / at(calm, share):.2f}" for share in shares),
            f"{trouble.state} {trouble.reason or ''}".strip(),
            f"{longest:.2f} ({met})",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    main()
