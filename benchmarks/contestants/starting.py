"""Starting the contestants side by side, and ending them."""

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.contestants.roster import Contestant, Open, Request, contestants
from benchmarks.cores import starting_on
from benchmarks.world import Desk, World

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE: Final = 30.0  # seconds to get ready, and to end
PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


class DidNotStart(Exception):
    """The message ends in what the server said."""


@dataclass(frozen=True, slots=True)
class Server:
    """A contestant that answers. ``request`` makes a request for a path from who asks and what.

    It hears of the events of ``desk`` on ``channel``.
    """

    name: str
    pid: int
    port: int
    log: Path
    request: Request
    opening: Open
    channel: str
    desk: Desk


@asynccontextmanager
async def running(
    world: World, dsn: str, logs: Path, core: int | None, names: Collection[str]
) -> AsyncIterator[list[Server]]:
    """Those of these names, ready, each kept to ``core``. Raises DidNotStart."""
    started: list[subprocess.Popen[bytes]] = []
    servers = []
    try:
        for contestant, desk in zip(contestants(world), world.listening, strict=True):
            if contestant.name not in names:
                continue
            port, log = free_port(), logs / f"{contestant.name}.log"
            with starting_on(core):
                process = start(contestant, dsn, port, log)
            started.append(process)
            servers.append(
                Server(
                    contestant.name,
                    process.pid,
                    port,
                    log,
                    contestant.request,
                    contestant.opening,
                    contestant.channel,
                    desk,
                )
            )
        for process, server in zip(started, servers, strict=True):
            await ready(process, server)
        yield servers
    finally:
        for process in started:
            process.terminate()
        for process in started:
            end(process)


def start(contestant: Contestant, dsn: str, port: int, log: Path) -> "subprocess.Popen[bytes]":
    own = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, *contestant.command(dsn, port)],
            cwd=ROOT,
            env=own | contestant.environment(dsn, port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for us
            preexec_fn=end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads here
        )


def end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def ready(process: "subprocess.Popen[bytes]", server: Server) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while loop.time() < deadline and process.poll() is None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise DidNotStart(f"{server.name} did not start:\n{end_of(server.log)}")


def end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]


def end(process: "subprocess.Popen[bytes]") -> None:
    """Of one that has been told to: by force when it takes too long."""
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
