"""The numbers, and how a client is told that it went beyond one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, Node

from resolvers.errors import ErrorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Of one document, and of each operation in it. docs/api.md says them to clients."""

    document_bytes: int = 10 * 1024
    tokens: int = 1000
    depth: int = 10
    introspection_depth: int = 20
    """Below ``__schema`` and ``__type``: the usual clients ask for a type fourteen levels deep."""
    aliases: int = 15
    directives: int = 20
    root_fields: int = 10
    cost: int = 10_000
    """Points: objects that the answer may have, and what counts like them (``pricing``)."""


def exceeded(
    message: str, limit: str, allowed: int, asked: int | None, *nodes: Node
) -> GraphQLError:
    """``limit`` names which one; ``asked`` is None where counting stopped at the bound."""
    extensions: dict[str, Any] = {
        "code": ErrorCode.LIMIT_EXCEEDED.value,
        "limit": limit,
        "allowed": allowed,
    }
    if asked is not None:
        # a fragment spread twice, again and again, makes numbers that no JSON parser takes
        extensions["asked"] = min(asked, 2**31 - 1)
    return GraphQLError(message, list(nodes), extensions=extensions)
