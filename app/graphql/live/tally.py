"""What the fan-out has come to in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def nobody(_receivers: int, _seconds: float) -> None:
    """Nobody wants to know."""


@dataclass(slots=True)
class Tally:
    """``on_event`` is told of each event that was handed out: (receivers, seconds since it
    happened, by two clocks perhaps)."""

    executed: int = 0  # events, once for each group and for each subscriber on its own
    delivered: int = 0
    fell_behind: int = 0  # subscribers who had no room for an event
    on_event: Callable[[int, float], None] = nobody

    def handed_out(self, receivers: int, seconds: float) -> None:
        self.delivered += receivers
        self.on_event(receivers, seconds)
