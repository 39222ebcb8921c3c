"""What the ticket systems have in common: internal notes, each written once.

A vendor may do what it was asked and its answer never arrive. None of the three recognises a repeat
by itself, so each note carries a marker, and the ticket's notes are looked through for it before
one is written: every time, since an attempt can't know whether it is the first.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeVar

from services.integrations.outgoing import Answer, Outgoing, judge
from services.integrations.protocol import Letter, Purpose, Refused, Sent, TryAgain
from services.integrations.ticket_notes import Note, notes_of

T = TypeVar("T")

LOOKED_THROUGH: Final = 4 * 1024 * 1024
"""Bytes of an answer that lists a ticket's notes: they are whole texts."""

TOO_MANY: Final = "The ticket has more notes than can be looked through: {vendor} was told nothing."


class TicketSystem(ABC):
    """A channel that writes notes on tickets; a vendor's own says how."""

    vendor: ClassVar[str]
    limit: ClassVar[int]  # characters of a note
    keys: ClassVar[str]  # what it is signed in with, in the vendor's words
    grant: ClassVar[str]  # what the keys have to be allowed
    fields: ClassVar[tuple[str, ...]]  # what we fill in
    refusing: ClassVar[frozenset[int]] = frozenset({400, 422})  # the statuses of bad requests

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def send(self, letter: Letter, earlier: str | None) -> Sent:
        if letter.ticket is None:
            if letter.purpose is Purpose.TEST:
                return Sent(None, await self.greet())
            raise Refused("No ticket is linked to the session.")
        ticket = await self.find(letter.ticket.number)
        notes = notes_of(letter, self.limit)
        there = await self.look(ticket, letter.marker, notes)
        ids = [there.get(note.marker) or await self.add(ticket, note) for note in notes]
        already = " It was there already." if len(there) == len(notes) else ""
        what = "an internal note" if len(ids) == 1 else f"{len(ids)} internal notes"
        said = f"{self.vendor} has {what} on ticket {letter.ticket.number}.{already}"
        return Sent(",".join(ids), said)

    @abstractmethod
    async def greet(self) -> str:
        """Try the keys and change nothing. What to tell who tries them."""

    @abstractmethod
    async def find(self, number: str) -> int:
        """The vendor's id of a ticket."""

    @abstractmethod
    async def look(self, ticket: int, marker: str, notes: Sequence[Note]) -> Mapping[str, str]:
        """The ids of those of ``notes`` that are on the ticket already, by their markers."""

    @abstractmethod
    async def add(self, ticket: int, note: Note) -> str:
        """Write one, seen by nobody outside, with no mail sent. Its id."""

    def check(self, answer: Answer, *, ticket: int | None = None) -> Answer:
        """The answer, if it is a good one. Raises TryAgain or Refused in words that say what to do,
        and never the vendor's own: those may hold anything."""
        status = answer.status
        if len(answer.body) >= LOOKED_THROUGH:
            raise Refused(TOO_MANY.format(vendor=self.vendor))
        match status:
            case 401:
                raise Refused(
                    f"{self.vendor} does not accept {self.keys} (HTTP 401): make new ones there "
                    "and save the integration with them.",
                    status=status,
                )
            case 403:
                raise Refused(
                    f"{self.vendor} does not permit this (HTTP 403): {self.grant}.", status=status
                )
            case 404 if ticket is not None:
                raise Refused(
                    f"{self.vendor} has no ticket {ticket}, or hides it from these keys (HTTP "
                    "404): check the number that the session is linked to.",
                    status=status,
                )
            case _ if status in self.refusing and (names := self._named(answer)):
                raise Refused(
                    f"{self.vendor} refuses {' and '.join(names)} (HTTP {status}): check the "
                    "settings of the integration, and which fields are required there.",
                    status=status,
                )
        judge(answer, self.vendor)
        return answer

    def _named(self, answer: Answer) -> list[str]:
        """Those of our fields that an answer complains about."""
        if not answer.body.lstrip().startswith((b"{", b"[")):
            return []  # a page, where any word may stand
        words = answer.body.decode("utf-8", "replace")
        return [name for name in self.fields if re.search(rf"\b{name}\b", words, re.IGNORECASE)]


def part(answer: Answer, read: Callable[[Any], T]) -> T:
    """A piece of the answer. Raises TryAgain for JSON of another shape."""
    document = answer.json()
    try:
        return read(document)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise TryAgain(
            f"The answer could not be understood (HTTP {answer.status}).", status=answer.status
        ) from None


def numbered(number: str, vendor: str) -> int:
    """A ticket's number where it is the vendor's id as well. Raises Refused for another."""
    digits = number.strip().removeprefix("#")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
        raise Refused(
            f"The session is linked to ticket {number!r}, and {vendor}'s tickets have plain "
            "numbers: link it to the right one."
        )
    return int(digits)
