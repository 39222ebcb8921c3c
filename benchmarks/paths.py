"""The measured paths: what is asked, by whom, and what must have come of it."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from time import perf_counter
from typing import Any, Final, Protocol
from uuid import UUID

import orjson

from benchmarks import documents, world
from benchmarks.client import Connection, Crowd, at_once, connect
from benchmarks.contestants.roster import BATON, FLOOR, PLAIN
from benchmarks.contestants.starting import Server
from benchmarks.measuring import Meter, Window
from benchmarks.world import Desk
from db.database import Database
from services.actor import Actor
from services.ids import Kind, public


class WrongAnswer(Exception):
    """What was measured was not the work that was asked for."""


JOIN: Final = "floor, one join"
EVERYBODY: Final = (BATON, FLOOR, PLAIN)


class Path(Protocol):
    """``clients`` connections, each asking for itself of one of ``servers`` after the other."""

    name: str
    clients: int

    @property
    def servers(self) -> Sequence[str]: ...

    async def window(self, server: Server, meter: Meter, seconds: float) -> Window:
        """Load for so long. What it uses up is made before the clock starts."""


class Escalate:
    """Each client an engineer who escalates one session after the other."""

    name = "escalate"
    servers = EVERYBODY

    def __init__(self, database: Database, desk: Desk, clients: int) -> None:
        self.clients = clients
        self._database = database
        self._desk = desk
        self._askers = desk.juniors[:clients]
        self._rates: dict[str, float] = {}

    async def window(self, server: Server, meter: Meter, seconds: float) -> Window:
        # half as much again as the last time, so that a window seldom ends for want of sessions
        rate = self._rates.get(server.name, 200 if self.clients == 1 else 400)
        count = int(1.5 * rate * seconds / self.clients) + 10
        sessions = await world.active_sessions(self._database, self._askers, count)
        requests = [
            escalations(server, actor, mine)
            for actor, mine in zip(self._askers, sessions, strict=True)
        ]
        before = await last_event(self._database, self._desk)
        found = await crowd(server, meter, requests, seconds, succeeded)
        events = await last_event(self._database, self._desk) - before
        if events != found.operations:
            raise WrongAnswer(f"{found.operations} escalations answered, {events} in the log")
        self._rates[server.name] = found.rate
        return found


class Listing:
    """Each client an engineer who looks at a list again and again: one of documents.LISTS.

    The floor runs twice: by a statement for each table, and by one plain join.
    """

    servers: tuple[str, ...] = (*EVERYBODY, JOIN)

    def __init__(self, of: str, desk: Desk, clients: int, *, name: str | None = None) -> None:
        self.name = name or of
        self.clients = clients
        self._of = of
        self._askers = desk.seniors[:clients]
        self._expected: dict[str, bytes] = {}

    async def window(self, server: Server, meter: Meter, seconds: float) -> Window:
        # nothing changes, and nothing in the answer is about who asks
        expected = await self.answer(server)

        def same(status: int, body: bytes) -> None:
            if without_cost(body) != expected:
                raise WrongAnswer(f"another list than before ({status}): {body[:500]!r}")

        body = documents.listing(self._of)
        requests = [repeat(server.request(self._of, actor, body)) for actor in self._askers]
        return await crowd(server, meter, requests, seconds, same)

    async def answer(self, server: Server) -> bytes:
        """The first one, looked at closely."""
        if server.name not in self._expected:
            self._expected[server.name] = await self._asked(server)
        return self._expected[server.name]

    async def _asked(self, server: Server) -> bytes:
        body = await ask(server, self._of, self._askers[0], documents.listing(self._of))
        [listed] = orjson.loads(body)["data"].values()
        items = listed["handoffs"] if "count" in listed else listed["nodes"]
        if len(items) != min(50, listed.get("count", 50)) or any(
            each.get(content, "of another list") is None
            for each in items
            for content in ("session", "snapshot", "owner")
        ):
            raise WrongAnswer(f"a list with something missing: {body[:500]!r}")
        return without_cost(body)


def without_cost(answer: bytes) -> bytes:
    """What is left to spend after it is another each time, and only Baton says it."""
    data, cost, _ = answer.partition(b',"extensions":{"cost":')
    return data + b"}" if cost else answer


class Claim:
    """All clients, each another engineer, ask for the same handoff in the same instant."""

    name = "claim"
    servers = EVERYBODY

    def __init__(self, database: Database, desk: Desk) -> None:
        self.clients = len(desk.seniors)
        self._database = database
        self._desk = desk
        self._rates: dict[str, float] = {}
        self.races: dict[str, list[float]] = {}
        """Seconds until the last of all clients was answered."""

    async def window(self, server: Server, meter: Meter, seconds: float) -> Window:
        count = int(1.5 * self._rates.get(server.name, 30) * seconds) + 5
        handoffs = await world.waiting_handoffs(self._database, self._desk, count)
        names = [public(Kind.ENGINEER, racer.id) for racer in self._desk.seniors]
        before = await last_event(self._database, self._desk)
        connections = await connect(server.port, self.clients)
        latencies: list[float] = []
        races: list[float] = []
        busy = 0.0
        taken = meter.read()
        began = perf_counter()
        for handoff in handoffs:
            if perf_counter() - began > seconds:
                break
            answers, spent = await self._race(server, connections, handoff)
            latencies += [latency for latency, _, _ in answers]
            races.append(spent)
            busy += spent
            one_winner(answers, names)
        taken = meter.read().since(taken)
        close(connections)
        events = await last_event(self._database, self._desk) - before
        if events != len(races):
            raise WrongAnswer(f"{len(races)} races, {events} claims in the log")
        self._rates[server.name] = len(races) / busy
        self.races.setdefault(server.name, []).extend(races)
        return Window.of(latencies, busy, taken)

    async def _race(
        self, server: Server, connections: Sequence[Connection], handoff: UUID
    ) -> tuple[list[tuple[float, int, bytes]], float]:
        body = documents.claim(public(Kind.HANDOFF, handoff))
        requests = [server.request(self.name, racer, body) for racer in self._desk.seniors]
        began = perf_counter()
        answers = await at_once(connections, requests)
        return answers, perf_counter() - began


def one_winner(answers: Sequence[tuple[float, int, bytes]], racers: Sequence[str]) -> None:
    """Exactly one racer has it, and all others were told who. Raises WrongAnswer."""
    told = [told_of(status, body) for _, status, body in answers]
    winners = [
        racer
        for racer, each in zip(racers, told, strict=True)
        if each["__typename"] == "ClaimHandoffSuccess"
    ]
    named = {
        each["claimedBy"]["id"] for each in told if each["__typename"] == "HandoffAlreadyClaimed"
    }
    losers = sum(each["__typename"] == "HandoffAlreadyClaimed" for each in told)
    if len(winners) != 1 or losers != len(told) - 1 or not named <= set(winners):
        raise WrongAnswer(f"winners {winners}, {losers} losers of {len(told)} told of {named}")


def told_of(status: int, body: bytes) -> dict[str, Any]:
    answer = orjson.loads(body)
    if status != 200 or "errors" in answer:
        raise WrongAnswer(f"{status}: {body[:500]!r}")
    told: dict[str, Any] = answer["data"]["claimHandoff"]
    return told


def succeeded(status: int, body: bytes) -> None:
    # a look into the bytes costs less than reading JSON; the log is counted afterwards
    if status != 200 or b'"EscalateSuccess"' not in body or b'"errors"' in body:
        raise WrongAnswer(f"{status}: {body[:500]!r}")


def escalations(server: Server, actor: Actor, sessions: Sequence[UUID]) -> Iterator[bytes]:
    return iter(
        [
            server.request("escalate", actor, documents.escalate(public(Kind.SESSION, session)))
            for session in sessions
        ]
    )


async def crowd(
    server: Server,
    meter: Meter,
    requests: Sequence[Iterator[bytes]],
    seconds: float,
    check: Any,
) -> Window:
    connections = await connect(server.port, len(requests))
    try:
        before = meter.read()
        latencies, spent = await Crowd(connections, requests, check).run(seconds)
        return Window.of(latencies, spent, meter.read().since(before))
    finally:
        close(connections)


async def ask(server: Server, path: str, actor: Actor, body: bytes) -> bytes:
    """One request on a connection of its own. Raises WrongAnswer for anything but data."""
    connections = await connect(server.port, 1)
    try:
        [(_, status, answer)] = await at_once(connections, [server.request(path, actor, body)])
    finally:
        close(connections)
    if status != 200 or orjson.loads(answer).get("errors"):
        raise WrongAnswer(f"{server.name} answered {status}: {answer[:1000]!r}")
    return answer


def close(connections: Sequence[Connection]) -> None:
    for connection in connections:
        connection.close()


async def last_event(database: Database, desk: Desk) -> int:
    async with database.transaction(desk.juniors[0].account_id) as tx:
        return int(await tx.fetchval("SELECT coalesce(max(seq), 0) FROM event_counter"))
