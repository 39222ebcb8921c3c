"""A run: writers, subscribers, and somebody who kills what they stand on; then the verdict."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import httpx2

from tests.chaos.asking import Asking
from tests.chaos.streams.checker import Fact, not_as_acknowledged, violations
from tests.chaos.streams.doorbells import Doorbell, PostgresDoorbell, RedisDoorbell
from tests.chaos.streams.logs import AccountLog
from tests.chaos.streams.plan import Bell, Plan, Start
from tests.chaos.streams.stage import Stage, short_tokens, stage
from tests.chaos.streams.subscriber import Subscriber
from tests.chaos.streams.writers import Writers
from tests.harness.postgres import Cluster
from tests.harness.web import token_of
from tests.journeys import documents as ask

LAST_WITHIN: Final = 4.0  # seconds for the events that come without a doorbell
NOTHING_MORE: Final = 1.5  # seconds that are listened for what comes twice: more than a poll


@dataclass
class Report:
    """``found`` is what must not have happened, in words; the rest, how hard it was."""

    found: list[str] = field(default_factory=list)
    events: int = 0
    deliveries: int = 0
    beginnings: int = 0
    damaged: int = 0
    retries: int = 0
    seconds: float = 0
    catching_up: float = 0
    without_doorbell: float = 0
    blows: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)


def streams(cluster: Cluster, plan: Plan, bell: Bell) -> Report:
    database, doorbell_database = cluster.new_database(), cluster.new_database()
    doorbell: Doorbell = RedisDoorbell()
    if bell is Bell.POSTGRES:
        doorbell = PostgresDoorbell(cluster, doorbell_database)
    try:
        return asyncio.run(_on_stage(cluster, database, doorbell, plan))
    finally:
        cluster.drop_database(database)
        cluster.drop_database(doorbell_database)


async def _on_stage(cluster: Cluster, database: str, doorbell: Doorbell, plan: Plan) -> Report:
    async with stage(cluster, database, doorbell) as on:
        run = Run(on, plan)
        await run.through()
        await run.judge()
    faults = on.replicas.faults  # all of them, now that they have ended
    run.report.found += [f"a process, {many} times: {what}" for what, many in faults.items()]
    return run.report


class Run:
    def __init__(self, on: Stage, plan: Plan) -> None:
        self.on = on
        self.plan = plan
        self.report = Report()
        self.chance = random.Random(f"{plan.seed} run")
        self.writers = [Writers(account, self._url, plan.seed) for account in on.accounts]
        self.subscribers: list[Subscriber] = []
        self.following: list[asyncio.Task[None]] = []
        self.logs: list[AccountLog] = []

    def _url(self) -> str:
        return self.on.replicas.url(self.chance)

    async def through(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self._make_subscribers()
        self.following = [asyncio.create_task(self._follow(each)) for each in self.subscribers]
        striking = asyncio.create_task(self._strike())
        try:
            async with asyncio.timeout(self.plan.bound):
                await self._write(self.plan.events - self.plan.last, self.plan.seconds)
                await striking
                await self._settle()
                self.report.catching_up = await self._until_all_is_there()
                await self.on.doorbell.close()  # from here on only looking helps
                await self._write(self.plan.last, LAST_WITHIN)
                self.report.without_doorbell = await self._until_all_is_there()
                await asyncio.sleep(NOTHING_MORE)
        except TimeoutError:
            self.report.found.append(f"it was not over after {self.plan.bound:.0f} s")
        finally:
            await cancelled([*self.following, striking])
            self.report.seconds = loop.time() - began

    async def _settle(self) -> None:
        """Everybody comes back once more, and stays: who comes back looks, for others as well."""
        await cancelled(self.following)
        for subscriber in self.subscribers:
            account, reader = self.on.reader(subscriber.habits)
            subscriber.settle(partial(token_of, reader, account))
        self.following = [asyncio.create_task(each.run()) for each in self.subscribers]

    async def _make_subscribers(self) -> None:
        """Everybody knows the cursor from before the first event, as of a queue they had read."""
        begins = {}
        async with httpx2.AsyncClient() as http:
            for account in self.on.accounts:
                asking = Asking(http, self._url, "begin")
                queue = await asking.ask(token_of(account.tier1, account), ask.QUEUE)
                begins[account.slug] = queue["cursor"]
        for habits in self.plan.habits():
            account, reader = self.on.reader(habits)
            begin = begins[account.slug] if habits.start is Start.QUEUE else None
            token = short_tokens(account, reader, random.Random(f"{habits.seed} tokens"))
            self.subscribers.append(Subscriber(habits, self._url, token, begin))

    async def _follow(self, subscriber: Subscriber) -> None:
        await self._reached(subscriber.habits.joins * self.plan.events)
        await subscriber.run()

    async def _news(self) -> None:
        """Another event is in the log, or no more will be for now."""
        last = self.plan.events - self.plan.last
        await self._reached(min(last, self._done + 1))

    async def _reached(self, events: float) -> None:
        """So many events are in the log, as far as anybody was told."""
        while self._done < events:  # noqa: ASYNC110 - of many
            await asyncio.sleep(0.005)

    @property
    def _done(self) -> int:
        return sum(each.done for each in self.writers)

    async def _write(self, events: int, seconds: float) -> None:
        assert events % len(self.writers) == 0
        share = events // len(self.writers)
        await asyncio.gather(*(each.write(share, seconds) for each in self.writers))

    async def _strike(self) -> None:
        """The next blow does not wait until the last one has healed, unless it hits the same."""
        async with asyncio.TaskGroup() as healing:
            for after, blow, which, seconds in self.plan.blows():
                await self._reached(after)
                self.report.blows[blow] += 1
                healing.create_task(self.on.strike(blow, which, seconds, self._news))

    async def _until_all_is_there(self) -> float:
        """Or until nothing has come any more for too long. Returns how long it took."""
        self.logs = await self.on.logs()
        loop = asyncio.get_running_loop()
        began = progress = loop.time()
        waited_for = {each: self._last(each) for each in self.subscribers}
        had = -1
        while waited_for and loop.time() < progress + self.plan.patience:
            now_had = sum(len(each.told.facts) for each in waited_for)
            if now_had != had:
                had, progress = now_had, loop.time()
            await asyncio.sleep(0.05)
            waited_for = {
                each: cursor
                for each, cursor in waited_for.items()
                if each.cursor != cursor and not each.failed
            }
        return loop.time() - began

    def _last(self, subscriber: Subscriber) -> str | None:
        expected = self._expected(subscriber)
        return expected[-1].cursor if expected else subscriber.told.begins

    def _expected(self, subscriber: Subscriber) -> list[Fact]:
        habits = subscriber.habits
        _, reader = self.on.reader(habits)
        return self.logs[habits.account].expected(habits.follows, reader)

    async def judge(self) -> None:
        """Everything that was given and told, against what is in the tables now."""
        report = self.report
        self.logs = await self.on.logs()
        logs = [each.log for each in self.logs]
        for writers, log in zip(self.writers, self.logs, strict=True):
            report.events += len(log)
            report.retries += writers.retries
            report.found += [f"a writer gave up: {why}" for why in writers.gave_up]
            report.found += not_as_acknowledged(log.caused(), writers.caused)
        for subscriber in self.subscribers:
            told, own = subscriber.told, logs[subscriber.habits.account]
            others = [other for other in logs if other is not own]
            found = violations(told, own, self._expected(subscriber), others)
            if subscriber.failed:
                found.append(f"gave up: {subscriber.failed}")
            if found and subscriber.damaged:
                many, one = len(subscriber.damaged), f"{subscriber.damaged[0]}"[:300]
                found.append(f"could not use {many} results, one of them {one}")
            report.found += [f"{subscriber.name}: {problem}" for problem in found]
            report.deliveries += len(told.facts)
            report.beginnings += len(told.beginnings)
            report.damaged += len(subscriber.damaged)
            report.ends += subscriber.ends


async def cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
