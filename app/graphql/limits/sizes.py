"""What counts how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from app.graphql.limits.amounts import Amount, Variables, value

FIELD: Final = 1
POINT: Final = 4
"""Formulas count quarters. Where docs/benchmarks.md was measured an object takes some 7 µs, a plain
field 1 to 2."""


def points(price: Amount, variables: Variables) -> int:
    """Whole ones, at least one. ``variables`` as they were sent."""
    return max(1, -(-value(price, variables) // POINT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What a schema's lists and mutations count, by ``Type.field``; mutations in points.

    A list's size that is a word is the ``first`` or ``last`` of the field that gave its object; so
    it is of all connections.
    """

    lists: Mapping[str, int | str] = field(default_factory=dict)
    other_list: int = 10
    work: Mapping[str, int] = field(default_factory=dict)
    mutation: int = 0
    usual_page: int = 20
    largest_page: int = 100

    def list(self, parent: str, name: str) -> int | str:
        if parent.endswith("Connection") and name in ("nodes", "edges"):
            return "paged"
        return self.lists.get(f"{parent}.{name}", self.other_list)
