"""What the people of the model ask for, and what they are told.

Sessions and handoffs go by numbers, in the order in which they came to be; ELSEWHERE is one of
another account. A request is a value, so that it can be sent again, word for word.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

ELSEWHERE: Final = -1


@dataclass(frozen=True, kw_only=True)
class Request:
    who: str
    key: str | None = None

    @property
    def content(self) -> "Request":
        """What must not differ between two requests under one key."""
        return replace(self, key=None)


@dataclass(frozen=True, kw_only=True)
class Start(Request):
    about: str


@dataclass(frozen=True, kw_only=True)
class Record(Request):
    session: int
    title: str


@dataclass(frozen=True, kw_only=True)
class Escalate(Request):
    session: int
    target: str | None = None


@dataclass(frozen=True, kw_only=True)
class EscalateMany(Request):
    sessions: tuple[int, ...]
    target: str | None = None


@dataclass(frozen=True, kw_only=True)
class Resolve(Request):
    """Never with a key: it is harmless to repeat by itself."""

    session: int
    resolution: str
    expected: int | None = None


@dataclass(frozen=True, kw_only=True)
class Move(Request):
    """One transition of one handoff. ``expected`` is the version that was seen."""

    handoff: int
    expected: int | None = None

    @property
    def content(self) -> Request:
        return replace(self, key=None, expected=None)


@dataclass(frozen=True, kw_only=True)
class Claim(Move):
    approach: str | None = None


@dataclass(frozen=True, kw_only=True)
class Cancel(Move):
    pass


@dataclass(frozen=True, kw_only=True)
class Decline(Move):
    reason: str


@dataclass(frozen=True, kw_only=True)
class Release(Move):
    reason: str


@dataclass(frozen=True, kw_only=True)
class Return(Move):
    guidance: str


@dataclass(frozen=True, kw_only=True)
class Reassign(Move):
    to: str


@dataclass(frozen=True, kw_only=True)
class Rate(Request):
    """Every handoff has an assessment by a model here."""

    handoff: int
    verdict: str
    comment: str | None = None


@dataclass(frozen=True)
class Answer:
    """``word`` is OK or the refusal's name; ``facts`` are what it tells."""

    word: str
    facts: tuple[Any, ...] = ()


OK: Final = "OK"
