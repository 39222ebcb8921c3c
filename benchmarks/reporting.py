"""The one table, and what does not fit into it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from statistics import median
from typing import Final

from benchmarks.contestants.roster import BATON, FLOOR, PLAIN
from benchmarks.live.idle import Weight
from benchmarks.measuring import Window
from benchmarks.paths import JOIN
from benchmarks.running import Line, Report

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
    """Of Baton beside ``against``. Source: docs/benchmarks.md, "Reading the table".

    ``times_less`` turns it round. With ``clients`` it is beside the same path with so many, with
    ``path`` beside another one.
    """

    figure: str
    most: float
    against: str = FLOOR
    times_less: bool = False
    clients: int | None = None
    path: str | None = None


BURST: Final = "fanout burst"
GOALS: Final[dict[tuple[str, int | None], tuple[Goal, ...]]] = {
    ("escalate", 16): (Goal("server", 2.1),),
    ("escalate", 1): (Goal("p50", 2.0),),
    ("claim", None): (Goal("server", 1.7),),
    **{
        (name, 16): (Goal("server", 2.4), Goal("postgres", 1.1, JOIN))
        for name in ("queue", "handoffs", "sessions")
    },
    ("hostile", 16): (Goal("p99", 2.0, BATON, path="queue"),),
    (BURST, 1_000): (Goal("server", 1.4), Goal("server", 30, PLAIN, times_less=True)),
    (BURST, 5_000): (Goal("server", 1.2, BATON, clients=1_000),),
    ("fanout paced", 1_000): (Goal("p99", 2.0),),
    ("connect", None): (Goal("server", 1.5),),
    ("reconnect", None): (Goal("server", 1.6),),
}
WEIGHT: Final = 35  # KiB, Baton's goal
BOMB: Final = 0.1  # seconds, Baton's goal
WORDS: Final = {"server": "CPU", "p50": "p50", "p99": "p99", "postgres": "PostgreSQL CPU"}


def table(lines: Sequence[Line]) -> str:
    """In Markdown, so that it can be pasted as it is."""
    rows = [HEADER, *(row for line in lines for row in rows_of(line, lines))]
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


def rows_of(line: Line, lines: Sequence[Line]) -> list[tuple[str, ...]]:
    return [row_of(line, name, lines) for name in line.windows]


def row_of(line: Line, name: str, lines: Sequence[Line]) -> tuple[str, ...]:
    window = Window.median(line.windows[name])
    # Baton is held against the floor; who takes the documentation's way, against Baton
    against = {BATON: FLOOR, PLAIN: BATON}.get(name, "")
    beside = [
        f"{ratio(line, figure, name, against):.2f} × {against}" if against in line.windows else ""
        for figure in ("server", "p50")
    ]
    goals = judgements(line, lines) if name == BATON else []
    return (
        line.path,
        f"{line.clients:,}",
        name,
        f"{window.rate:,.0f}",
        f"{window.p50 * 1e3:.2f}",
        f"{window.p99 * 1e3:.2f}",
        micros(window.server),
        micros(window.postgres),
        *beside,
        "; ".join(goals),
    )


def micros(seconds: float) -> str:
    found = seconds * 1e6
    return f"{found:,.0f}" if found >= 100 else f"{found:.1f}"


def judgements(line: Line, lines: Sequence[Line]) -> Iterator[str]:
    """Of every goal whose other side was measured too."""
    for goal in GOALS.get((line.path, line.clients)) or GOALS.get((line.path, None), ()):
        beside = (goal.path or line.path, goal.clients or line.clients)
        for other in lines:
            if (other.path, other.clients) == beside and goal.against in other.windows:
                yield judged(goal, line, other)


def judged(goal: Goal, line: Line, other: Line) -> str:
    found = ratio(line, goal.figure, BATON, goal.against, other)
    word = WORDS[goal.figure]
    if goal.times_less:
        less = 1 / found if found else nan
        mark = "met" if less >= goal.most else f"NOT met ({less:.1f})"
        return f"{word} ≥ {goal.most:g} × less than {goal.against}: {mark}"
    mark = "met" if found <= goal.most else f"NOT met ({found:.2f})"
    beside = goal.against if goal.clients is None else f"with {goal.clients:,}"
    beside = beside if goal.path is None else f"the {goal.path} in peace"
    return f"{word} ≤ {goal.most} × {beside}: {mark}"


def ratio(line: Line, figure: str, name: str, against: str, other: Line | None = None) -> float:
    """The median of the rounds' ratios: what slows one round down slows both of its windows.

    Not a number when windows were too short for the clock of processes.
    """
    rounds = zip(line.windows[name], (other or line).windows[against], strict=True)
    pairs = [(getattr(one, figure), getattr(beside, figure)) for one, beside in rounds]
    return median(one / beside if beside else nan for one, beside in pairs)


def notes(report: Report) -> Iterator[str]:
    """A line each."""
    for line in report.lines:
        if line.races:
            yield races(line)
        if line.bombs:
            yield hostility(line)
    if told := deliveries(report.lines):
        yield f"fanout: {told:,} deliveries, every event to every subscriber, once and in order."
    if left_out := [
        f"{line.path} with {line.clients:,}"
        for line in report.lines
        if PLAIN not in line.windows and not line.bombs
    ]:
        yield f"Without plain Strawberry, which is too slow for it: {', '.join(left_out)}."
    yield from weights(report.weights)


def races(line: Line) -> str:
    """How long until the last of all racers knew, and that it was always one who won."""
    took = ", ".join(f"{name} {median(all_) * 1e3:.0f} ms" for name, all_ in line.races.items())
    return (
        f"claim: {sum(map(len, line.races.values()))} races of {line.clients}, exactly one winner "
        f"in each, named to every loser. A whole race, median: {took}"
    )


def hostility(line: Line) -> str:
    (taken, which), *_ = line.bombs
    mark = "met" if taken <= BOMB else "NOT met"
    return (
        f"hostile: {len(line.bombs)} kinds of requests under 64 kB; the dearest takes "
        f"{taken * 1e3:.0f} ms of Baton's CPU ({which}). ≤ {BOMB * 1e3:.0f} ms: {mark}"
    )


def deliveries(lines: Sequence[Line]) -> int:
    return sum(
        window.operations
        for line in lines
        if line.path.startswith("fanout")
        for windows in line.windows.values()
        for window in windows
    )


def weights(found: Sequence[Weight]) -> Iterator[str]:
    for subscribers in dict.fromkeys(weight.subscribers for weight in found):
        each = {w.server: w.each / 1024 for w in found if w.subscribers == subscribers}
        goal = "met" if each[BATON] <= WEIGHT else "NOT met"
        yield (
            f"idle: resident memory of each of {subscribers:,} subscriptions: "
            + ", ".join(f"{name} {weight:.1f} KiB" for name, weight in each.items())
            + f". Baton ≤ {WEIGHT} KiB: {goal}"
        )
