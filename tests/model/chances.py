"""What people may come to ask for next, given how the world stands."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from tests.model.asking import (
    ELSEWHERE,
    Cancel,
    Claim,
    Decline,
    Escalate,
    EscalateMany,
    Move,
    Rate,
    Reassign,
    Record,
    Release,
    Request,
    Resolve,
    Return,
    Start,
)
from tests.model.world import Person, World

T = TypeVar("T")

PEOPLE: Final = {
    "ann": Person("ENGINEER", 1),
    "bob": Person("ENGINEER", 1),
    "cid": Person("ENGINEER", 2),
    "dee": Person("ENGINEER", 3),
    "eve": Person("ADMIN", 2),
    "vic": Person("VIEWER", 1),
    "ida": Person("ENGINEER", 3, active=False),  # has left
}
ACTIVE: Final = tuple(name for name, person in PEOPLE.items() if person.active)
STRANGER: Final = "stranger"  # of another account

KEYS: Final = (None, None, "k1", "k2", "k3", "k4", "k5", "k6")
TEXTS: Final = ("once", "twice")
VERDICTS: Final = ("RIGHT", "WRONG")
APPROACHES: Final = (None, None, "CONTINUE", "AI_FIRST")
TARGETS: Final = (*[None] * 6, *ACTIVE, "ida", STRANGER)

MOVES: Final[tuple[type[Move], ...]] = (Claim, Decline, Reassign, Cancel, Release, Return)
KINDS: Final[tuple[type[Request], ...]] = (
    Start, Record, Escalate, EscalateMany, Resolve, Rate, *MOVES, *MOVES
)  # fmt: skip


class Chance:
    """Draws one of several. Strategies made anew for each draw would cost more than the service."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def of(self, several: Sequence[T]) -> T:
        return several[self._draw(st.integers(0, len(several) - 1))]

    def some(self, several: Sequence[T], least: int) -> tuple[T, ...]:
        """``least`` to ``least`` + 1 different ones, in any order."""
        most = min(least + 1, len(several))
        left, chosen = list(several), []
        for _ in range(self._draw(st.integers(least, most))):
            chosen.append(left.pop(self._draw(st.integers(0, len(left) - 1))))
        return tuple(chosen)


@st.composite
def requests(draw: st.DrawFn, world: World, sessions: int, done: Sequence[Request]) -> Request:
    """``sessions`` are kept going at a time; ``done`` had keys and were carried out."""
    chance = Chance(draw)
    match chance.of(("go on", "go on", "anything", "again")):
        case "go on":
            return possible(chance, world, sessions)
        case "again" if done:
            # its reply was lost, and meanwhile the world has moved on
            return chance.of(done)
    return anything(chance, world)


def possible(chance: Chance, world: World, sessions: int) -> Request:
    """What is not refused, key, version and target permitting."""
    active = [n for n, session in enumerate(world.sessions) if session.status == "ACTIVE"]
    chances: list[tuple[type[Request], Sequence[int], Sequence[str]]] = []
    for number, handoff in enumerate(world.handoffs):
        for kind in MOVES:
            if able := [who for who in ACTIVE if world.may(kind, who, handoff)]:
                chances += [(kind, [number], able)] * (4 if kind is Claim else 2)
        session = world.sessions[handoff.session]
        chances.append((Rate, [number], [who for who in ACTIVE if world.sees(who, session)]))
    for number in active:
        able = sorted({world.sessions[number].holder, "eve"})
        chances += [
            (kind, [number], able) for kind in (Escalate, Escalate, Escalate, Record, Resolve)
        ]
    if len(active) > 1:
        chances += [(EscalateMany, active, ["eve"])] * 6
    if sum(session.status != "RESOLVED" for session in world.sessions) < sessions:
        starters = [who for who in ACTIVE if PEOPLE[who].role != "VIEWER"]
        chances += [(Start, [], starters)] * 2
    if not chances:
        return anything(chance, world)
    return a_request(chance, world, *chance.of(chances))


def anything(chance: Chance, world: World) -> Request:
    """Anybody asks for anything, of what there is or of what is another account's."""
    kind = chance.of(KINDS)
    things = world.handoffs if kind in (Rate, *MOVES) else world.sessions
    return a_request(chance, world, kind, [*range(len(things)), ELSEWHERE][-6:], ACTIVE)


def a_request(
    chance: Chance,
    world: World,
    kind: type[Request],
    among: Sequence[int],
    people: Sequence[str],
) -> Request:
    """``among`` are numbers of sessions or of handoffs, as ``kind`` has it."""
    fields: dict[str, Any] = {"who": chance.of(people), "key": chance.of(KEYS)}
    if kind is Start:
        return Start(about=chance.of(TEXTS), **fields)
    if kind is EscalateMany:
        several = chance.some(among, min(2, len(among)))
        return EscalateMany(sessions=several, target=chance.of(TARGETS), **fields)
    number = chance.of(among)
    if kind is Resolve:
        live = world.live(number) if number >= 0 else None
        expected = a_version(chance, world, live)
        text = chance.of(TEXTS)
        return Resolve(who=fields["who"], session=number, resolution=text, expected=expected)
    if kind is Record:
        return Record(session=number, title=chance.of(TEXTS), **fields)
    if kind is Escalate:
        return Escalate(session=number, target=chance.of(TARGETS), **fields)
    if kind is Rate:
        fields |= {"verdict": chance.of(VERDICTS), "comment": chance.of((None, *TEXTS))}
    else:
        fields["expected"] = a_version(chance, world, number)
    if kind is Claim:
        fields["approach"] = chance.of(APPROACHES)
    elif kind in (Decline, Release):
        fields["reason"] = chance.of(TEXTS)
    elif kind is Return:
        fields["guidance"] = chance.of(TEXTS)
    elif kind is Reassign:
        fields["to"] = chance.of((*PEOPLE, STRANGER))
    move: Any = kind
    asked: Request = move(handoff=number, **fields)
    return asked


def a_version(chance: Chance, world: World, number: int | None) -> int | None:
    """None, the present version, or one that is stale."""
    now = world.handoffs[number].version if number is not None and number >= 0 else 1
    return chance.of((None, None, None, None, now, now, now - 1))
