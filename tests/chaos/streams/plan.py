"""What a run will do, drawn from its seed: who follows what and how, and which blow comes when."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.chaos.streams.checker import Stream

REPLICAS: Final = 2
ACCOUNTS: Final = 2


class Blow(StrEnum):
    KILL = "a replica was killed"
    DEPLOY = "a replica was told to stop"
    DATABASE = "all connections to the database were cut"
    DOORBELL = "the doorbell's connections were cut"
    OUTAGE = "the doorbell was away for seconds"


class Bell(StrEnum):
    """What carries the doorbell."""

    POSTGRES = "postgres"
    REDIS = "redis"


class Transport(StrEnum):
    SOCKET = "websocket"
    SSE = "sse"


class Start(StrEnum):
    QUEUE = "after the cursor of the queue, before anything has happened"
    NOW = "without a cursor"


class Moment(StrEnum):
    """What a client does when it has stayed for as long as it likes."""

    LEAVE = "closes, as pages do"
    CUT = "vanishes, as laptops do"
    AGAIN = "subscribes again on the same connection"
    SLEEP = "does not read for a while"


@dataclass(frozen=True)
class Plan:
    """``seconds``: how long the events take when nothing is in the way. ``apart``: events from one
    blow to the next. ``last``: so many events come when the doorbell is gone for good.
    ``patience``: seconds in which some of those who miss something then must be given it."""

    seed: int
    events: int = 2000
    subscribers: int = 200
    seconds: float = 100
    apart: int = 50
    last: int = 40
    patience: float = 20

    @property
    def bound(self) -> float:
        """Seconds after which a run has failed, whatever it waits for."""
        return 60 + 4 * self.seconds

    def blows(self) -> Iterator[tuple[int, Blow, int, float]]:
        """(after so many events, what, which replica, for how many seconds): as many as there is
        time for. Each kind comes before any comes twice."""
        chance = random.Random(f"{self.seed} blows")
        kinds: list[Blow] = []
        after = self.apart
        while after < self.events - self.last:
            kinds = kinds or chance.sample(list(Blow), len(Blow))
            yield after, kinds.pop(), chance.randrange(REPLICAS), chance.uniform(0.2, 2)
            after += round(self.apart * chance.uniform(0.5, 1.5))

    def habits(self) -> Iterator["Habits"]:
        chance = random.Random(f"{self.seed} habits")
        for number in range(self.subscribers):
            follows = chance.choices(list(Stream), (6, 3, 1))[0]
            # only StreamReady says where a stream without a cursor has begun
            fresh = follows is Stream.EVENTS and chance.random() < 0.2
            yield Habits(
                number=number,
                account=number % ACCOUNTS,
                follows=follows,
                transport=chance.choices(list(Transport), (3, 1))[0],
                content=chance.random() < 0.3,
                start=Start.NOW if fresh else Start.QUEUE,
                # most are there from the beginning
                joins=0.0 if chance.random() < 0.7 else chance.uniform(0, 0.8),
                steadfast=chance.random() < 0.25,
                seed=chance.randrange(2**32),
            )


@dataclass(frozen=True)
class Habits:
    """``joins``: when so much of all events is in the log. ``steadfast``: stays until it is cut."""

    number: int
    account: int
    follows: Stream
    transport: Transport
    content: bool
    start: Start
    joins: float
    steadfast: bool
    seed: int
