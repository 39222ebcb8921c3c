"""Twenty claims at once: ten from each of two engineers, each over a connection of its own."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from rich.markup import escape
from rich.table import Table

from app.demo import documents
from app.demo.cast import Engineer
from app.demo.client import Client, StoryStopped
from app.demo.report import Report, milliseconds

EACH: Final = 10  # claims per engineer


@dataclass(frozen=True, slots=True)
class Attempt:
    """One claim and its answer: who has the handoff, since when, and how long it took."""

    runner: Engineer
    won: bool
    holder_id: str
    holder: str
    since: str
    seconds: float


async def run(runners: Sequence[Engineer], handoff_id: str) -> list[Attempt]:
    """Every claim starts when all connections are open. Raises StoryStopped on another refusal."""
    async with AsyncExitStack() as stack:
        lanes = []
        for _ in range(EACH):
            for runner in runners:  # alternating, so that neither engineer starts ahead
                client = await stack.enter_async_context(Client(runner.endpoint, runner.token))
                lanes.append((runner, client))
        await asyncio.gather(*(client.ask(documents.WHO) for _, client in lanes))
        return list(
            await asyncio.gather(*(_claim(runner, client, handoff_id) for runner, client in lanes))
        )


async def _claim(runner: Engineer, client: Client, handoff_id: str) -> Attempt:
    started = perf_counter()
    data = await client.ask(documents.CLAIM, input={"handoffId": handoff_id})
    seconds = perf_counter() - started
    answer = data["claimHandoff"]
    match answer["__typename"]:
        case "ClaimHandoffSuccess":
            won, told = True, answer["handoff"]
        case "HandoffAlreadyClaimed":
            won, told = False, answer
        case _:
            raise StoryStopped(f"{runner.name}'s claim was refused: {answer['message']}")
    holder = told["claimedBy"]
    return Attempt(runner, won, holder["id"], holder["name"], told["claimedAt"], seconds)


def judge(attempts: Sequence[Attempt], report: Report) -> Engineer:
    """Say which promises of the race held. Returns the winner; raises StoryStopped without one."""
    winners = {attempt.runner.id: attempt.runner for attempt in attempts if attempt.won}
    if not winners:
        raise StoryStopped("Nobody won the race: every claim was told that another was faster.")
    winner = next(iter(winners.values()))
    repeats = [attempt for attempt in attempts if attempt.runner.id == winner.id]
    others = [attempt for attempt in attempts if attempt.runner.id != winner.id]
    report.promise(
        "Exactly one engineer wins",
        len(winners) == 1,
        " and ".join(sorted(runner.name for runner in winners.values()))
        + f" won; {len(attempts)} claims, all answered",
    )
    slowest = max(attempt.seconds for attempt in attempts)
    report.time(f"{len(attempts)} claims at once", f"all answered within {milliseconds(slowest)}")
    report.promise(
        "The winner asking again gets the same answer",
        all(attempt.won for attempt in repeats) and len({a.since for a in repeats}) == 1,
        f"{sum(a.won for a in repeats)} of {len(repeats)} claims by {winner.name} succeed",
    )
    told = [a for a in others if a.holder_id == winner.id and a.since == repeats[0].since]
    report.promise(
        "Everybody else is told by whom and since when",
        len(told) == len(others),
        f"{len(told)} of {len(others)} were told: {winner.name}, since {repeats[0].since}",
    )
    return winner


def table(attempts: Sequence[Attempt]) -> Table:
    """One line per engineer."""
    lines = Table(show_edge=False, pad_edge=True)
    lines.add_column("Engineer")
    for name in ("Claims", "Got it", "Told who has it", "Fastest", "Slowest"):
        lines.add_column(name, justify="right")
    for runner in dict.fromkeys(attempt.runner for attempt in attempts):
        own = [attempt for attempt in attempts if attempt.runner == runner]
        seconds = [attempt.seconds for attempt in own]
        lines.add_row(
            escape(runner.name),
            str(len(own)),
            str(sum(attempt.won for attempt in own)),
            str(sum(not attempt.won for attempt in own)),
            milliseconds(min(seconds)),
            milliseconds(max(seconds)),
        )
    return lines
