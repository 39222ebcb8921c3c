"""What a run will do, drawn from its seed: how many ask for help, and which blow comes when."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.chaos.deliveries.checker import MOST_REPEATED

ACCOUNTS: Final = 2
WORKERS: Final = 3


class Blow(StrEnum):
    KILL = "a worker was killed"
    DATABASE = "PostgreSQL was killed"
    SLEEP = "a worker slept through its lease"


BLOWS: Final = (*[Blow.KILL] * 4, *[Blow.DATABASE] * 3, Blow.SLEEP)


@dataclass(frozen=True)
class Plan:
    """``seconds``: how long the escalations take when nothing is in the way. ``apart``: seconds
    from one blow to the next, on average. ``most_repeated``: of one channel's effects, where the
    vendor can't be looked through. ``most_blows``: after which it is left alone. ``patience``:
    seconds in which something must get further when nothing is struck any more."""

    seed: int
    escalations: int = 2_000
    seconds: float = 150
    apart: float = 3
    most_repeated: float = MOST_REPEATED
    most_blows: int = 1_000
    patience: float = 40

    @property
    def bound(self) -> float:
        """Seconds after which a run has failed, whatever it waits for."""
        return 60 + 4 * self.seconds

    def blows(self) -> Iterator[tuple[float, Blow, int, float]]:
        """(seconds after the one before, what, which worker, for how many seconds), without end.

        Whoever sleeps does so for longest, and begins. Each kind comes before long.
        """
        chance = random.Random(f"{self.seed} blows")
        kinds = [Blow.DATABASE, Blow.KILL, Blow.SLEEP]
        while True:
            kinds = kinds or chance.sample(BLOWS, len(BLOWS))
            after = self.apart * chance.uniform(0.5, 1.5)
            yield after, kinds.pop(), chance.randrange(WORKERS), chance.uniform(0, 1)
