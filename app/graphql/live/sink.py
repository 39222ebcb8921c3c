"""Where the results of a live subscription go: a socket's operation, or the response of a request.

The two sides call each other on the event loop and never wait, so that a client who does not read
costs the others nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol


class Close(Enum):
    """What becomes of the connection, so that its client comes back by itself."""

    NO = "it stays open"
    TOO_SLOW = "the client did not keep up"
    BROKEN = "the stream failed on our side"


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a subscription ended that its client did not end.

    ``code`` is OK when its source ended by itself, else an ErrorCode: what metrics count.
    ``errors`` are for the client; without any it is told ``complete`` if the connection stays open,
    and nothing otherwise.
    """

    code: str
    errors: list[dict[str, Any]]
    close: Close = Close.NO


class Sink(Protocol):
    """One subscriber's."""

    def offer(self, payload: bytes, cursor: str | None) -> bool:
        """Take a result, as JSON. ``cursor`` is its event's place in the log, if it has one.

        False when there is no room: nothing was taken, and the subscription's ``room`` is to be
        called as soon as there is.
        """
        ...

    def end(self, ending: Ending) -> None:
        """Nothing follows. Called once at most, and never after the subscription's ``leave``."""
        ...
