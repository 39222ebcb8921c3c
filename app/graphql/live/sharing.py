"""What decides, of an operation, who may share its executions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

import orjson
import strawberry
from graphql import (
    FieldNode,
    GraphQLCompositeType,
    GraphQLField,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    is_abstract_type,
    visit,
)

from app.graphql.operations import Operation
from app.graphql.plan.selections import DEFINITION

OWN: Final = "own"
"""The metadata of a field that answers about its viewer (schema/fields.py)."""

RESUMING: Final = "after"
"""The argument of a subscription that says where it begins: members of a group differ in it."""


class Sharing:
    """``shared`` is false when a selected field is about the viewer: such a one shares nothing."""

    __slots__ = ("name", "printed", "same", "shared")

    def __init__(self, operation: Operation, schema: strawberry.Schema) -> None:
        self.name = operation.name
        self.printed = operation.printed
        resuming = only_resuming(operation)
        self.same = [name for name, _, _ in operation.signatures if name not in resuming]
        self.shared = not any(is_own(definition) for definition in selected(operation, schema))

    def key(self, variables: Mapping[str, Any] | None) -> Hashable:
        """Equal for subscriptions that ask for the same. ``variables`` as the client sent them."""
        given = variables or {}
        same = {name: given[name] for name in self.same if name in given}
        return self.printed, self.name, orjson.dumps(same, option=orjson.OPT_SORT_KEYS)


def selected(operation: Operation, schema: strawberry.Schema) -> Iterator[GraphQLField]:
    """The definitions of all fields in the operation; of an interface's, those of its types too."""
    core = schema._schema
    info = TypeInfo(core)
    found: list[tuple[GraphQLCompositeType, str]] = []

    class Fields(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = info.get_parent_type()
            if parent is not None:
                found.append((parent, node.name.value))

    visit(operation.document, TypeInfoVisitor(info, Fields()))
    for parent, name in found:
        types = [parent, *core.get_possible_types(parent)] if is_abstract_type(parent) else [parent]
        for each in types:
            definition = core.get_field(each, name)
            if definition is not None:
                yield definition


def is_own(definition: GraphQLField) -> bool:
    field = definition.extensions.get(DEFINITION)
    return field is not None and bool(field.metadata.get(OWN))


def only_resuming(operation: Operation) -> frozenset[str]:
    """Names of the variables that are used as the root field's ``after`` and nowhere else."""
    resuming: Counter[str] = Counter()
    everywhere: Counter[str] = Counter()

    class Uses(Visitor):
        def enter_variable(self, node: VariableNode, *_: Any) -> None:
            everywhere[node.name.value] += 1

    for selection in operation.definition.selection_set.selections:
        for argument in getattr(selection, "arguments", None) or ():
            if argument.name.value == RESUMING and isinstance(argument.value, VariableNode):
                resuming[argument.value.name.value] += 1
    visit(operation.document, Uses())
    # each use, and its definition, is one variable node
    return frozenset(name for name, uses in resuming.items() if everywhere[name] == uses + 1)
