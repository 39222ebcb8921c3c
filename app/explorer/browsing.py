"""Who looks at /graphql with a browser. Programs never get the page by accident."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from starlette.types import Scope

from app.graphql.negotiation import JSON, NAMED, RESPONSE, STREAM, best, media_range

HTML: Final = "text/html"


def is_browsed(scope: Scope) -> bool:
    """Is this a GET without a query that asks for HTML before anything that is ours."""
    if scope["method"] != "GET" or scope["query_string"]:
        return False
    accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return likes_a_page(accept)


@lru_cache(maxsize=256)
def likes_a_page(accept: bytes) -> bool:
    """Only who names HTML: `*/*` is what programs send that have not thought about it."""
    ranges = [media_range(part) for part in accept.decode("latin-1").split(",") if part.strip()]
    if not ranges:
        return False
    quality, exact = best(ranges, HTML)
    others = max(best(ranges, ours)[0] for ours in (JSON, RESPONSE, STREAM))
    return exact == NAMED and quality > others
