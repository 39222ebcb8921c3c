"""Ids as clients give them."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services import ids
from services.ids import Kind

UNKNOWN: Final = UUID(int=0)
"""No row has it."""


def known(id: str, kind: Kind) -> UUID:
    """The row's id. UNKNOWN for what is no id of that kind: rules answer both alike."""
    return ids.parse(id, kind) or UNKNOWN


def each_known(given: Sequence[str], kind: Kind) -> list[UUID]:
    """As ``known``, with an id of its own, that no row has, for each that is no id of that kind."""
    return [ids.parse(each, kind) or UUID(int=place) for place, each in enumerate(given)]
