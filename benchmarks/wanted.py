"""What a run is to measure."""

from dataclasses import dataclass
from typing import Final

from benchmarks.world import HANDOFFS, RACERS

REQUESTS: Final = ("escalate", "claim", "queue", "handoffs", "sessions", "hostile")
LIVE: Final = ("fanout", "connect", "reconnect", "idle")
MOST_AT_ONCE: Final = 1_000
"""Who arrive in one instant: a listening socket's queue holds few more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """``seconds`` is the length of one window: one path, one contestant, one round."""

    rounds: int = 5
    seconds: float = 2.0
    paths: tuple[str, ...] = (*REQUESTS, *LIVE)
    handoffs: int = HANDOFFS
    racers: int = RACERS
    subscribers: tuple[int, ...] = (100, 1_000, 5_000)

    @property
    def live(self) -> bool:
        return any(path in LIVE for path in self.paths)

    @property
    def arriving(self) -> tuple[int, ...]:
        """How many come in the same instant."""
        few = tuple(size for size in self.subscribers if size <= MOST_AT_ONCE)
        return few or (MOST_AT_ONCE,)

    @property
    def idling(self) -> tuple[int, ...]:
        """How many are weighed: of few, the memory that is taken in one piece would be most."""
        many = tuple(size for size in self.subscribers if size >= MOST_AT_ONCE)
        return many or self.subscribers[-1:]
