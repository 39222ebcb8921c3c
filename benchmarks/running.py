"""One run: everything is started, measured in turns, and ended again."""

import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import orjson

from benchmarks import world
from benchmarks.contestants.starting import Server, end_of, running
from benchmarks.cores import Cores
from benchmarks.measuring import Meter, Window
from benchmarks.paths import Claim, Escalate, Queue, WrongAnswer
from benchmarks.paths import Path as Measured
from benchmarks.world import RACERS, World
from db.database import Database
from db.embedded import APP_ROLE, DATABASE, OWNER_ROLE, EmbeddedServer, bootstrap
from db.migrate import migrate

WARM_UP: Final = 0.3  # seconds before the first round, so that plans and statements are there
JOIN: Final = "floor, one join"


@dataclass(frozen=True, slots=True)
class Wanted:
    """``seconds`` is the length of one window: one path, one contestant, one round."""

    rounds: int = 5
    seconds: float = 2.0
    paths: tuple[str, ...] = ("escalate", "claim", "queue")
    handoffs: int = world.HANDOFFS
    racers: int = RACERS


@dataclass(slots=True)
class Line:
    """A path with so many clients, and every contestant's windows."""

    path: str
    clients: int
    windows: dict[str, list[Window]] = field(default_factory=dict)
    races: dict[str, list[float]] = field(default_factory=dict)


async def run(wanted: Wanted, cores: Cores) -> list[Line]:
    """Everything started here is ended when it returns. Raises WrongAnswer and DidNotStart."""
    with temporary() as place:
        async with postgres(place / "data") as server, opened(server) as database:
            say(f"making {wanted.handoffs:,} handoffs")
            owner = server.dsn(OWNER_ROLE, DATABASE)
            made = await world.make(database, owner, handoffs=wanted.handoffs, racers=wanted.racers)
            dsn = server.dsn(APP_ROLE, DATABASE)
            async with running(made, dsn, place, cores.server) as servers:
                return await measure(wanted, database, made, servers, postmaster(server))


@contextmanager
def temporary() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="baton-bench-")).resolve()
    place.chmod(0o755)  # PostgreSQL may run as another account
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@asynccontextmanager
async def postgres(data: Path) -> AsyncIterator[EmbeddedServer]:
    """As durable as it is shipped, but vacuumed by nobody while something is measured."""
    server = EmbeddedServer(data, {"autovacuum": "off"})
    await server.start()
    try:
        await bootstrap(server)
        await migrate(server.dsn(OWNER_ROLE, DATABASE), app_role=APP_ROLE)
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def opened(server: EmbeddedServer) -> AsyncIterator[Database]:
    database = Database(server.dsn(APP_ROLE, DATABASE), max_connections=2)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def postmaster(server: EmbeddedServer) -> int:
    assert server.pid is not None
    return server.pid


async def measure(
    wanted: Wanted,
    database: Database,
    made: World,
    servers: Sequence[Server],
    postgres_pid: int,
) -> list[Line]:
    """Round after round, and in each the contestants one after the other on every path."""
    turns = [
        (path, contestants_of(path, servers)) for path in measured(wanted.paths, database, made)
    ]
    lines = [Line(path.name, path.clients) for path, _ in turns]
    await agree(turns)
    for number in range(wanted.rounds + 1):
        warming = number == 0
        say("warming up" if warming else f"round {number} of {wanted.rounds}")
        for (path, contestants), line in zip(turns, lines, strict=True):
            for server in contestants:
                meter = Meter(server.pid, postgres_pid)
                seconds = min(WARM_UP, wanted.seconds) if warming else wanted.seconds
                try:
                    window = await path.window(server, meter, seconds)
                except WrongAnswer as error:
                    raise WrongAnswer(f"{server.name}: {error}\n{end_of(server.log)}") from None
                if not warming:
                    line.windows.setdefault(server.name, []).append(window)
    for (path, _), line in zip(turns, lines, strict=True):
        if isinstance(path, Claim):
            line.races = path.races
    return lines


def measured(names: Sequence[str], database: Database, made: World) -> list[Measured]:
    paths: list[Measured] = []
    if "escalate" in names:
        paths += [Escalate(database, made.escalating, clients) for clients in (16, 1)]
    if "claim" in names:
        paths.append(Claim(database, made.claiming))
    if "queue" in names:
        paths += [Queue(made.queueing, clients) for clients in (16, 1)]
    return paths


def contestants_of(path: Measured, servers: Sequence[Server]) -> list[Server]:
    """For the queue the floor runs twice: by Baton's statements, and by one plain join."""
    if not isinstance(path, Queue):
        return list(servers)
    joins = [at_the_join(server) for server in servers if server.name == "floor"]
    return [*servers, *joins]


def at_the_join(floor: Server) -> Server:
    return replace(
        floor, name=JOIN, request=lambda _, actor, body: floor.request("join", actor, body)
    )


async def agree(turns: Sequence[tuple[Measured, Sequence[Server]]]) -> None:
    """All contestants show the same queue, the floor in the very bytes of Baton's answer."""
    for path, contestants in turns:
        if not isinstance(path, Queue):
            continue
        answers = {server.name: await path.answer(server) for server in contestants}
        for name in ("floor", JOIN):
            if answers[name] != answers["Baton"]:
                raise WrongAnswer(difference(name, answers[name], answers["Baton"]))
        plain = answers["plain Strawberry"].replace(b"+00:00", b"Z")
        if orjson.loads(plain) != orjson.loads(answers["Baton"]):
            raise WrongAnswer(difference("plain Strawberry", plain, answers["Baton"]))


def difference(name: str, answer: bytes, expected: bytes) -> str:
    pairs = zip(answer, expected, strict=False)
    at = next((place for place, (a, b) in enumerate(pairs) if a != b), 0)
    around = slice(max(0, at - 100), at + 100)
    return f"{name} answers {answer[around]!r} where Baton answers {expected[around]!r}"


def say(what: str) -> None:
    sys.stderr.write(f"benchmarks: {what}\n")
