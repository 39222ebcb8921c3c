"""What an operation costs: the objects and fields that its answer can have, as a formula.

An object counts a point, a field without fields of its own a quarter of one, a list as often as it
can have items: as the page that is asked for, or as ``Sizes`` says. Of the types that an interface
or a union can be, the dearest counts. A mutation's work counts besides.
"""

from __future__ import annotations

from functools import cached_property
from typing import cast

from graphql import (
    DocumentNode,
    GraphQLSchema,
    OperationDefinitionNode,
    get_introspection_query,
    is_abstract_type,
    parse,
)

from app.graphql.limits.amounts import Amount
from app.graphql.limits.introspection import Introspection
from app.graphql.limits.selections import Selections
from app.graphql.limits.sizes import Sizes, points


class Pricing:
    """Of one schema."""

    def __init__(self, schema: GraphQLSchema, sizes: Sizes | None = None) -> None:
        self.schema = schema
        self.sizes = sizes or Sizes()
        self.described = Introspection(schema)
        self.possible = {
            name: frozenset(each.name for each in schema.get_possible_types(type_))
            if is_abstract_type(type_)
            else frozenset({name})
            for name, type_ in schema.type_map.items()
        }

    @cached_property
    def introspection(self) -> int:
        """What an introspection may cost: as much as the one of the usual clients, and half of that
        again for those who want something else."""
        document = parse(
            get_introspection_query(
                specified_by_url=True,
                directive_is_repeatable=True,
                schema_description=True,
                input_value_deprecation=True,
                one_of=True,
            )
        )
        [operation, *_] = document.definitions
        usual = self.price(document, cast("OperationDefinitionNode", operation))
        return points(usual, {}) * 3 // 2

    def price(self, document: DocumentNode, operation: OperationDefinitionNode) -> Amount:
        """Of a valid operation, with the fragments in ``document``: for ``points``."""
        own, _ = Selections(self, document, operation).all()
        return own
