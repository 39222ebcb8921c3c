"""What a document may look like, counted in one walk: each fragment is measured once, however
often it is spread, and before any rule of validation has looked at the document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
)

from app.graphql.limits.bounds import Bounds, exceeded

INTROSPECTION = frozenset({"__schema", "__type"})


def beyond(document: DocumentNode, bounds: Bounds) -> Iterator[GraphQLError]:
    """One error for each limit that an operation is beyond."""
    directives = sum(directives_of(definition) for definition in document.definitions)
    if directives > bounds.directives:
        yield exceeded(
            f"The document has {directives} directives; it may have {bounds.directives}.",
            "directives",
            bounds.directives,
            directives,
        )
    ruler = Ruler(document)
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            yield from of_operation(operation, ruler, bounds)


def of_operation(
    operation: OperationDefinitionNode, ruler: Ruler, bounds: Bounds
) -> Iterator[GraphQLError]:
    measured = ruler.measure(operation.selection_set)
    for limit, asked, allowed, has in (
        ("depth", measured.depth, bounds.depth, "nests fields {} levels deep"),
        (
            "introspectionDepth",
            measured.introspection,
            bounds.introspection_depth,
            "nests fields of introspection {} levels deep",
        ),
        (
            "aliases",
            measured.aliases,
            bounds.aliases,
            "has {} aliases (fragments count at each use)",
        ),
        ("rootFields", measured.fields, bounds.root_fields, "has {} fields at its root"),
    ):
        if asked > allowed:
            shown = str(asked) if asked < 1_000_000 else "more than a million"
            yield exceeded(
                f"The operation {has.format(shown)}; {allowed} are allowed.",
                limit,
                allowed,
                asked,
                operation,
            )


@dataclass(slots=True)
class Measured:
    """Of a selection set, with the fragments it spreads. ``fields`` are those it has itself."""

    depth: int = 0
    introspection: int = 0
    aliases: int = 0
    fields: int = 0

    def take_in(self, other: Measured) -> None:
        """What is selected at the same place."""
        self.depth = max(self.depth, other.depth)
        self.introspection = max(self.introspection, other.introspection)
        self.aliases += other.aliases
        self.fields += other.fields

    def take_below(self, other: Measured, *, introspects: bool) -> None:
        """What is selected of a field."""
        levels = 1 + other.depth
        if introspects:
            self.introspection = max(self.introspection, levels)
        else:
            self.depth = max(self.depth, levels)
            self.introspection = max(self.introspection, other.introspection)
        self.aliases += other.aliases


class Ruler:
    """Measures the selection sets of one document."""

    def __init__(self, document: DocumentNode) -> None:
        self.fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self.known: dict[str, Measured] = {}

    def measure(self, selections: SelectionSetNode | None) -> Measured:
        measured = Measured()
        for selection in selections.selections if selections is not None else ():
            if isinstance(selection, FieldNode):
                below = self.measure(selection.selection_set)
                name = selection.name.value
                measured.take_below(below, introspects=name in INTROSPECTION)
                measured.aliases += selection.alias is not None
                measured.fields += name != "__typename"
            elif isinstance(selection, FragmentSpreadNode):
                measured.take_in(self.fragment(selection.name.value))
            else:
                measured.take_in(self.measure(selection.selection_set))  # type: ignore[attr-defined]
        return measured

    def fragment(self, name: str) -> Measured:
        """Nothing for one that is not there, or that spreads itself: validation refuses both."""
        measured = self.known.get(name)
        if measured is None:
            self.known[name] = Measured()
            definition = self.fragments.get(name)
            if definition is not None:
                measured = self.known[name] = self.measure(definition.selection_set)
            else:
                measured = self.known[name]
        return measured


def directives_of(node: Node) -> int:
    """As they are written: reading them is what they cost."""
    count = 0
    waiting: list[Any] = [node]
    while waiting:
        each = waiting.pop()
        count += len(getattr(each, "directives", None) or ())
        selections = getattr(each, "selection_set", None)
        if selections is not None:
            waiting.extend(selections.selections)
        waiting.extend(getattr(each, "variable_definitions", None) or ())
    return count
