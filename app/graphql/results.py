"""What the engine hands back: an answer, a refusal of the request, or a mistake in an argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from graphql import GraphQLError

from app.graphql.discreet import without_value
from resolvers.errors import ErrorCode


class RequestError(Exception):
    """The request itself is wrong: syntax, validation, choice of operation, variables.

    The answer has ``errors`` and no ``data`` entry at all (GraphQL spec, section 7.1). ``code`` is
    that of errors which bring none of their own.
    """

    def __init__(self, errors: list[GraphQLError], code: ErrorCode = ErrorCode.BAD_REQUEST) -> None:
        super().__init__("; ".join(without_value(error.message) for error in errors))
        self.errors = errors
        self.code = code

    def formatted(self) -> list[dict[str, Any]]:
        return [
            {
                **error.formatted,
                "message": without_value(error.message),
                "extensions": {"code": self.code.value, **(error.extensions or {})},
            }
            for error in self.errors
        ]


class ArgumentError(GraphQLError):
    """What the client gave for an argument or a condition does not fit after all.

    Validation and the coercion of variables leave little of this: a nullable variable with a
    default, say, that is given a null for something that takes none.
    """

    @classmethod
    def of(cls, error: GraphQLError) -> ArgumentError:
        message = without_value(error.message)
        return cls(message, error.nodes, error.source, error.positions, error.path)


@dataclass(slots=True)
class Result:
    """An executed operation. ``data`` is None only when a null reached the root."""

    data: dict[str, Any] | None
    errors: list[GraphQLError] | None = None

    def payload(self) -> dict[str, Any]:
        """The answer as it goes to a client; ``errors`` are left out when there are none."""
        payload: dict[str, Any] = {"data": self.data}
        if self.errors:
            payload["errors"] = [error.formatted for error in self.errors]
        return payload

    def encode(self) -> bytes:
        """JSON. Raises TypeError for what a scalar should not have let through."""
        return orjson.dumps(self.payload())
