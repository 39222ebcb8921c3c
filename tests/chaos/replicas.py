"""Processes of the service that are killed and started again."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import Any, Final

from tests.harness.web import Web, running

STARTS: Final = 5
FAULTS: Final = ("error", "critical")


class Replica:
    """A place at which a process runs, most of the time.

    ``url`` stays that of the last process while none runs: clients try it in vain, as they would.
    ``faults`` counts what its processes did or logged that none should ever.
    """

    def __init__(self, command: str, settings: dict[str, str]) -> None:
        self.url = ""
        self.faults: Counter[str] = Counter()
        self._command = command
        self._settings = settings
        self._process = ExitStack()
        self._web: Web | None = None
        self._busy = asyncio.Lock()

    @property
    def busy(self) -> bool:
        return self._busy.locked()

    async def start(self) -> None:
        async with self._busy:
            await self._start()

    async def kill(self, seconds: float) -> None:
        """At any instruction. Another takes its place after so many seconds."""
        async with self._busy:
            await self._end(kill=True)
            await asyncio.sleep(seconds)
            await self._start()

    async def deploy(self) -> None:
        """It is told to stop, and another takes its place."""
        async with self._busy:
            await self._end()
            await self._start()

    async def sleep(self, until: Callable[[int], Awaitable[None]]) -> None:
        """It stands still in the middle of everything. ``until`` is given its pid."""
        async with self._busy:
            if self._web is None:
                return
            process = self._web.process
            process.send_signal(signal.SIGSTOP)
            try:
                await until(process.pid)
            finally:
                process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        async with self._busy:
            await self._end()

    async def _start(self) -> None:
        """Whoever runs it starts it again when the database is cut off while it starts."""
        for attempt in range(1, STARTS + 1):
            starting = asyncio.ensure_future(asyncio.to_thread(self._enter))
            try:
                await asyncio.shield(starting)
            except AssertionError:
                if attempt == STARTS:
                    raise
            else:
                return
            finally:  # a thread can't be given up, and what it starts has to be stopped
                await asyncio.wait({starting})

    def _enter(self) -> None:
        # hundreds share the tokens of a few, and nobody comes back as often in real life
        budgets = {"rate_limit_per_engineer": "0", "rate_limit_per_account": "0"}
        self._web = self._process.enter_context(running(self._command, **budgets, **self._settings))
        self.url = self._web.url

    async def _end(self, *, kill: bool = False) -> None:
        web, self._web = self._web, None
        if web is None:
            return
        if kill:
            web.process.kill()
        await asyncio.to_thread(self._process.close)
        if web.process.returncode != (-signal.SIGKILL if kill else 0):
            self.faults[f"ended with {web.process.returncode}"] += 1
        self.faults += Counter(_told(line) for line in web.said if line.get("level") in FAULTS)


def _told(line: dict[str, Any]) -> str:
    """What happened, and the end of the traceback."""
    traced = str(line.get("exception", "")).splitlines()[-5:]
    return "\n    ".join([str(line["event"]).strip(), *traced])


class Replicas:
    """Whoever wants one is given any, dead or alive."""

    def __init__(self, commands: Sequence[str], settings: dict[str, str]) -> None:
        self.each = [Replica(command, settings) for command in commands]

    def url(self, chance: random.Random) -> str:
        return chance.choice(self.each).url

    def one(self, number: int) -> Replica:
        """That one, or another if that one is being struck already."""
        chosen = self.each[number]
        return next((each for each in [chosen, *self.each] if not each.busy), chosen)

    @property
    def faults(self) -> Counter[str]:
        return sum((replica.faults for replica in self.each), Counter())


@asynccontextmanager
async def replicas(*commands: str, **settings: str) -> AsyncIterator[Replicas]:
    """`baton COMMAND` for each of them, all with these settings."""
    made = Replicas(commands, settings)
    try:
        await asyncio.gather(*(replica.start() for replica in made.each))
        yield made
    finally:
        await asyncio.gather(*(replica.stop() for replica in made.each))
