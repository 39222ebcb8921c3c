"""Starting the contestants side by side, and ending them."""

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from app.signin import mint
from benchmarks.contestants.serving import POOL
from benchmarks.cores import starting_on
from benchmarks.documents import post
from benchmarks.world import World
from services.actor import Actor

ROOT: Final = Path(__file__).resolve().parents[2]
SECRET: Final = "a secret that signs the tokens of benchmarks only"
PATIENCE: Final = 30.0  # seconds to get ready, and to end
PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h

Request = Callable[[str, Actor, bytes], bytes]


class DidNotStart(Exception):
    """The message ends in what the server said."""


@dataclass(frozen=True, slots=True)
class Server:
    """A contestant that answers. ``request`` makes a request for a path from who asks and what."""

    name: str
    pid: int
    port: int
    log: Path
    request: Request


@dataclass(frozen=True, slots=True)
class Contestant:
    name: str
    command: Callable[[str, int], Sequence[str]]
    environment: Callable[[str, int], dict[str, str]]
    request: Request


def contestants(world: World) -> tuple[Contestant, ...]:
    slugs = [desk.slug for desk in world.desks]

    def own(module: str) -> Callable[[str, int], Sequence[str]]:
        return lambda dsn, port: ("-m", f"benchmarks.contestants.{module}", dsn, str(port), *slugs)

    return (
        Contestant(
            "Baton",
            lambda dsn, port: ("-m", "app", "web"),
            settings,
            signed_in(world),
        ),
        Contestant("floor", own("floor"), lambda dsn, port: {}, at_the_floor),
        Contestant("plain Strawberry", own("plain"), lambda dsn, port: {}, by_header),
    )


def settings(dsn: str, port: int) -> dict[str, str]:
    """Nothing but what has to be set: what is measured is what is shipped."""
    return {
        "BATON_DATABASE_URL": dsn,
        "BATON_DATABASE_POOL": str(POOL),
        "BATON_AUTH_SECRET": SECRET,
        "BATON_HOST": "127.0.0.1",
        "BATON_PORT": str(port),
    }


def signed_in(world: World) -> Request:
    tokens = {
        actor.id: mint(
            SECRET,
            subject=actor.email,
            account=desk.slug,
            email=actor.email,
            name=actor.name,
            role=actor.role,
            tier=actor.tier,
            lifetime=timedelta(hours=1),
            now=datetime.now(UTC),
        )
        for desk in world.desks
        for actor in desk.everybody
    }

    def request(path: str, actor: Actor, body: bytes) -> bytes:
        return post("/graphql", {"authorization": f"Bearer {tokens[actor.id]}"}, body)

    return request


def at_the_floor(path: str, actor: Actor, body: bytes) -> bytes:
    return post(f"/{path}/{actor.id.hex}", {}, body)


def by_header(path: str, actor: Actor, body: bytes) -> bytes:
    return post("/graphql", {"x-engineer": actor.id.hex}, body)


@asynccontextmanager
async def running(
    world: World, dsn: str, logs: Path, core: int | None
) -> AsyncIterator[list[Server]]:
    """All of them, ready, each kept to ``core``. Raises DidNotStart."""
    started: list[subprocess.Popen[bytes]] = []
    servers = []
    try:
        for contestant in contestants(world):
            port, log = free_port(), logs / f"{contestant.name}.log"
            with starting_on(core):
                process = start(contestant, dsn, port, log)
            started.append(process)
            servers.append(Server(contestant.name, process.pid, port, log, contestant.request))
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
