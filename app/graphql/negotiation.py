"""Media types: what a client sends, and what it is answered in.

Source: GraphQL over HTTP, sections "Media Types" and "Legacy watershed"; RFC 9110, section 12.5.1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"
UTF8: Final = frozenset({"utf-8", "utf8"})


@lru_cache(maxsize=256)
def answer_type(accept: bytes) -> str | None:
    """The media type to answer in, or None when nothing we have is accepted.

    A client that names no type of ours, but takes anything, predates the new one: it gets JSON.
    """
    ranges = [media_range(part) for part in accept.decode("latin-1").split(",") if part.strip()]
    if not ranges:
        return JSON
    best: tuple[float, int, int] = (0.0, 0, 0)
    chosen = None
    for preference, offered in enumerate((JSON, RESPONSE)):
        matching = [(exactness(kind, offered), quality) for kind, quality in ranges]
        exact, quality = max(each for each in [*matching, (0, 0.0)])
        if exact == 0 or quality <= 0:
            continue
        # between equals the new type goes first where it is named, the old one where it is not
        rank = (quality, exact, preference if exact == 3 else -preference)
        if rank > best:
            best, chosen = rank, offered
    return chosen


def media_range(text: str) -> tuple[str, float]:
    """(type, quality); the type is empty when it can not be met, for its character set say."""
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = (part.strip() for part in parameter.partition("="))
        if name == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                quality = 0.0
        elif name == "charset" and value.strip('"') not in UTF8:
            kind = ""
    return kind, quality


def exactness(kind: str, offered: str) -> int:
    if kind == offered:
        return 3
    return {"application/*": 2, "*/*": 1}.get(kind, 0)


@lru_cache(maxsize=256)
def is_json(content_type: bytes) -> bool:
    """Is a body of this Content-Type ours to read: JSON, in UTF-8."""
    return media_range(content_type.decode("latin-1"))[0] == JSON
