"""Identifiers as clients meet them: TypeIDs, ``session_01h455vb4pex5vsknk084sn02q``.

Source: the TypeID specification, version 0.3 (a prefix that names the kind, then the UUID in
Crockford's base 32).
"""

from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import Final
from uuid import UUID

from typeid import TypeID
from typeid.core.errors import TypeIDException

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
TWO: Final = ["".join(pair) for pair in product(ALPHABET, repeat=2)]
THREE: Final = ["".join(triple) for triple in product(ALPHABET, repeat=3)]


class Kind(StrEnum):
    """Prefixes. Each names the GraphQL type of what it identifies."""

    ACCOUNT = "account"
    DELIVERY = "delivery"
    DOCUMENTATION = "documentation"
    ENGINEER = "engineer"
    HANDOFF = "handoff"
    INTEGRATION = "integration"
    NOTIFICATION = "notification"
    SESSION = "session"
    STEP = "step"


def public(kind: Kind, row_id: UUID) -> str:
    """As the library writes it, in a third of its time: a list has hundreds of them."""
    return f"{kind}_{letters(row_id)}"


def letters(row_id: UUID) -> str:
    n = row_id.int
    return (
        f"{TWO[n >> 120]}{THREE[n >> 105 & 32767]}{THREE[n >> 90 & 32767]}"
        f"{THREE[n >> 75 & 32767]}{THREE[n >> 60 & 32767]}{THREE[n >> 45 & 32767]}"
        f"{THREE[n >> 30 & 32767]}{THREE[n >> 15 & 32767]}{THREE[n & 32767]}"
    )


def public_part(handoff_id: UUID, part: str) -> str:
    """Of something that a handoff has and nothing else does: ``handoff_01…/derived:1``."""
    return f"{public(Kind.HANDOFF, handoff_id)}/{part}"


def parse(text: str, kind: Kind) -> UUID | None:
    """The row's id, or None for anything that can't be the id of such a thing."""
    found = parse_any(text)
    return found[1] if found is not None and found[0] is kind else None


@lru_cache(maxsize=4096)  # the same few are asked for again and again
def parse_any(text: str) -> tuple[Kind, UUID] | None:
    """What a client's id names, or None when it is none of ours."""
    try:
        parsed = TypeID.from_string(text)
        return Kind(parsed.prefix), UUID(bytes=parsed.uuid_bytes)
    except (TypeIDException, ValueError):
        return None
