"""What goes wrong with a fake vendor."""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Generic, TypeVar

F = TypeVar("F", bound=Enum)


class Fault(Enum):
    """What goes wrong with one request."""

    SERVER_ERROR = "answers 500 and does nothing"
    BUSY = "answers 429 with Retry-After and does nothing"
    HANG = "does nothing and does not answer"
    LOSE_ANSWER = "does what was asked, and the connection breaks before the answer"
    REDIRECT = "answers 307 to an address of this machine, and does nothing"
    GARBAGE = "does what was asked, and answers with something else"
    TLS = "shows a certificate that nobody believes, so that nothing is asked"


class Troubled(Generic[F]):
    """``faults`` are used up one per request."""

    def __init__(self) -> None:
        self.faults: deque[F | None] = deque()

    def next_fault(self) -> F | None:
        """What goes wrong with the request that came."""
        return self.faults.popleft() if self.faults else None

    def fails_to_greet(self) -> bool:
        """Whether this connection is one that TLS fails on, so that no request comes by it."""
        failing = bool(self.faults) and self.faults[0] is Fault.TLS
        if failing:
            self.faults.popleft()
        return failing
