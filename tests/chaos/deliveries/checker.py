"""Judges rows of `delivery` by what the vendors have, which is all that counts in the end."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

MOST_REPEATED: Final = 0.05  # of one channel's, where the vendor can't be looked through
LOOKED_THROUGH: Final = "PSA_NOTE"


@dataclass(frozen=True)
class Promised:
    """A row at the end. ``name`` is what the vendor knows the effect by, ``outcomes`` those of its
    attempts by number, ``most`` the attempts that its schedule has. ``too_late`` are attempts that
    gave up waiting: whoever fell asleep at that finds the answer there, and no time to read it."""

    id: str
    handoff: str
    channel: str
    state: str
    name: str
    reference: str | None
    attempts: int
    outcomes: Sequence[tuple[int, str | None]]
    most: int
    too_late: int = 0


@dataclass(frozen=True)
class There:
    """What one channel's vendor has accepted: how often under which name, and what it calls it.
    Without ``references`` it calls it nothing. ``unanswered``: how often it told nobody so."""

    names: Counter[str]
    references: Collection[str] | None
    unanswered: Counter[str] = field(default_factory=Counter)


def violations(
    promised: Sequence[Promised],
    acknowledged: Mapping[str, Collection[str]],
    there: Mapping[str, There],
    most_repeated: float = MOST_REPEATED,
) -> list[str]:
    """What must not have happened, in words. ``acknowledged``: ids of deliveries by handoff, as
    whoever raised it was told."""
    return [
        *_lost(promised, acknowledged),
        *(f"{row.channel} {row.id}: {what}" for row in promised for what in _untrue(row, there)),
        *_repeated(promised, there, most_repeated),
    ]


def _lost(
    promised: Sequence[Promised], acknowledged: Mapping[str, Collection[str]]
) -> Iterator[str]:
    rows: dict[str, set[str]] = {}
    for row in promised:
        rows.setdefault(row.handoff, set()).add(row.id)
    for handoff, ids in acknowledged.items():
        if missing := set(ids) - rows.get(handoff, set()):
            yield f"lost: {len(missing)} promises of {handoff}"
    for handoff in rows.keys() - acknowledged.keys():
        yield f"unasked: nobody was told of {handoff}"


def _untrue(row: Promised, there: Mapping[str, There]) -> Iterator[str]:
    numbers = [number for number, _ in row.outcomes]
    vendor = there[row.channel]
    if numbers != list(range(1, row.attempts + 1)):
        yield f"{row.attempts} attempts, but written down are {numbers}"
    outcomes = [outcome for _, outcome in row.outcomes]
    failed = {"FAILED", "LOST"}
    match row.state:
        case "SENT":
            if outcomes[-1:] != ["SENT"] or not failed.issuperset(outcomes[:-1]):
                yield f"SENT, after {outcomes}"
            yield from _not_there(row, vendor)
        case "DEAD":
            if len(outcomes) < row.most or not failed.issuperset(outcomes):
                yield f"DEAD, after {outcomes} of {row.most}"
        case state:
            yield f"lost: it is {state} when all is over"
    # who was told that it was accepted has written that down, has died of something or was late
    told = vendor.names[row.name] - vendor.unanswered[row.name]
    known = outcomes.count("SENT") + outcomes.count("LOST") + row.too_late
    if told > known:
        yield f"accepted {told} times, says the vendor, after {outcomes}"


def _not_there(row: Promised, vendor: There) -> Iterator[str]:
    if not vendor.names[row.name]:
        yield f"lost: SENT, and the vendor has never seen {row.name}"
    if vendor.references is not None and row.reference not in vendor.references:
        yield f"the vendor calls nothing {row.reference}"


def repeats(vendor: There) -> int:
    return vendor.names.total() - len(vendor.names)


def _repeated(
    promised: Sequence[Promised], there: Mapping[str, There], most: float
) -> Iterator[str]:
    """Repeats, and what came under a name that nobody has promised."""
    names = {(row.channel, row.name) for row in promised}
    many = Counter(row.channel for row in promised)
    for channel, vendor in there.items():
        allowed = 0 if channel == LOOKED_THROUGH else int(most * many[channel])
        if repeats(vendor) > allowed:
            yield f"repeated: {repeats(vendor)} of {many[channel]} in {channel}"
        for name in vendor.names:
            if (channel, name) not in names:
                yield f"stranger: {channel} was given {name}"
