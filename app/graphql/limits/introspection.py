"""How long the lists of introspection are: the schema itself says."""

from __future__ import annotations

from typing import Any, Final

from graphql import GraphQLSchema, is_abstract_type

OF_ALL_TYPES: Final = "__Schema.types"
"""Below it, what all types have together is what counts; elsewhere, what the largest one has."""
WRAPPED: Final = "__Type.ofType"
"""Clients ask for nine of them in each other. Only types of lists have more than one."""


class Introspection:
    """Of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        types: list[Any] = list(schema.type_map.values())
        fields = [len(getattr(each, "fields", None) or ()) for each in types]
        arguments = [
            len(getattr(field, "args", None) or ())
            for each in types
            for field in (getattr(each, "fields", None) or {}).values()
        ]
        lists = {
            "fields": fields,
            "inputFields": fields,
            "interfaces": [len(getattr(each, "interfaces", None) or ()) for each in types],
            "enumValues": [len(getattr(each, "values", None) or ()) for each in types],
            "possibleTypes": [
                len(schema.get_possible_types(each)) for each in types if is_abstract_type(each)
            ],
        }
        self.usual = {f"__Type.{name}": -(-sum(each) // len(types)) for name, each in lists.items()}
        self.largest = {f"__Type.{name}": max(each, default=0) for name, each in lists.items()}
        self.fixed = {
            OF_ALL_TYPES: len(types),
            "__Schema.directives": len(schema.directives),
            "__Field.args": -(-sum(arguments) // max(1, len(arguments))),
            "__Directive.args": 2,
        }

    def size(self, parent: str, name: str, *, within: str) -> int | None:
        """None for a list that is not of introspection."""
        path = f"{parent}.{name}"
        if path in self.fixed:
            return self.fixed[path]
        return (self.usual if within == OF_ALL_TYPES else self.largest).get(path)
