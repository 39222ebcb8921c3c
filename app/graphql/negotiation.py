"""Media types: what a client sends, and what it is answered in.

Source: GraphQL over HTTP, sections "Media Types" and "Legacy watershed"; RFC 9110, section 12.5.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"
STREAM: Final = "text/event-stream"
UTF8: Final = frozenset({"utf-8", "utf8"})

NAMED: Final = 3  # how exact a range is: this type, all of its kind, anything


@dataclass(frozen=True, slots=True)
class Accepted:
    """``media_type`` is the one for JSON: errors come as that even to who takes nothing but a
    stream. ``streams``: everything is answered as a stream; ``streams_live``: subscriptions are."""

    media_type: str
    streams: bool
    streams_live: bool


@lru_cache(maxsize=256)
def accepted(accept: bytes) -> Accepted | None:
    """None when nothing we have is accepted.

    JSON goes before an equally welcome stream, since clients that could read one name it beside
    JSON in every request (urql). Only a subscription takes the stream wherever it is named: there
    is nothing else for it.
    """
    ranges = [media_range(part) for part in accept.decode("latin-1").split(",") if part.strip()]
    if not ranges:
        return Accepted(JSON, streams=False, streams_live=False)
    json = json_type(ranges)
    quality, exact = best(ranges, STREAM)
    if json is None:
        return Accepted(JSON, streams=True, streams_live=True) if quality else None
    kind, json_quality = json
    streams = quality > json_quality
    return Accepted(kind, streams, streams or (exact == NAMED and quality > 0))


def json_type(ranges: list[tuple[str, float]]) -> tuple[str, float] | None:
    """(the type of JSON that is liked best, its quality).

    A client that names no type of ours, but takes anything, predates the new one: it gets JSON.
    """
    rank: tuple[float, int, int] = (0.0, 0, 0)
    chosen = None
    for preference, offered in enumerate((JSON, RESPONSE)):
        quality, exact = best(ranges, offered)
        if quality <= 0:
            continue
        # between equals the new type goes first where it is named, the old one where it is not
        own = (quality, exact, preference if exact == NAMED else -preference)
        if own > rank:
            rank, chosen = own, offered
    return None if chosen is None else (chosen, rank[0])


def best(ranges: list[tuple[str, float]], offered: str) -> tuple[float, int]:
    """(quality, exactness) of the range that fits ``offered`` most exactly; zeros if none does."""
    exact, quality = max((exactness(kind, offered), quality) for kind, quality in ranges)
    return (quality, exact) if exact else (0.0, 0)


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
        return NAMED
    if kind == "*/*":
        return 1
    return 2 if kind.endswith("/*") and offered.startswith(kind[:-1]) else 0


@lru_cache(maxsize=256)
def is_json(content_type: bytes) -> bool:
    """Is a body of this Content-Type ours to read: JSON, in UTF-8."""
    return media_range(content_type.decode("latin-1"))[0] == JSON
