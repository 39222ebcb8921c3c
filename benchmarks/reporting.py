"""The one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from statistics import median
from typing import Final

from benchmarks.measuring import Window
from benchmarks.running import JOIN, Line

BATON: Final = "Baton"
FLOOR: Final = "floor"
PLAIN: Final = "plain Strawberry"

HEADER: Final = (
    "path",
    "clients",
    "server",
    "ops/s",
    "p50 ms",
    "p99 ms",
    "server CPU µs/op",
    "PostgreSQL CPU µs/op",
    "CPU",
    "p50",
    "goal",
)


@dataclass(frozen=True, slots=True)
class Goal:
    """Of Baton beside ``against``. Source: docs/benchmarks.md, "Reading the table"."""

    figure: str
    most: float
    against: str = FLOOR


GOALS: Final[dict[tuple[str, int | None], tuple[Goal, ...]]] = {
    ("escalate", 16): (Goal("server", 2.1),),
    ("escalate", 1): (Goal("p50", 2.0),),
    ("claim", None): (Goal("server", 1.7),),
    ("queue", 16): (Goal("server", 2.4), Goal("postgres", 1.1, JOIN)),
}
WORDS: Final = {"server": "CPU", "p50": "p50", "postgres": "PostgreSQL CPU"}


def table(lines: Sequence[Line]) -> str:
    """In Markdown, so that it can be pasted as it is."""
    rows = [HEADER, *(row for line in lines for row in rows_of(line))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    left = {0, 2, len(HEADER) - 1}

    def written(row: Sequence[str]) -> str:
        cells = (
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return f"| {' | '.join(cells)} |"

    rule = "|".join(
        "-" * (width + 2) if column in left else "-" * (width + 1) + ":"
        for column, width in enumerate(widths)
    )
    return "\n".join([written(rows[0]), f"|{rule}|", *(written(row) for row in rows[1:])])


def rows_of(line: Line) -> list[tuple[str, ...]]:
    return [row_of(line, name) for name in line.windows]


def row_of(line: Line, name: str) -> tuple[str, ...]:
    window = Window.median(line.windows[name])
    # Baton is held against the floor; who takes the documentation's way, against Baton
    against = {BATON: FLOOR, PLAIN: BATON}.get(name)
    beside = [
        f"{ratio(line, figure, name, against):.2f} × {against}" if against else ""
        for figure in ("server", "p50")
    ]
    goals = [judged(goal, line) for goal in goals_of(line)] if name == BATON else []
    return (
        line.path,
        str(line.clients),
        name,
        f"{window.rate:,.0f}",
        f"{window.p50 * 1e3:.2f}",
        f"{window.p99 * 1e3:.2f}",
        f"{window.server * 1e6:,.0f}",
        f"{window.postgres * 1e6:,.0f}",
        *beside,
        "; ".join(goals),
    )


def goals_of(line: Line) -> tuple[Goal, ...]:
    return GOALS.get((line.path, line.clients)) or GOALS.get((line.path, None), ())


def judged(goal: Goal, line: Line) -> str:
    found = ratio(line, goal.figure, BATON, goal.against)
    mark = "met" if found <= goal.most else f"NOT met ({found:.2f})"
    return f"{WORDS[goal.figure]} ≤ {goal.most} × {goal.against}: {mark}"


def ratio(line: Line, figure: str, name: str, against: str) -> float:
    """The median of the rounds' ratios: what slows one round down slows both of its windows.

    Not a number when windows were too short for the clock of processes.
    """
    rounds = zip(line.windows[name], line.windows[against], strict=True)
    pairs = [(getattr(one, figure), getattr(other, figure)) for one, other in rounds]
    return median(one / other if other else nan for one, other in pairs)


def races(lines: Sequence[Line]) -> list[str]:
    """How long until the last of all racers knew, and that it was always one who won."""
    return [
        f"claim: {sum(map(len, line.races.values()))} races of {line.clients}, exactly one winner "
        "in each, named to every loser. A whole race, median: "
        + ", ".join(f"{name} {median(took) * 1e3:.0f} ms" for name, took in line.races.items())
        for line in lines
        if line.races
    ]
