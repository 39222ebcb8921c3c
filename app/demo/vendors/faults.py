"""What goes wrong with a fake vendor, and who is told of that and of what arrives."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Any, Generic, TypeVar

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
    """``faults`` are used up one per request that is ``meant``. One of TLS comes before anything is
    asked, and is meant for all.

    ``watcher`` is told of each, and of what was accepted, in the thread that serves.
    """

    def __init__(self) -> None:
        self.faults: deque[F | None] = deque()
        self.meant: Callable[[Any], bool] = lambda asked: True
        self.watcher: Callable[[Any], None] = lambda news: None

    def accepted(self, what: object) -> None:
        """Each fake has its own kinds of that."""
        self.watcher(what)

    def fault_of(self, asked: object) -> F | None:
        """What goes wrong with this request."""
        fault = self.faults.popleft() if self.faults and self.meant(asked) else None
        if fault is not None:
            self.watcher(fault)
        return fault

    def fails_to_greet(self) -> bool:
        """Whether this connection is one that TLS fails on, so that no request comes by it."""
        failing = next(iter(self.faults), None) is Fault.TLS
        if failing:
            self.faults.popleft()
            self.watcher(Fault.TLS)
        return failing
