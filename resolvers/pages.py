"""Lists, a page at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

from db.database import Columns
from resolvers.errors import ClientError
from services.joined import Joined

LARGEST: Final = 100
"""Items of a page, and ids of one request."""

USUAL: Final = 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list in its order, and whether there are more on either side.

    ``joined``: they are not whole, and this is what was wanted of them.
    """

    rows: Sequence[Columns]
    has_next: bool
    has_previous: bool
    joined: Joined | None = None

    @classmethod
    def forward(
        cls, rows: Sequence[Columns], size: int, *, begun: bool, joined: Joined | None = None
    ) -> Self:
        """Of ``size`` + 1 rows that were asked for; ``begun`` when the page has an ``after``."""
        return cls(rows[:size], len(rows) > size, begun, joined)

    @classmethod
    def backward(cls, rows: Sequence[Columns], size: int, *, begun: bool) -> Self:
        """Of the last ``size`` + 1 rows; ``begun`` when the page has a ``before``."""
        return cls(rows[-size:], has_next=begun, has_previous=len(rows) > size)

    def items(self, make: Callable[[Columns], T]) -> list[T]:
        """What ``make`` makes of the rows; of those that are not whole, what the engine wants."""
        make_any: Callable[[Any], Any] = make if self.joined is None else self.joined.make
        return [make_any(row) for row in self.rows]


def size(asked: int | None, *, argument: str = "first", usual: int = USUAL) -> int:
    """Raises ClientError for a page that is empty or too large."""
    if asked is None:
        return usual
    if not 1 <= asked <= LARGEST:
        raise ClientError(f"`{argument}` is {asked}; a page has 1 to {LARGEST} items.")
    return asked
