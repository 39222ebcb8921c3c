"""TypeIDs at the least cost Python allows."""

from typing import Final
from uuid import UUID

from services.ids import ALPHABET, letters

TO_PYTHON: Final = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")


def write(prefix: str, id: UUID) -> str:
    return f"{prefix}_{letters(id)}"


def read(text: str) -> UUID:
    return UUID(int=int(text[-26:].translate(TO_PYTHON), 32))
