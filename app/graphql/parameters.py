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

IDS: Final = ("documentId", "doc_id")
NO_QUERY: Final = "`query` must be given: a string with a GraphQL document."
NO_ID: Final = (
    "The id of a document is a string: `documentId`, `doc_id`, or `extensions.persistedQuery` as "
    '`{"version": 1, "sha256Hash": "…"}`.'
)


class Malformed(Exception):
    """Not a GraphQL request; the message says what is wrong with it."""


@dataclass(slots=True)
class Parameters:
    """``document_id`` names a trusted document. One of it and ``query`` is given, or both."""

    query: str | None
    operation_name: str | None
    variables: dict[str, Any] | None
    document_id: str | None = None


def parameters(given: Any) -> Parameters:
    """Raises Malformed. Entries nobody knows are let through, as the specification asks."""
    if type(given) is not dict:
        raise Malformed("A GraphQL request is a JSON object.")
    extensions = given.get("extensions")
    if extensions is not None and type(extensions) is not dict:
        raise Malformed("`extensions` must be an object.")
    document_id = id_of(given, extensions or {})
    query = given.get("query")
    if document_id is None and not query:
        raise Malformed(NO_QUERY)
    if query is not None and type(query) is not str:
        raise Malformed(NO_QUERY)
    operation_name = given.get("operationName")
    if operation_name is not None and type(operation_name) is not str:
        raise Malformed("`operationName` must be a string.")
    variables = given.get("variables")
    if variables is not None and type(variables) is not dict:
        raise Malformed("`variables` must be an object.")
    return Parameters(query, operation_name, variables, document_id)


def id_of(given: dict[str, Any], extensions: dict[str, Any]) -> str | None:
    """By the name that the specification, Relay or Apollo has for it. Raises Malformed."""
    ids: list[Any] = [
        given[name] for name in ("documentId", "doc_id") if given.get(name) is not None
    ]
    persisted = extensions.get("persistedQuery")
    if persisted is not None:
        ids.append(persisted.get("sha256Hash") if type(persisted) is dict else None)
    if not ids:
        return None
    for id_ in ids:
        if type(id_) is not str or not id_:
            raise Malformed(NO_ID)
        if id_ != ids[0]:
            raise Malformed("A request has one document: two ids are given.")
    return str(ids[0])


def operation_of(engine: Engine, asked: Parameters, *, introspection: bool) -> Operation:
    """Raises RequestError, also for introspection where that is off."""
    text = engine.trusted.text(asked.document_id, asked.query)
    operation = engine.prepare(text, asked.operation_name)
    if operation.is_introspection and not introspection:
        raise RequestError([GraphQLError(NO_INTROSPECTION)], ErrorCode.FORBIDDEN)
    return operation
