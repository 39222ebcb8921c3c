"""Who runs where: the server under test on one core, PostgreSQL and the load on another."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cores:
    """None where processes can't be kept to a core."""

    server: int | None
    rest: int | None

    @classmethod
    def found(cls) -> "Cores":
        """The first two cores this process may use."""
        if not hasattr(os, "sched_getaffinity"):
            return cls(None, None)
        usable = sorted(os.sched_getaffinity(0))
        return cls(usable[0], usable[1]) if len(usable) > 1 else cls(None, None)

    def described(self) -> str:
        if self.server is None:
            return "NOT kept to cores: this machine has one, or can't; figures are less steady"
        return f"servers on core {self.server}, PostgreSQL and load on core {self.rest}"


def stay_on(core: int | None) -> None:
    """From now on, with every process that is started from here."""
    if core is not None:
        os.sched_setaffinity(0, {core})


@contextmanager
def starting_on(core: int | None) -> Iterator[None]:
    """What is started within this block inherits the core."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
