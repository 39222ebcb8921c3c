"""How many connections there may be at once: of one engineer, of one account, and in all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Final

from resolvers.errors import ClientError, ErrorCode

ALL: Final = "all"
STRANGERS: Final = "strangers"


class Seats:
    """Of one process; for whatever stays connected, over sockets or over HTTP.

    Both ways to a seat raise ClientError with TOO_MANY_CONNECTIONS, and a message that says which
    limit it is in no more words than a close frame has room for.
    """

    def __init__(
        self,
        *,
        in_all: int = 10_000,
        per_account: int = 5_000,
        per_engineer: int = 50,
        strangers: int | None = None,
    ) -> None:
        """``strangers`` are those who have not signed in yet: a quarter of all unless it is said.
        It takes that many for everybody to come back at once, and they can't fill the house."""
        self.in_all = in_all
        self.per_account = per_account
        self.per_engineer = per_engineer
        self.strangers = max(1, in_all // 4) if strangers is None else strangers
        self.held: Counter[Hashable] = Counter()

    def enter(self) -> Seat:
        """For somebody who has yet to sign in. To be given back before they ``take`` theirs."""
        if self.held[ALL] >= self.in_all or self.held[STRANGERS] >= self.strangers:
            raise too_many("Too many connections, try again later")
        return Seat(self.held, ALL, STRANGERS)

    def take(self, engineer: Hashable, account: Hashable) -> Seat:
        of_engineer, of_account = ("engineer", engineer), ("account", account)
        if self.held[ALL] >= self.in_all:
            raise too_many("Too many connections, try again later")
        if self.held[of_engineer] >= self.per_engineer:
            raise too_many(f"An engineer has at most {self.per_engineer} connections: close one")
        if self.held[of_account] >= self.per_account:
            raise too_many(f"An account has at most {self.per_account} connections: close one")
        return Seat(self.held, ALL, of_engineer, of_account)


class Seat:
    """Held from when it is made until it is called."""

    __slots__ = ("counts", "held")

    def __init__(self, held: Counter[Hashable], *counts: Hashable) -> None:
        self.held = held
        self.counts = counts
        held.update(counts)

    def __call__(self) -> None:
        """Give it back. Twice is the same as once."""
        counts, self.counts = self.counts, ()
        for each in counts:
            self.held[each] -= 1
            if not self.held[each]:
                del self.held[each]


def too_many(message: str) -> ClientError:
    return ClientError(message, ErrorCode.TOO_MANY_CONNECTIONS)
