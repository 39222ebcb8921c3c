"""Many subscribers of one server, and waiting for what they are told."""

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, Final

import orjson

from benchmarks.contestants.starting import Server
from benchmarks.live.ledger import Ledger, Probing
from benchmarks.live.telling import Written
from benchmarks.live.websocket import TEXT, WebSocket, frame, handshake
from benchmarks.paths import WrongAnswer

PATIENCE: Final = 60.0  # seconds without any progress
QUIET: Final = 1.0  # seconds after which nothing more is expected
SETTLING: Final = 0.1  # seconds in which a doubled delivery would come
TOGETHER: Final = 200
"""Sockets that open in the same instant, unless all are to."""

PING: Final = frame(TEXT, b'{"type":"ping"}')
PONG: Final = frame(TEXT, b'{"type":"pong"}')


class Subscriber(WebSocket):
    """Handshake, acknowledgement, subscription; then everything it is told goes to the crowd.

    ``ready`` is when StreamReady came, ``began`` when it set out to connect.
    """

    __slots__ = ("_crowd", "_init", "_take", "began", "gone", "place", "ready")

    def __init__(self, crowd: "Crowd", request: bytes, init: bytes) -> None:
        super().__init__(request)
        self._crowd = crowd
        self._init = init
        self._take: Callable[[bytes, float], None] = self._acknowledged
        self.place = 0
        self.began = perf_counter()
        self.ready = 0.0
        self.gone = False

    def opened(self) -> None:
        self.say(self._init)

    def text(self, payload: bytes, at: float) -> None:
        self._take(payload, at)

    def lost(self, why: str) -> None:
        if not self.gone:
            self.gone = True
            self._crowd.left(why)

    def _acknowledged(self, payload: bytes, _: float) -> None:
        if kind(payload) != "connection_ack":
            self._crowd.fail(f"instead of an acknowledgement: {payload[:500]!r}")
            return
        self.write(self._crowd.operation)
        self._take = self._stands if self._crowd.hears_ready else self._delivered
        if not self._crowd.hears_ready:
            self.write(PING)

    def _stands(self, payload: bytes, at: float) -> None:
        if b'"StreamReady"' in payload and kind(payload) == "next":
            self.ready = at
            self._take = self._delivered
            self._crowd.stands()
        else:
            self._aside(payload, "StreamReady")

    def _delivered(self, payload: bytes, at: float) -> None:
        if self._crowd.delivered(self.place, payload, at):
            self.place += 1
        else:
            self._aside(payload, f"delivery {self.place + 1}")

    def _aside(self, payload: bytes, awaited: str) -> None:
        match kind(payload):
            case "ping":
                self.write(PONG)
            case "pong":
                self._crowd.stands()
            case _:
                self._crowd.fail(f"instead of {awaited}: {payload[:700]!r}")


class Crowd:
    """The desk's seniors in turn, all with the same subscription. What they do raises WrongAnswer.

    With ``hears_ready`` it is one that says StreamReady when it stands. Of others it is known that
    they stand when they have told something.
    """

    def __init__(self, server: Server, operation: bytes, *, hears_ready: bool = False) -> None:
        self.server = server
        self.operation = frame(TEXT, operation)
        self.hears_ready = hears_ready
        self.members: list[Subscriber] = []
        self.ledger = Ledger(server.desk.juniors[0], 0, 0)
        self._takes: Ledger | Probing = self.ledger
        self._openings = [server.opening(actor) for actor in server.desk.seniors]
        self._standing = self._gone = 0
        self._leaving = False
        self._failure: WrongAnswer | None = None
        self._news = asyncio.Event()

    async def open(self, count: int, *, together: int = TOGETHER) -> None:
        """So many more, ``together`` in the same instant. All have subscribed when it returns."""
        for start in range(0, count, together):
            some = min(together, count - start)
            await asyncio.gather(*(self._connect() for _ in range(some)))
            await self._until(lambda: self._standing == len(self.members))

    async def _connect(self) -> None:
        opening = self._openings[len(self.members) % len(self._openings)]
        request = handshake(opening.path, opening.headers)
        subscriber = Subscriber(self, request, orjson.dumps(opening.init))
        self.members.append(subscriber)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: subscriber, "127.0.0.1", self.server.port)

    def expect(self, events: int, subscribers: int | None = None) -> None:
        """From now on so many deliveries to each of the subscribers, who may be yet to come."""
        if subscribers is None:
            subscribers = len(self.members)
        self._takes = self.ledger = Ledger(self.server.desk.juniors[0], events, subscribers)
        for member in self.members:
            member.place = 0

    async def all_told(self) -> None:
        """What is expected has come."""
        await self._until(lambda: self.ledger.complete)

    async def missing(self) -> int:
        """How many deliveries have not come when nothing has come for QUIET seconds."""
        await self._until(lambda: self.ledger.complete, quiet=QUIET)
        return self.ledger.expected - self.ledger.count

    async def verify(self, written: Sequence[Written]) -> None:
        """It was these events, and nothing comes after them."""
        await asyncio.sleep(SETTLING)
        if self._failure is not None:
            raise self._failure
        self.ledger.verify(written)

    def probe(self) -> Probing:
        """Until ``expect``, anything may come."""
        self._takes = probing = Probing(self.server.desk.juniors[0])
        return probing

    async def deaf(self, probing: Probing, probe: Written) -> int:
        """How many have not heard of this event when nothing has come for QUIET seconds."""
        size = len(self.members)
        await self._until(lambda: probing.heard(probe) == size, quiet=QUIET)
        return size - probing.heard(probe)

    async def close(self) -> None:
        """They all leave."""
        self._leaving = True
        for member in self.members:
            if not member.gone:
                member.go()
        try:
            await self._until(lambda: self._gone == len(self.members))
        finally:
            for member in self.members:
                member.cut()

    def stands(self) -> None:
        """A subscriber has subscribed."""
        self._standing += 1
        self._news.set()

    def delivered(self, place: int, payload: bytes, at: float) -> bool:
        """Whether a subscriber was told what the others were."""
        takes = self._takes
        if not takes.take(place, payload, at):
            return False
        if takes.complete:
            self._news.set()
        return True

    def left(self, why: str) -> None:
        self._gone += 1
        self._news.set()
        if not self._leaving:
            self.fail(f"a subscriber was lost: {why}")

    def fail(self, why: str) -> None:
        self._failure = self._failure or WrongAnswer(why)
        self._news.set()

    async def _until(self, reached: Callable[[], bool], *, quiet: float | None = None) -> None:
        """Ends after ``quiet`` seconds without any progress; if not given, PATIENCE is an error."""
        before = -1
        while True:
            if self._failure is not None:
                raise self._failure
            if reached():
                return
            if (now := self._takes.count + self._standing + self._gone) == before:
                break
            before = now
            self._news.clear()
            try:
                async with asyncio.timeout(quiet or PATIENCE):
                    await self._news.wait()
            except TimeoutError:
                continue
            before = -1
        if quiet is None:
            raise WrongAnswer(
                f"silence: {self._standing} of {len(self.members)} subscribed, {self._gone} left, "
                f"{self.ledger.count} of {self.ledger.expected} deliveries"
            )


def kind(payload: bytes) -> Any:
    return orjson.loads(payload).get("type")
