"""Judges what a client of a live stream was given, over all its connections, against the log.

Cursors are taken as they are: what one means is known from the log alone, never from its bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Stream(StrEnum):
    """What can be followed."""

    EVENTS = "handoffEvents"
    CREATED = "handoffCreated"
    BELL = "notificationReceived"


@dataclass(frozen=True, slots=True)
class Fact:
    """One event. ``about`` is the handoff, or the item of the bell, that it tells of."""

    cursor: str
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Beginning:
    """A StreamReady, and the ``after`` that it answers."""

    after: str | None
    cursor: str
    latest: str
    waiting: int


@dataclass(slots=True)
class Told:
    """What one client was given, in that order. ``begins``: the cursor it has everything from."""

    begins: str | None = None
    facts: list[Fact] = field(default_factory=list)
    beginnings: list[Beginning] = field(default_factory=list)


@dataclass(frozen=True)
class Log:
    """An account's events, as they are in the table when all is over.

    ``cursors`` has the one before the first event too. ``waiting[n]`` is how many handoffs waited
    after event n.
    """

    account: str
    cursors: Sequence[str]
    waiting: Sequence[int]

    @property
    def numbers(self) -> Mapping[str, int]:
        return {cursor: number for number, cursor in enumerate(self.cursors)}


def violations(
    told: Told, log: Log, expected: Sequence[Fact], others: Sequence[Log] = ()
) -> list[str]:
    """What must not have happened, in words. Empty for a client that got what it should.

    ``expected`` is all that its stream has of the log, in order. ``others`` are the logs of other
    accounts: to say where a stranger comes from.
    """
    if told.begins is None:
        return ["it never began"]
    numbers = log.numbers
    begins = numbers.get(told.begins)
    if begins is None:
        return [f"it began at {told.begins}, which is not in the log of {log.account}"]
    wanted = [fact for fact in expected if numbers[fact.cursor] > begins]
    homes = {cursor: other.account for other in others for cursor in other.cursors}
    return [
        *_each(told.facts, numbers, wanted, homes, log.account),
        *_order(told.facts, numbers),
        *_missing(told.facts, numbers, wanted),
        *_beginnings(told.beginnings, numbers, log),
    ]


def _each(
    facts: Sequence[Fact],
    numbers: Mapping[str, int],
    wanted: Sequence[Fact],
    homes: Mapping[str, str],
    account: str,
) -> Iterator[str]:
    """Everything that was given is an event that this client should have, told as it was."""
    right = {fact.cursor: fact for fact in wanted}
    for fact in facts:
        meant = right.get(fact.cursor)
        if fact.cursor not in numbers:
            home = homes.get(fact.cursor, "no account at all")
            yield f"foreign: {fact.kind} of {fact.about} belongs to {home}, not to {account}"
        elif meant is None:
            yield f"unasked: event {numbers[fact.cursor]} ({fact.kind}) is not for this stream"
        elif meant != fact:
            number = numbers[fact.cursor]
            yield f"wrong: event {number} is told as {fact}, but it is {meant}"


def _order(facts: Sequence[Fact], numbers: Mapping[str, int]) -> Iterator[str]:
    """Each once, and none after a later one."""
    seen: set[int] = set()
    latest = 0
    for fact in facts:
        number = numbers.get(fact.cursor)
        if number is None:
            continue
        if number in seen:
            yield f"repeated: event {number} came again after {latest}"
        elif number < latest:
            yield f"swapped: event {number} came after {latest}"
        seen.add(number)
        latest = max(latest, number)


def _missing(
    facts: Sequence[Fact], numbers: Mapping[str, int], wanted: Sequence[Fact]
) -> Iterator[str]:
    had = {fact.cursor for fact in facts}
    lost = [numbers[fact.cursor] for fact in wanted if fact.cursor not in had]
    if lost:
        shown = ", ".join(map(str, lost[:10])) + (", …" if len(lost) > 10 else "")
        yield f"missing: {len(lost)} of {len(wanted)} events: {shown}"


def _beginnings(
    beginnings: Sequence[Beginning], numbers: Mapping[str, int], log: Log
) -> Iterator[str]:
    """A stream begins where it was asked to, and counts what waited at its ``latest``."""
    for number, one in enumerate(beginnings, start=1):
        about = f"beginning {number}: "
        if one.cursor not in numbers or one.latest not in numbers:
            yield f"foreign: {about}its cursors are not in the log of {log.account}"
            continue
        if one.after is not None and one.cursor != one.after:
            yield f"{about}asked for what comes after {one.after}, it began at {one.cursor}"
        latest = numbers[one.latest]
        if latest < numbers[one.cursor]:
            yield f"{about}its latest, {latest}, is before its cursor, {numbers[one.cursor]}"
        if one.waiting != log.waiting[latest]:
            yield f"{about}{log.waiting[latest]} waited after event {latest}, not {one.waiting}"


def not_as_acknowledged(log: Mapping[str, list[str]], told: Mapping[str, list[str]]) -> list[str]:
    """Kinds of events by handoff: as the log has them, and as whoever caused them was told."""
    found = []
    for handoff in sorted(log.keys() | told.keys()):
        logged, acknowledged = log.get(handoff, []), told.get(handoff, [])
        if logged != acknowledged:
            found.append(f"{handoff} has {logged} in the log, acknowledged were {acknowledged}")
    return found
