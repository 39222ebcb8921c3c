"""TypeIDs at the least cost Python allows: three letters a look-up."""

from itertools import product
from typing import Final
from uuid import UUID

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
THREE: Final = ["".join(letters) for letters in product(ALPHABET, repeat=3)]
TWO: Final = ["".join(letters) for letters in product(ALPHABET, repeat=2)]
TO_PYTHON: Final = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")


def write(prefix: str, id: UUID) -> str:
    n = id.int
    return (
        f"{prefix}_{TWO[n >> 120]}{THREE[n >> 105 & 32767]}{THREE[n >> 90 & 32767]}"
        f"{THREE[n >> 75 & 32767]}{THREE[n >> 60 & 32767]}{THREE[n >> 45 & 32767]}"
        f"{THREE[n >> 30 & 32767]}{THREE[n >> 15 & 32767]}{THREE[n & 32767]}"
    )


def read(text: str) -> UUID:
    return UUID(int=int(text[-26:].translate(TO_PYTHON), 32))
