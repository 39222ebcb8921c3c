"""Judges what concurrent clients were told about handoffs that are claimed and released.

A handoff's version counts its changes, so it names its epoch: the answer that says "you have it,
version 4" says whose the second epoch is. Every check is linear but for the sorting.
Source: the first five of the checks that prove a claim register linearizable, C1 to C5.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final

CREATED: Final = "created"
CLAIM: Final = "claim"
RELEASE: Final = "release"


class Result(StrEnum):
    OK = "ok"
    TAKEN = "taken"  # by ``holder``
    CHANGED = "changed"
    REFUSED = "refused"
    LOST = "lost"  # no answer: it happened or it did not
    BROKEN = "broken"  # an answer that nobody should ever get


@dataclass(frozen=True)
class Attempt:
    """One time that a request was sent.

    ``at`` is the moment it carried, unlike that of any other. All attempts of one ``request``
    have the same key. ``version`` and ``holder`` are what the answer said of the handoff.
    """

    at: int
    request: str
    who: str
    what: str
    handoff: int
    invoked: float
    returned: float
    result: Result
    version: int | None = None
    holder: str | None = None
    since: int | None = None
    told: str = ""

    @property
    def ended(self) -> float:
        """After this it had no effect any more, as far as its sender can know."""
        return math.inf if self.result is Result.LOST else self.returned


@dataclass(frozen=True)
class Effect:
    """One event of the log. ``at`` is the moment of the attempt that caused it."""

    seq: int
    handoff: int
    what: str
    who: str
    at: int | None = None


@dataclass(frozen=True)
class Outcome:
    """How a handoff stands when all is over."""

    handoff: int
    version: int
    holder: str | None


@dataclass
class History:
    attempts: list[Attempt] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    admins: frozenset[str] = frozenset()


def violations(history: History) -> list[str]:
    """What must not have happened, in words. Empty for a history that keeps every promise."""
    told = defaultdict(list)
    for attempt in history.attempts:
        told[attempt.handoff].append(attempt)
    log = defaultdict(list)
    for effect in sorted(history.effects, key=lambda effect: effect.seq):
        log[effect.handoff].append(effect)
    found = [*_answers(history), *_whole_log(history), *_causes(history)]
    for outcome in history.outcomes:
        attempts, effects = told[outcome.handoff], log[outcome.handoff]
        about = f"handoff {outcome.handoff}: "
        for check in (_one_claimer, _named_winner, _real_time, _releases_between):
            found += [about + problem for problem in check(attempts)]
        found += [about + problem for problem in _agrees_with_log(attempts, effects)]
        found += [about + problem for problem in _alternates(effects, outcome, history.admins)]
    return found


# ------------------------------------------------------------------ each answer by itself


def _answers(history: History) -> Iterator[str]:
    for attempt in history.attempts:
        if attempt.result is Result.BROKEN:
            yield f"{attempt.request} was answered with {attempt.told}"
        if attempt.result is Result.TAKEN and attempt.holder == attempt.who:
            yield f"{attempt.request}: {attempt.who} is told that it is taken by themselves"
        if attempt.what == CLAIM and attempt.result is Result.OK and attempt.holder != attempt.who:
            yield f"{attempt.request}: {attempt.who} is told OK, but {attempt.holder} has it"


# ------------------------------------------------------------------ C1 to C3: answers together


def _one_claimer(attempts: list[Attempt]) -> Iterator[str]:
    """C1: at most one acknowledged claimer in each epoch."""
    claimer: dict[int | None, str] = {}
    for attempt in _acknowledged(attempts, CLAIM):
        first = claimer.setdefault(attempt.version, attempt.who)
        if first != attempt.who:
            yield f"C1: version {attempt.version} was given to {first} and to {attempt.who}"


def _named_winner(attempts: list[Attempt]) -> Iterator[str]:
    """C2: who is named as the winner had asked before the answer came."""
    asked: dict[tuple[str, int], float] = {}
    for attempt in attempts:
        if attempt.what == CLAIM:
            asked[attempt.who, attempt.at] = attempt.invoked
    for attempt in attempts:
        if attempt.result is not Result.TAKEN:
            continue
        assert attempt.holder is not None
        assert attempt.since is not None
        if asked.get((attempt.holder, attempt.since), math.inf) >= attempt.returned:
            yield f"C2: {attempt.request} names {attempt.holder}, who had not asked for it then"


def _real_time(attempts: list[Attempt]) -> Iterator[str]:
    """C3: what was answered is not taken back: no later request sees an earlier version."""
    answered = sorted(
        (attempt for attempt in attempts if attempt.version is not None),
        key=lambda attempt: attempt.returned,
    )
    newest, position = 0, 0
    for attempt in sorted(answered, key=lambda attempt: attempt.invoked):
        while position < len(answered) and answered[position].returned < attempt.invoked:
            newest = max(newest, answered[position].version or 0)
            position += 1
        assert attempt.version is not None
        if attempt.version < newest:
            yield f"C3: {attempt.request} saw version {attempt.version} after {newest} was answered"


def _releases_between(attempts: list[Attempt]) -> Iterator[str]:
    """C3: after an acknowledged claim nobody else succeeds before somebody asks to release it."""
    first: dict[int, Attempt] = {}
    for attempt in _acknowledged(attempts, CLAIM):
        assert attempt.version is not None
        known = first.setdefault(attempt.version, attempt)
        if attempt.returned < known.returned:
            first[attempt.version] = attempt
    releases = [attempt for attempt in attempts if attempt.what == RELEASE]
    epochs = sorted(first)
    for earlier, later in pairwise(epochs):
        one, two = first[earlier], first[later]
        if not any(r.invoked < two.returned and r.ended > one.invoked for r in releases):
            yield (
                f"C3: {two.who} got it (version {later}) after {one.who} (version {earlier}), "
                "and nobody had asked to release it"
            )


# ------------------------------------------------------------------ C4 and C5: the log


def _agrees_with_log(attempts: list[Attempt], effects: list[Effect]) -> Iterator[str]:
    """C4: no acknowledged change is lost: it stands in the log at its version."""
    for attempt in attempts:
        if attempt.result is not Result.OK or attempt.version is None:
            continue
        if not 1 <= attempt.version <= len(effects):
            yield f"C4: {attempt.request} was told version {attempt.version}, which never was"
            continue
        effect = effects[attempt.version - 1]
        holder = effect.who if effect.what == CLAIM else None
        if holder != attempt.holder:
            yield (
                f"C4: {attempt.request} was told that {attempt.holder} has version "
                f"{attempt.version}, which by the log {holder} had"
            )


def _alternates(effects: list[Effect], outcome: Outcome, admins: frozenset[str]) -> Iterator[str]:
    """C4 and C5: one event for each change, and the last one says how the handoff stands."""
    if outcome.version != len(effects):
        yield f"C5: version {outcome.version} after {len(effects)} events"
    holder: str | None = None
    for number, effect in enumerate(effects):
        expected = CREATED if number == 0 else CLAIM if number % 2 else RELEASE
        if effect.what != expected:
            yield f"C5: event {effect.seq} is a {effect.what}, but {expected} was next"
        if effect.what == RELEASE and effect.who != holder and effect.who not in admins:
            yield f"C5: event {effect.seq}: {effect.who} released what {holder} had"
        holder = effect.who if effect.what == CLAIM else None
    if holder != outcome.holder:
        yield f"C4: {outcome.holder} has it in the end, but by the log {holder} has"


def _whole_log(history: History) -> Iterator[str]:
    """C5: numbered from 1 without a hole, and in the order in which things happened."""
    attempts = {attempt.at: attempt for attempt in history.attempts}
    latest = -math.inf
    ordered = sorted(history.effects, key=lambda effect: effect.seq)
    for number, effect in enumerate(ordered, start=1):
        if effect.seq != number:
            yield f"C5: event {number} is missing, {effect.seq} comes next"
            break
        cause = attempts.get(effect.at) if effect.at is not None else None
        if cause is None:
            continue
        if cause.ended < latest:
            yield f"C3: event {effect.seq} was over before an earlier one had begun"
        latest = max(latest, cause.invoked)


def _causes(history: History) -> Iterator[str]:
    """C5: each event has its attempt, and a request takes effect at most once."""
    attempts = {attempt.at: attempt for attempt in history.attempts}
    done: dict[str, list[Effect]] = defaultdict(list)
    for effect in history.effects:
        if effect.what == CREATED:
            continue
        cause = attempts.get(effect.at) if effect.at is not None else None
        meant = cause and (cause.who, cause.what, cause.handoff)
        if cause is None or meant != (effect.who, effect.what, effect.handoff):
            yield f"C5: nobody asked for event {effect.seq}"
            continue
        done[cause.request].append(effect)
    for request, effects in done.items():
        if len(effects) > 1:
            numbers = ", ".join(str(effect.seq) for effect in effects)
            yield f"C5: {request} took effect {len(effects)} times: events {numbers}"
    for attempt in _acknowledged(history.attempts, RELEASE):
        if attempt.request not in done:
            yield f"C4: {attempt.request} was told OK and never took effect"
    for attempt in history.attempts:
        if attempt.result is Result.REFUSED and attempt.request in done:
            yield f"C4: {attempt.request} took effect and was refused afterwards: {attempt.told}"


def _acknowledged(attempts: Iterable[Attempt], what: str) -> Iterator[Attempt]:
    return (a for a in attempts if a.what == what and a.result is Result.OK)


# ------------------------------------------------------------------ how hard it was


def lost_but_done(history: History) -> int:
    """Changes that happened though nobody was told."""
    return len(_lost_but_done(history))


def overtaken(history: History) -> int:
    """Of these, how many had been followed by another's change when they were asked again."""
    attempts = {attempt.at: attempt for attempt in history.attempts}
    again: dict[str, list[float]] = defaultdict(list)
    for attempt in history.attempts:
        again[attempt.request].append(attempt.returned)
    following: dict[int, list[Effect]] = defaultdict(list)
    for effect in sorted(history.effects, key=lambda effect: effect.seq):
        following[effect.handoff].append(effect)
    found = 0
    for effect, attempt in _lost_but_done(history):
        later = [other for other in following[effect.handoff] if other.seq > effect.seq]
        asked = [at for at in again[attempt.request] if at > attempt.returned]
        if later and asked and later[0].at in attempts:
            found += attempts[later[0].at].returned < min(asked)
    return found


def _lost_but_done(history: History) -> list[tuple[Effect, Attempt]]:
    attempts = {attempt.at: attempt for attempt in history.attempts}
    causes = [(effect, attempts.get(effect.at or 0)) for effect in history.effects]
    return [
        (effect, cause)
        for effect, cause in causes
        if cause is not None and cause.result is Result.LOST
    ]
