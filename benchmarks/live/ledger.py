"""What subscribers were told, when, and that nothing is missing, doubled or different."""

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from benchmarks.live import telling
from benchmarks.live.telling import Written
from benchmarks.paths import WrongAnswer
from resolvers import cursors
from services.actor import Actor


class Ledger:
    """Of deliveries to many, which must be the same in the same order to each."""

    def __init__(self, raiser: Actor, events: int, subscribers: int) -> None:
        """So many ``events`` are expected by each of so many ``subscribers``."""
        self.count = 0
        self.expected = events * subscribers
        self._raiser = raiser
        self._subscribers = subscribers
        self._told: list[bytes] = []
        self._stamps: list[array[float]] = []

    @property
    def complete(self) -> bool:
        return self.count >= self.expected

    def take(self, place: int, payload: bytes, at: float) -> bool:
        """Whether it is what the others were told in this ``place``, from 0."""
        told = self._told
        if place == len(told):
            if b'"next"' not in payload:
                return False
            told.append(payload)
            self._stamps.append(array("d"))
        elif told[place] != payload:
            return False
        self._stamps[place].append(at)
        self.count += 1
        return True

    def verify(self, written: Sequence[Written]) -> None:
        """It was these events, whole, in this order, each to everybody once. Raises WrongAnswer."""
        found = [len(stamps) for stamps in self._stamps]
        if found != [self._subscribers] * len(written):
            raise WrongAnswer(
                f"{len(written)} events reached so many of {self._subscribers} subscribers: {found}"
            )
        raiser = self._raiser
        for each, payload in zip(written, self._told, strict=True):
            right = telling.event(
                raiser.account_id, each.seq, each.handoff_id, each.occurred_at, raiser
            )
            if event_in(payload) != right:
                raise WrongAnswer(f"told {payload!r} where {right!r} had happened")

    def latencies(self, written: Sequence[Written]) -> list[float]:
        """Seconds from commit to receipt, of every delivery."""
        pairs = zip(written, self._stamps, strict=True)
        return [stamp - each.at for each, stamps in pairs for stamp in stamps]

    @property
    def receipts(self) -> "array[float]":
        """When each subscriber received the last event."""
        return self._stamps[-1]


class Probing:
    """In place of a ledger while subscriptions may not stand yet: takes anything."""

    def __init__(self, raiser: Actor) -> None:
        self.count = 0
        self.complete = True
        self._account_id = raiser.account_id
        self._heard: Counter[bytes] = Counter()

    def take(self, _place: int, payload: bytes, _at: float) -> bool:
        if b'"next"' not in payload:
            return False
        self._heard[payload] += 1
        self.count += 1
        return True

    def heard(self, probe: Written) -> int:
        """How many have heard of this event. Nothing from before it is on its way to them."""
        cursor = cursors.write(self._account_id, probe.seq).encode()
        return sum(times for payload, times in self._heard.items() if cursor in payload)


def event_in(payload: bytes) -> Any:
    """None unless it is data and nothing else."""
    message = orjson.loads(payload.replace(b"+00:00", b"Z"))
    answer = message.get("payload")
    if message.get("type") != "next" or not isinstance(answer, dict) or answer.get("errors"):
        return None
    [event] = answer["data"].values()
    event.pop("__typename", None)
    return event
