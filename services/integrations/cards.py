"""What a card says, whatever shows it: Slack's blocks and Teams' cards are made of this.

Words of ours and words of others are kept apart, because others' words must never be read as
markup, a link or a mention.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from services.integrations.protocol import APPROACHES, Letter, Purpose

T = TypeVar("T")

Size = Callable[[str], int]
"""How much room a text takes, as the vendor counts."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a letter is said. ``text`` is a share of what is normally said of each text."""

    steps: int
    text: float = 1


SHRINKING: Final = (
    *(Bounds(steps) for steps in (10, 6, 3, 0)),
    *(Bounds(0, share) for share in (0.6, 0.3, 0.1)),
)
"""From the most that is ever said to what fits anywhere: the timeline gives way first."""

TRIED: Final = "What was tried"

NEWS: Final = {
    Purpose.RAISED: "{who} asks for help",
    Purpose.CLAIMED: "{who} has taken it over{approach}",
    Purpose.RELEASED: "{who} has given it back to the queue",
    Purpose.RETURNED: "{who} has returned it to {raiser}",
    Purpose.RESOLVED: "{who} has resolved it",
    Purpose.CANCELLED: "{who} has withdrawn it",
    Purpose.UNREACHED: "Nobody may have heard of it yet",
    Purpose.TEST: "{who} tries whether messages arrive here",
}
TITLES: Final = {
    "LOW": "Low-priority handoff",
    "HIGH": "High-priority handoff",
    "URGENT": "Urgent handoff",
}
WORDS: Final = {
    Purpose.RETURNED: "Guidance",
    Purpose.RESOLVED: "Resolution",
}
STANDING: Final = {
    "OPEN": "waiting for {target}",
    "CLAIMED": "{claimer} has it",
    "RETURNED": "returned to {raiser}",
    "RESOLVED": "resolved",
    "CANCELLED": "withdrawn",
    "SUPERSEDED": "escalated further",
}
TEST_ONLY: Final = "This is a test. There is no handoff behind it, and nobody has to do anything."

# control characters, and those that turn the direction of what follows them
_UNSEEN: Final = {
    code: None
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if code != 0x0A
}


@dataclass(frozen=True, slots=True)
class Part:
    """``label`` and ``more`` are ours, ``texts`` are others'."""

    label: str
    texts: Sequence[str]
    more: str | None = None
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """``title``, ``note`` and the names of ``facts`` are ours, all else may be others' words."""

    title: str
    news: str
    problem: str
    facts: Sequence[tuple[str, str]]
    parts: Sequence[Part]
    note: str | None


def fitting(
    letter: Letter,
    render: Callable[[Card], T],
    fits: Callable[[T], bool],
    *,
    size: Size = len,
    whole: bool = True,
) -> T:
    """A card with as much of the letter as fits. ``whole``: as somebody needs it who has not seen
    an earlier card; otherwise the news alone."""
    for bounds in SHRINKING[:-1]:
        rendered = render(card(letter, bounds, size, whole=whole))
        if fits(rendered):
            return rendered
    return render(card(letter, SHRINKING[-1], size, whole=whole))


def card(letter: Letter, bounds: Bounds, size: Size, *, whole: bool) -> Card:
    write = _Writing(bounds, size)
    if letter.purpose is Purpose.TEST:
        said = Part("Test", [TEST_ONLY])
        return Card("Test message", write.line(_news(letter), 200), "", [], [said], None)
    return Card(
        _title(letter),
        write.line(_news(letter), 200),
        write.line(letter.problem, 300),
        [(name, write.line(fact, 150)) for name, fact in _facts(letter)] if whole else (),
        list(_parts(letter, write, whole=whole)),
        _note(letter.redactions),
    )


def headline(letter: Letter, size: Size = len) -> str:
    """One line for where a card can't be shown: a notification, a lock screen."""
    write = _Writing(SHRINKING[0], size)
    if letter.purpose is Purpose.TEST:
        return f"Test message: {write.line(_news(letter), 200)}"
    news, problem = write.line(_news(letter), 200), write.line(letter.problem, 300)
    return f"{_title(letter)}: {news}. {problem}"


class _Writing:
    """Others' texts, cleaned and cut to a share of their room."""

    def __init__(self, bounds: Bounds, size: Size) -> None:
        self.steps = bounds.steps
        self._share = bounds.text
        self._size = size

    def line(self, text: str, room: int) -> str:
        return self._cut(" ".join(text.expandtabs(1).translate(_UNSEEN).split()), room)

    def paragraph(self, text: str, room: int) -> str:
        lines = (" ".join(line.split()) for line in text.expandtabs(1).splitlines())
        kept = "\n".join(lines).strip().translate(_UNSEEN)
        while "\n\n\n" in kept:
            kept = kept.replace("\n\n\n", "\n\n")
        return self._cut(kept, room)

    def _cut(self, text: str, room: int) -> str:
        room = int(room * self._share)
        if self._size(text) <= room:
            return text
        taken, used = [], 1  # the ellipsis
        for character in text:
            used += self._size(character)
            if used > room:
                break
            taken.append(character)
        return "".join(taken).rstrip() + "…"


def _title(letter: Letter) -> str:
    return TITLES.get(letter.priority, "Handoff")


def _news(letter: Letter) -> str:
    return NEWS[letter.purpose].format(
        who=letter.who, raiser=letter.raised_by, approach=APPROACHES[letter.approach]
    )


def _facts(letter: Letter) -> Iterator[tuple[str, str]]:
    yield (
        "Status",
        STANDING.get(letter.status, letter.status.lower()).format(
            target=letter.target or "whoever is free first",
            claimer=letter.claimed_by or "somebody",
            raiser=letter.raised_by,
        ),
    )
    if letter.purpose is not Purpose.RAISED:
        yield "Raised by", letter.raised_by
    if letter.customer:
        yield "Customer", letter.customer
    if letter.ticket:
        yield "Ticket", f"{letter.ticket.system} {letter.ticket.number}"


def _parts(letter: Letter, write: _Writing, *, whole: bool) -> Iterator[Part]:
    if letter.words and letter.purpose is not Purpose.RAISED:
        yield Part(WORDS.get(letter.purpose, "Why"), [write.paragraph(letter.words, 1400)])
    if not whole:
        return
    yield Part("Why it is handed over", [write.paragraph(letter.reason, 1400)])
    if letter.notes:
        yield Part("Notes", [write.paragraph(letter.notes, 900)])
    yield _tried(letter, write)
    for label, lines in (
        ("Confirmed", letter.confirmed),
        ("Still suspected", letter.suspected),
        ("Ruled out", letter.ruled_out),
        (f"Suggested next, by {letter.suggested_by} from the steps", letter.next_steps),
    ):
        if lines:
            shown = [write.line(line, 220) for line in lines[:5]]
            yield Part(label, shown, _more(len(lines) - len(shown)), listed=True)


def _tried(letter: Letter, write: _Writing) -> Part:
    """The newest steps: what was tried last says most about where things stand."""
    latest = letter.tried[-write.steps :] if write.steps else ()
    shown = [write.line(f"{step.title}: {step.outcome}", 220) for step in latest]
    left = max(letter.step_count, len(letter.tried)) - len(shown)
    if not shown:
        steps = "1 step, to be read" if left == 1 else f"{left} steps, to be read"
        return Part(TRIED, [], f"{steps} at the handoff" if left else "Nothing was recorded.")
    return Part(TRIED, shown, _more(left, " before"), listed=True)


def _more(left: int, where: str = "") -> str | None:
    return f"and {left} more{where}" if left > 0 else None


def _note(redactions: int) -> str | None:
    if not redactions:
        return None
    taken = "1 secret was" if redactions == 1 else f"{redactions} secrets were"
    return f"{taken} taken out of this"
