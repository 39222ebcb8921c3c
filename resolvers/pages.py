"""Lists, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from db.database import Columns
from resolvers.errors import ClientError

LARGEST: Final = 100
"""Items of a page, and ids of one request."""

USUAL: Final = 20


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list in its order, and whether there are more on either side."""

    rows: Sequence[Columns]
    has_next: bool
    has_previous: bool

    @classmethod
    def forward(cls, rows: Sequence[Columns], size: int, *, begun: bool) -> Self:
        """Of ``size`` + 1 rows that were asked for; ``begun`` when the page has an ``after``."""
        return cls(rows[:size], has_next=len(rows) > size, has_previous=begun)

    @classmethod
    def backward(cls, rows: Sequence[Columns], size: int, *, begun: bool) -> Self:
        """Of the last ``size`` + 1 rows; ``begun`` when the page has a ``before``."""
        return cls(rows[-size:], has_next=begun, has_previous=len(rows) > size)


def size(asked: int | None, *, argument: str = "first", usual: int = USUAL) -> int:
    """Raises ClientError for a page that is empty or too large."""
    if asked is None:
        return usual
    if not 1 <= asked <= LARGEST:
        raise ClientError(f"`{argument}` is {asked}; a page has 1 to {LARGEST} items.")
    return asked
