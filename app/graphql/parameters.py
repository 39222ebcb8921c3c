"""The parameters of a GraphQL request, the same over HTTP and sockets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLError

from app.graphql.engine import Engine, Operation, RequestError
from resolvers.errors import ErrorCode

NO_INTROSPECTION: Final = (
    "Introspection is switched off on this server. Work with its published schema.graphql."
)


class Malformed(Exception):
    """Not a GraphQL request; the message says what is wrong with it."""


@dataclass(slots=True)
class Parameters:
    query: str
    operation_name: str | None
    variables: dict[str, Any] | None


def parameters(given: Any) -> Parameters:
    """Raises Malformed. Entries nobody knows are let through, as the specification asks."""
    if type(given) is not dict:
        raise Malformed("A GraphQL request is a JSON object.")
    query = given.get("query")
    if type(query) is not str or not query:
        raise Malformed("`query` must be given: a string with a GraphQL document.")
    operation_name = given.get("operationName")
    if operation_name is not None and type(operation_name) is not str:
        raise Malformed("`operationName` must be a string.")
    variables = given.get("variables")
    if variables is not None and type(variables) is not dict:
        raise Malformed("`variables` must be an object.")
    extensions = given.get("extensions")
    if extensions is not None and type(extensions) is not dict:
        raise Malformed("`extensions` must be an object.")
    return Parameters(query, operation_name, variables)


def operation_of(engine: Engine, asked: Parameters, *, introspection: bool) -> Operation:
    """Raises RequestError, also for introspection where that is off."""
    operation = engine.prepare(asked.query, asked.operation_name)
    if operation.is_introspection and not introspection:
        raise RequestError([GraphQLError(NO_INTROSPECTION)], ErrorCode.FORBIDDEN)
    return operation
