"""A run: people who ask for help, and somebody who kills who carries it out; then the verdict."""

import asyncio
import itertools
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from tests.chaos.deliveries.checker import Promised, repeats, violations
from tests.chaos.deliveries.plan import Plan
from tests.chaos.deliveries.raisers import Raisers
from tests.chaos.deliveries.rows import hurry, promised, unfinished
from tests.chaos.deliveries.stage import Stage, stage
from tests.chaos.deliveries.vendors import FIRST_TICKET

OFTEN = 0.5  # seconds from one look to the next
TAIL = 20  # promises that are left when nothing is struck any more


@dataclass
class Channel:
    """What a channel has come to."""

    promised: int = 0
    states: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    lost: int = 0  # attempts of whose end nobody knows
    repeats: int = 0


@dataclass
class Report:
    """``found`` is what must not have happened, in words; the rest, how hard it was."""

    found: list[str] = field(default_factory=list)
    channels: dict[str, Channel] = field(default_factory=dict)
    blows: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    taken_over: int = 0
    restarts: int = 0
    retries: int = 0
    seconds: float = 0


def deliveries(plan: Plan) -> Report:
    return asyncio.run(_on_stage(plan))


async def _on_stage(plan: Plan) -> Report:
    async with stage(plan) as on:
        run = Run(on, plan)
        await run.through()
        await run.judge()
    # all of them, now that they have ended
    for what, many in (on.web.faults + on.workers.faults).items():
        run.report.found.append(f"a process, {many} times: {what}")
    return run.report


class Run:
    def __init__(self, on: Stage, plan: Plan) -> None:
        self.on = on
        self.plan = plan
        self.report = Report()
        tickets = itertools.count(FIRST_TICKET)
        self.raisers = [
            Raisers(account, lambda: on.web.url, tickets, plan.seed) for account in on.accounts
        ]
        self.enough = asyncio.Event()
        self.left = 0
        self.tried = 0

    async def through(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        hurrying = asyncio.create_task(self._hurry())
        striking = asyncio.create_task(self._strike())
        try:
            async with asyncio.timeout(self.plan.bound):
                share = self.plan.escalations // len(self.raisers)
                await asyncio.gather(
                    *(each.ask_for_help(share, self.plan.seconds) for each in self.raisers)
                )
                await self._look()
                while self.left > TAIL:
                    await self._look()
                    await asyncio.sleep(OFTEN)
                self.enough.set()
                await striking
                await self._until_all_is_over()
        except TimeoutError:
            self.report.found.append(f"it was not over after {self.plan.bound:.0f} s")
        finally:
            self.report.seconds = loop.time() - began
            for task in (hurrying, striking):
                task.cancel()
            ends = await asyncio.gather(hurrying, striking, return_exceptions=True)
        for end in ends:  # who has failed has not made it hard enough
            if isinstance(end, Exception):
                raise end

    async def _hurry(self) -> None:
        while True:
            for account in self.on.accounts:
                await self.on.patiently(hurry, account)
            await asyncio.sleep(OFTEN)

    async def _look(self) -> None:
        counts = [await self.on.patiently(unfinished, each) for each in self.on.accounts]
        self.left, self.tried = map(sum, zip(*counts, strict=True))

    async def _strike(self) -> None:
        """The next blow does not wait until the last one has healed."""
        async with asyncio.TaskGroup() as healing:
            for after, blow, which, seconds in itertools.islice(
                self.plan.blows(), self.plan.most_blows
            ):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.enough.wait(), after)
                    return
                self.report.blows[blow] += 1
                healing.create_task(self.on.strike(blow, which, seconds))

    async def _until_all_is_over(self) -> None:
        """Or until nothing has been tried any more for too long."""
        loop = asyncio.get_running_loop()
        before, progress = -1, loop.time()
        while self.left and loop.time() < progress + self.plan.patience:
            await asyncio.sleep(OFTEN)
            await self._look()
            if self.tried != before:
                before, progress = self.tried, loop.time()

    async def judge(self) -> None:
        """What was told and promised, against what the vendors have."""
        rows: list[Promised] = []
        for account in self.on.accounts:
            rows += await self.on.patiently(promised, account)
        told = {handoff: ids for each in self.raisers for handoff, ids in each.told.items()}
        there = self.on.vendors.there()
        report = self.report
        report.found += [
            f"a raiser gave up: {why}" for each in self.raisers for why in each.gave_up
        ]
        report.found += violations(rows, told, there, self.plan.most_repeated)
        for row in rows:
            channel = report.channels.setdefault(row.channel, Channel())
            channel.promised += 1
            channel.states[row.state] += 1
            channel.attempts += row.attempts
            channel.lost += [outcome for _, outcome in row.outcomes].count("LOST")
        for name, vendor in there.items():
            report.channels.setdefault(name, Channel()).repeats = repeats(vendor)
        report.faults = self.on.vendors.faults
        report.taken_over = self.on.taken_over
        report.restarts = self.on.server.restarts
