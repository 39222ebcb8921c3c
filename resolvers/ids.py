"""Ids as clients give them."""

from typing import Final
from uuid import UUID

from services import ids
from services.ids import Kind

UNKNOWN: Final = UUID(int=0)
"""No row has it."""


def known(id: str, kind: Kind) -> UUID:
    """The row's id. UNKNOWN for what is no id of that kind: rules answer both alike."""
    return ids.parse(id, kind) or UNKNOWN
