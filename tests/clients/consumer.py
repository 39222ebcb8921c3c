"""A program of this folder, running: a follower of the page, or a frontend."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from building.node import Node
from tests.harness.web import PATIENCE

FOLLOWERS = ("sockets", "sse", "python")
QUICK = {"firstDelay": 20, "lastDelay": 300, "silence": 1000, "stumbles": 0}
"""Milliseconds. The page's own are for networks, not for tests."""


def program(node: Node, follower: str) -> tuple[str | Path, ...]:
    return (sys.executable, "following.py") if follower == "python" else (node.program, "follow.ts")


class Begin(Protocol):
    """Let one of the FOLLOWERS run, with the address of a web process and one that gives tokens."""

    def __call__(
        self, follower: str, url: str, tokens: str, *, folder: Path | None = None, **asked: Any
    ) -> "AbstractAsyncContextManager[Consumer]": ...


class Consumer:
    """``told`` is what it said so far, oldest first."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._more = asyncio.Event()
        self.told: list[dict[str, Any]] = []

    def of(self, kind: str) -> list[Any]:
        return [told[kind] for told in self.told if kind in told]

    @property
    def queues(self) -> list[dict[str, Any]]:
        return self.of("queue")

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.of("event")

    @property
    def cursors(self) -> list[str]:
        return [event["cursor"] for event in self.events]

    @property
    def troubles(self) -> list[str | int]:
        """What it came back from."""
        return self.of("trouble")

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.told.append(json.loads(line))
            self._more.set()
        self._more.set()

    async def until(self, enough: Callable[["Consumer"], bool]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not enough(self):
                    assert self._process.returncode is None, f"it ended: {self.told[-3:]}"
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"nothing more came: {self.told[-3:]}") from None

    async def news(self) -> None:
        """Until it has heard of what happens from now on."""
        before = len(self.events)
        await self.until(lambda it: len(it.events) > before + 1)

    async def stop(self) -> int:
        """Its exit status."""
        self._process.terminate()
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()


@asynccontextmanager
async def consumer(
    workshop: Path, program: tuple[str | Path, ...], **asked: Any
) -> AsyncIterator[Consumer]:
    process = await asyncio.create_subprocess_exec(
        *program,
        json.dumps(QUICK | asked),
        cwd=workshop,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    made = Consumer(process)
    listening = asyncio.create_task(made.listen())
    try:
        yield made
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening
