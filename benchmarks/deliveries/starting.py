"""The worker that is measured, and the vendors it speaks to, as processes of their own."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import orjson

from benchmarks.contestants.roster import SECRET
from benchmarks.contestants.starting import (
    PATIENCE,
    ROOT,
    DidNotStart,
    end,
    end_of,
    end_with_parent,
)
from benchmarks.cores import starting_on


class Vendors:
    """``settings`` are those with which a worker reaches them."""

    def __init__(self, process: asyncio.subprocess.Process, settings: Mapping[str, str]) -> None:
        self.settings = settings
        self._process = process

    def let_go(self) -> None:
        """Whoever hangs is answered."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")


@asynccontextmanager
async def vendors() -> AsyncIterator[Vendors]:
    """The process ends with its standard input, and so with us in any case."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.deliveries.vendors",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,  # Ctrl-C is for us
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = await process.stdout.readline()
        if not said:
            raise DidNotStart("the vendors did not start")
        yield Vendors(process, orjson.loads(said))
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def worker(
    dsn: str, secret_key: str, reached: Mapping[str, str], log: Path, core: int | None
) -> AsyncIterator[int]:
    """A `baton worker` that is ready; its process id. Raises DidNotStart."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    settings = {
        "BATON_DATABASE_URL": dsn,
        "BATON_AUTH_SECRET": SECRET,
        "BATON_SECRET_KEYS": secret_key,
        **reached,
    }
    with log.open("wb") as output, starting_on(core):
        process = subprocess.Popen(  # noqa: ASYNC220 - it starts within a millisecond
            [sys.executable, "-m", "app", "worker"],
            cwd=ROOT,
            env=own | settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads here
        )
    try:
        await _ready(process, log)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        end(process)


async def _ready(process: "subprocess.Popen[bytes]", log: Path) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while loop.time() < deadline and process.poll() is None:
        if b"ready" in log.read_bytes():  # noqa: ASYNC240 - a few lines
            return
        await asyncio.sleep(0.05)
    raise DidNotStart(f"the worker did not start:\n{end_of(log)}")
