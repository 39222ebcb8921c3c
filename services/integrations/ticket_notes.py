"""A letter as notes on a ticket: plain text, within a vendor's limit, and known again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.integrations.protocol import APPROACHES, Letter, Purpose

TITLES: Final = {
    Purpose.RAISED: "Handed over",
    Purpose.CLAIMED: "Taken over",
    Purpose.RELEASED: "Put back",
    Purpose.RETURNED: "Given back",
    Purpose.RESOLVED: "Resolved",
    Purpose.CANCELLED: "Call for help withdrawn",
    Purpose.UNREACHED: "Nobody told yet",
    Purpose.TEST: "Test",
}


@dataclass(frozen=True, slots=True)
class Note:
    """``text`` ends with ``marker``, which no other note has."""

    title: str
    text: str
    marker: str


def notes_of(letter: Letter, limit: int) -> list[Note]:
    """What a letter says, in notes of at most ``limit`` characters: UTF-16 units, as the vendors'
    own languages count them."""
    title = TITLES[letter.purpose]
    # of the title, "(12/34)", the marker with its number, and the lines between
    room = limit - len(title) - len(letter.marker) - 32
    chunks = [chunk for chunk in _chunks(_body(letter), room) if chunk]
    notes = []
    for number, chunk in enumerate(chunks, 1):
        # without the total, which is another if the text was written anew between two attempts
        marker = f"[{letter.marker}/{number}]"
        heading = f"{title} ({number}/{len(chunks)})" if len(chunks) > 1 else title
        notes.append(Note(heading, f"{heading}\n\n{chunk}\n\n{marker}", marker))
    return notes


def among(notes: Sequence[Note], texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The ids of those of ``notes`` whose marker is in one of ``texts``, each an id and a text."""
    found: dict[str, str] = {}
    for note_id, text in texts:
        for note in notes:
            if note.marker in text:
                found.setdefault(note.marker, note_id)
    return found


def _body(letter: Letter) -> str:
    at = f"{letter.happened_at:%Y-%m-%d %H:%M} UTC"
    match letter.purpose:
        case Purpose.RAISED:
            return f"{plain(letter.markdown)}\n\nTake it over: {letter.link}"
        case Purpose.CLAIMED:
            how = APPROACHES[letter.approach]
            told = f"{letter.who} has taken this over from {letter.raised_by}{how} ({at})."
        case Purpose.RELEASED:
            told = f"{letter.who} has put this back, and it waits for somebody again ({at})."
        case Purpose.RETURNED:
            told = f"{letter.who} has given this back to {letter.raised_by} ({at})."
        case Purpose.RESOLVED:
            told = f"{letter.who} has resolved this ({at})."
            if letter.markdown:  # it holds their words
                return f"{told}\n\n{plain(letter.markdown)}\n\nSee {letter.link}"
        case Purpose.CANCELLED:
            told = f"{letter.who} has withdrawn the call for help ({at})."
        case Purpose.UNREACHED:
            told = f"Nobody could be told yet that {letter.raised_by} needs help here ({at})."
        case Purpose.TEST:
            told = f"This is a test: {letter.who} has tried whether notes arrive ({at})."
        case Purpose.DISABLED | Purpose.ASSESSED:
            raise ValueError("it is told elsewhere alone")
    return "\n\n".join(part for part in (told, letter.words, f"See {letter.link}") if part)


def plain(markdown: str) -> str:
    """Markdown for who sees it as it stands: no marks, no escapes, and what was pasted set in."""
    lines: list[str] = []
    fence = ""
    for line in markdown.rstrip().splitlines():
        bare = line.strip()
        if fence:
            if bare == fence:
                fence = ""
            else:
                lines.append(f"    {line}")
        elif bare.startswith("```"):
            fence = bare
        elif bare.startswith("## "):
            lines.append(_unmarked(bare[3:]).upper())
        else:
            lines.append(_unmarked(line.removeprefix("# ")))
    return "\n".join(lines)


def _unmarked(line: str) -> str:
    return re.sub(r"\\(.)|\*\*", lambda found: found[1] or "", line)


def _chunks(text: str, room: int) -> Iterator[str]:
    """At the ends of lines where that can be done."""
    lines: list[str] = []
    size = 0
    for line in _short_lines(text, room):
        length = _units(line) + 1
        if lines and size + length > room:
            yield "\n".join(lines).strip("\n")
            lines, size = [], 0
        lines.append(line)
        size += length
    yield "\n".join(lines).strip("\n")


def _short_lines(text: str, room: int) -> Iterator[str]:
    for line in text.splitlines():
        if _units(line) < room:
            yield line
            continue
        width = room // 2 - 1  # a character is at most two units
        yield from (line[start : start + width] for start in range(0, len(line), width))


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)
