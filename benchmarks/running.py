"""One run: everything is started, measured in turns, and ended again."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import orjson

from benchmarks import turns, world
from benchmarks.contestants.roster import BATON, FLOOR, PLAIN
from benchmarks.contestants.starting import Server, end_of, running
from benchmarks.cores import Cores
from benchmarks.hostile import Hostile
from benchmarks.live import idle
from benchmarks.live.idle import Weight
from benchmarks.live.writer import Writer, writing
from benchmarks.measuring import Meter, Window
from benchmarks.paths import EVERYBODY, JOIN, Claim, Listing, WrongAnswer
from benchmarks.paths import Path as Measured
from benchmarks.turns import Turns
from benchmarks.wanted import Wanted
from db.database import Database
from db.embedded import APP_ROLE, DATABASE, OWNER_ROLE, EmbeddedServer, bootstrap
from db.migrate import migrate

WARM_UP: Final = 0.3  # seconds before the first round, so that plans and statements are there


@dataclass(slots=True)
class Line:
    """A path with so many clients, and every contestant's windows."""

    path: str
    clients: int
    windows: dict[str, list[Window]] = field(default_factory=dict)
    races: dict[str, list[float]] = field(default_factory=dict)
    bombs: list[tuple[float, str]] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    lines: list[Line] = field(default_factory=list)
    weights: list[Weight] = field(default_factory=list)


async def run(wanted: Wanted, cores: Cores) -> Report:
    """Everything started here is ended when it returns. Raises WrongAnswer and DidNotStart."""
    report = Report()
    with temporary() as place:
        async with postgres(place / "data") as server, opened(server) as database:
            say(f"making {wanted.handoffs:,} handoffs")
            owner = server.dsn(OWNER_ROLE, DATABASE)
            made = await world.make(database, owner, handoffs=wanted.handoffs, racers=wanted.racers)
            dsn = server.dsn(APP_ROLE, DATABASE)
            async with writing(dsn, database, made) as writer:
                paths = list(turns.of(wanted, database, made, writer))
                names = {name for each in paths for path in each.paths for name in path.servers}
                async with running(made, dsn, place, cores.server, names) as servers:
                    for each in paths:
                        report.lines += await measure(each, wanted, servers, postmaster(server))
                if "idle" in wanted.paths:
                    # servers of their own: those that have served have room to reuse
                    async with running(made, dsn, place, cores.server, EVERYBODY) as servers:
                        report.weights += await weigh(wanted, servers, writer)
    return report


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
    together: Turns, wanted: Wanted, servers: Sequence[Server], postgres_pid: int
) -> list[Line]:
    """Round after round, and in each the contestants one after the other on every path."""
    each = [
        (path, contestants_of(path, servers), Line(path.name, path.clients))
        for path in together.paths
    ]
    for path, contestants, _ in each:
        if isinstance(path, Listing) and len(contestants) > 1:
            await agree(path, contestants)
    first = 0 if wanted.seconds >= WARM_UP else 1  # so short a round is for no figure
    for number in range(first, wanted.rounds + 1):
        warming = number == 0
        which = "warming up" if warming else f"round {number} of {wanted.rounds}"
        say(f"{together.named}: {which}")
        seconds = WARM_UP if warming else wanted.seconds
        for path, contestants, line in each:
            for server in contestants:
                meter = Meter(server.pid, postgres_pid)
                with blamed(f"{path.name} {path.clients}", server):
                    window = await path.window(server, meter, seconds)
                if not warming:
                    line.windows.setdefault(server.name, []).append(window)
    await together.over()
    for path, _, line in each:
        if isinstance(path, Claim):
            line.races = path.races
        if isinstance(path, Hostile):
            line.bombs = path.dearest
    return [line for _, _, line in each]


async def weigh(wanted: Wanted, servers: Sequence[Server], writer: Writer) -> list[Weight]:
    """All at the same time: it is not about time."""

    async def one(server: Server) -> list[Weight]:
        with blamed("idle", server):
            return await idle.weigh(server, writer, wanted.idling)

    say("idle")
    return [each for found in await asyncio.gather(*map(one, servers)) for each in found]


@contextmanager
def blamed(path: str, server: Server) -> Iterator[None]:
    """A wrong answer says whose it is, and what that server had to say."""
    try:
        yield
    except WrongAnswer as error:
        raise WrongAnswer(f"{path}, {server.name}: {error}\n{end_of(server.log)}") from None


def contestants_of(path: Measured, servers: Sequence[Server]) -> list[Server]:
    named = {server.name: server for server in servers}
    named[JOIN] = at_the_join(named[FLOOR])
    return [named[name] for name in path.servers]


def at_the_join(floor: Server) -> Server:
    return replace(
        floor, name=JOIN, request=lambda path, *asked: floor.request(f"joined-{path}", *asked)
    )


async def agree(path: Listing, contestants: Sequence[Server]) -> None:
    """All contestants show the same list, the floor in the very bytes of Baton's answer."""
    answers = {server.name: await path.answer(server) for server in contestants}
    for name in (FLOOR, JOIN):
        if answers[name] != answers[BATON]:
            raise WrongAnswer(difference(name, answers[name], answers[BATON]))
    plain = answers[PLAIN].replace(b"+00:00", b"Z")
    if orjson.loads(plain) != orjson.loads(answers[BATON]):
        raise WrongAnswer(difference(PLAIN, plain, answers[BATON]))


def difference(name: str, answer: bytes, expected: bytes) -> str:
    pairs = zip(answer, expected, strict=False)
    at = next((place for place, (a, b) in enumerate(pairs) if a != b), 0)
    around = slice(max(0, at - 100), at + 100)
    return f"{name} answers {answer[around]!r} where Baton answers {expected[around]!r}"


def say(what: str) -> None:
    sys.stderr.write(f"benchmarks: {what}\n")
