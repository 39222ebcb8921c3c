"""What the carrier asks of a channel, and what a channel answers.

A channel knows one vendor's wire format. It sends one letter in one attempt and says what became
of it; when to try again, and how often, is not its business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from db.models.vocabulary import Approach, HandoffStatus, Priority


class Purpose(StrEnum):
    """What a letter tells. The values are those of column ``delivery.purpose``."""

    RAISED = "raised"
    CLAIMED = "claimed"
    RELEASED = "released"
    RETURNED = "returned"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"
    UNREACHED = "unreached"
    ASSESSED = "assessed"  # no news: a card is changed to what it would be if it were sent now
    DISABLED = "disabled"  # of an integration, and told by mail alone
    TEST = "test"


APPROACHES: Final[Mapping[Approach | None, str]] = {
    None: "",
    Approach.CONTINUE: ", continuing from what was tried",
    Approach.FRESH_START: ", starting afresh",
    Approach.AI_FIRST: ", beginning with the assessment",
}
"""How a claim goes on after "has taken it over"."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A step of the frozen timeline. ``outcome`` in words."""

    title: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Ticket:
    system: str
    number: str


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything a channel may tell. Every text has its secrets taken out already, and is bounded
    by the table it comes from, not by any vendor's limit.

    ``key`` is the same for every attempt of one delivery, and another one when somebody has it
    delivered again. ``marker`` names the effect in the text of a note, the same even then: it is
    what a repeat is recognised by. ``notice`` is all there is to tell of what is about no handoff,
    a paragraph each. ``who`` did what the letter tells of, and ``words`` is what they
    said: the reason, the guidance, the resolution. ``approach`` is what the claim that it tells of
    was made with. ``next_steps`` are a model's, or ``next_steps_derived``
    from the timeline by rule; none when nobody is to take them any more. ``quiet``: what it tells
    of was told before, and is to be changed where it stands, or left.
    """

    delivery_id: UUID
    key: str
    marker: str
    purpose: Purpose
    handoff_id: str  # public
    status: str
    priority: str
    problem: str
    reason: str
    notes: str | None
    raised_by: str
    raised_at: datetime
    target: str | None
    claimed_by: str | None
    happened_at: datetime
    who: str
    words: str | None
    customer: str | None
    tried: Sequence[Tried]
    step_count: int
    confirmed: Sequence[str]
    suspected: Sequence[str]
    ruled_out: Sequence[str]
    next_steps: Sequence[str]
    markdown: str
    link: str
    ticket: Ticket | None
    recipient: Person | None
    redactions: int
    next_steps_derived: bool = True
    approach: Approach | None = None
    quiet: bool = False
    asked_again: int = 0  # how often somebody had it delivered again
    notice: Sequence[str] = ()

    @property
    def suggested_by(self) -> str:
        return "rule" if self.next_steps_derived else "a language model"


def of_no_handoff(
    delivery_id: UUID,
    key: str,
    marker: str,
    purpose: Purpose,
    *,
    text: str,
    who: str,
    at: datetime,
    link: str,
) -> Letter:
    """A letter with ``text`` wherever a handoff says what it is about."""
    return Letter(
        delivery_id=delivery_id,
        key=key,
        marker=marker,
        purpose=purpose,
        handoff_id="",
        status=HandoffStatus.OPEN,
        priority=Priority.NORMAL,
        problem=text,
        reason=text,
        notes=None,
        raised_by=who,
        raised_at=at,
        target=None,
        claimed_by=None,
        happened_at=at,
        who=who,
        words=None,
        customer=None,
        tried=(),
        step_count=0,
        confirmed=(),
        suspected=(),
        ruled_out=(),
        next_steps=(),
        markdown=text,
        link=link,
        ticket=None,
        recipient=None,
        redactions=0,
    )


@dataclass(frozen=True, slots=True)
class Sent:
    """The vendor has accepted it. ``reference`` is what it calls it; ``said`` is for who tests an
    integration: one line, never the raw answer."""

    reference: str | None
    said: str


class NotSent(Exception):
    """``why`` is for people: what went wrong and, if they can do something about it, what.

    It never holds a secret or the raw words of an answer. ``status`` is the vendor's number, if it
    gave one.
    """

    def __init__(self, why: str, *, status: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


class TryAgain(NotSent):
    """It may work later. ``after`` is how long the vendor asked us to wait, at least."""

    def __init__(
        self, why: str, *, status: int | None = None, after: timedelta | None = None
    ) -> None:
        super().__init__(why, status=status)
        self.after = after


class Refused(NotSent):
    """It will not work, however often it is tried: somebody has to change something first."""


class Channel(Protocol):
    """One integration of one account, or the installation's mail."""

    async def send(self, letter: Letter, earlier: str | None) -> Sent:
        """One attempt. ``earlier`` is the reference under which the raise of the same handoff was
        sent: a card to edit, a mail to answer to.

        Raises TryAgain or Refused. Anything else is a fault of ours.
        """
        ...
