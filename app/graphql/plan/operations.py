"""The plan of one operation: one variant for each value its @skip/@include variables take."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationDefinitionNode,
    VariableNode,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import (
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.executor import default_field_resolver, default_type_resolver
from graphql.execution.values import VariableValues
from graphql.language import Visitor, visit
from graphql.pyutils import Path as GraphQLPath
from graphql.pyutils import Undefined, is_awaitable
from strawberry.schema.schema import _OperationContextAwareGraphQLResolveInfo as RawInfo

from app.graphql.plan.fields import Field, Resolve, source_of
from app.graphql.plan.joining import Joins
from app.graphql.plan.positions import Complete, Position
from app.graphql.plan.run import Node, Run
from app.graphql.plan.selections import EXACT, Items, Selection, Shape, Variety, leaf
from app.graphql.results import ArgumentError
from resolvers.reads import Made

MAX_VARIANTS = 16  # per operation; the least recently used is compiled again when it comes back
MAX_FIELDS = 20_000  # of one variant; beyond, a plan serves its run and is not kept


class Plan:
    """Compiles lazily: nothing happens before the first run asks for a variant."""

    def __init__(
        self, schema: strawberry.Schema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self.switches = sorted(switches(operation, self.fragments))
        self.variants: OrderedDict[tuple[Any, ...], Variant] = OrderedDict()

    def variant(self, variables: VariableValues) -> Variant:
        values = tuple(variables.coerced.get(name, Undefined) for name in self.switches)
        variant = self.variants.get(values)
        if variant is None:
            variant = Variant(self, dict(zip(self.switches, values, strict=True)))
        elif variant.size > MAX_FIELDS:
            del self.variants[values]
            return variant
        self.variants[values] = variant
        self.variants.move_to_end(values)
        if len(self.variants) > MAX_VARIANTS:
            self.variants.popitem(last=False)
        return variant


class Variant:
    """Tables for one operation with its conditions decided, and what infos need to know of it."""

    def __init__(self, plan: Plan, switched: Mapping[str, Any]) -> None:
        self.schema = plan.schema
        self.core = plan.schema._schema
        self.definition = plan.operation
        self.fragments = plan.fragments
        self.size = 0
        decided = {name: value for name, value in switched.items() if value is not Undefined}
        # graphql-core's own, for the two steps whose rules and messages are long; it is never run
        self.executor: Executor[Any] = Executor(
            self.core,
            plan.fragments,
            {name: FragmentDetails(fragment) for name, fragment in plan.fragments.items()},
            None,
            None,
            plan.operation,
            VariableValues({}, decided),
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            hide_suggestions=plan.schema.config.disable_field_suggestions,
        )
        self.joins = Joins(self)
        self._root: Selection | None = None
        self._source: tuple[Field, Resolve] | None = None

    # ------------------------------------------------------------------ the root

    def root(self) -> Selection:
        """Raises ArgumentError when a condition is given a null."""
        if self._root is None:
            self._root = Selection(self.root_fields())
        return self._root

    def source(self) -> tuple[Field, Resolve]:
        """Of a subscription: its one field, and the resolver of its source stream."""
        if self._source is None:
            field = self.root_fields()[0]
            self._source = (field, source_of(self.schema, field))
        return self._source

    def root_fields(self) -> list[Field]:
        executor = self.executor
        type_ = self.core.get_root_type(self.definition.operation)
        assert type_ is not None  # noqa: S101  # validation would have refused the document
        try:
            collected = collect_fields(
                self.core,
                executor.fragments,
                executor.variable_values,
                type_,
                self.definition,
                executor.hide_suggestions,
            )
        except GraphQLError as error:
            raise ArgumentError.of(error) from error
        return self.fields(type_, collected.grouped_field_set)

    # ------------------------------------------------------------------ compiling

    def fields(self, type_: GraphQLObjectType, grouped: Mapping[str, list[Any]]) -> list[Field]:
        fields = []
        for key, details in grouped.items():
            definition = self.core.get_field(type_, details[0].node.name.value)
            if definition is not None:
                fields.append(self.field(key, details, type_, definition))
        return fields

    def field(
        self, key: str, details: list[Any], parent: GraphQLObjectType, definition: GraphQLField
    ) -> Field:
        self.size += 1
        field = Field(self.schema, key, details, parent, definition)
        if field.name == "__typename":
            field.position = Position(
                field, as_it_is, nullable=False, exact=str, typename=parent.name
            )
        else:
            field.position = self.position(field, definition.type, parent.name)
        return field

    def position(
        self, field: Field, type_: GraphQLOutputType, typename: str | None = None
    ) -> Position:
        nullable = not is_non_null_type(type_)
        inner: Any = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        return Position(
            field,
            self.completion(field, inner),
            nullable=nullable,
            exact=exact_class(inner),
            typename=typename,
        )

    def completion(self, field: Field, type_: Any) -> Complete:
        if is_leaf_type(type_):
            return leaf(type_)
        if is_list_type(type_):
            return Items(self.position(field, type_.of_type)).complete
        if is_object_type(type_):
            return self.shape(field, type_).complete
        return Variety(field, type_, self.shape).complete

    def shape(self, field: Field, type_: GraphQLObjectType) -> Shape:
        return Shape(field, type_, self.selection)

    def selection(self, field: Field, type_: GraphQLObjectType) -> Selection:
        return Selection(self.fields(type_, self.collected(type_, field.details)))

    def collected(
        self, type_: GraphQLObjectType, details: Sequence[Any]
    ) -> Mapping[str, list[Any]]:
        """By key, what is asked of objects of a type. Raises ArgumentError for a condition that is
        given a null."""
        executor = self.executor
        try:
            collected = collect_subfields(
                self.core,
                executor.fragments,
                executor.variable_values,
                self.definition,
                type_,
                list(details),
                executor.hide_suggestions,
            )
        except GraphQLError as error:
            raise ArgumentError.of(error) from error
        return collected.grouped_field_set

    # ------------------------------------------------------------------ while running

    def runtime_type(
        self, run: Run, field: Field, type_: GraphQLAbstractType, value: Any, node: Node
    ) -> GraphQLObjectType:
        """Raises TypeError for a ``resolve_type`` that must be awaited: this engine has none."""
        info = self.raw_info(run, node)
        name = (type_.resolve_type or default_type_resolver)(value, info, type_)
        if is_awaitable(name):
            close = getattr(name, "close", None)
            if close is not None:
                close()
            raise TypeError(f"The type of a {type_} can not be resolved asynchronously.")
        return self.executor.ensure_valid_runtime_type(
            name, type_, list(field.details), info, value
        )

    def raw_info(self, run: Run, node: Node) -> Any:
        """graphql-core's resolve info, as Strawberry's execution context builds it."""
        while node[3].typename is None:
            node = node[0]
        field = node[3].field
        return RawInfo(
            field.name,
            field.nodes,
            field.graphql.type,
            field.parent,
            graphql_path(node),
            self.core,
            self.fragments,
            None,
            self.definition,
            run.variables.coerced,
            run.context,
            is_awaitable,
            None,
            self.executor.async_helpers,
            {},
        )


def exact_class(type_: Any) -> type | None:
    if is_leaf_type(type_):
        return EXACT.get(type_)
    return Made if is_object_type(type_) else None


def as_it_is(_run: Run, value: Any, _node: Node) -> Any:
    return value


def graphql_path(node: Node) -> GraphQLPath:
    nodes = []
    current: Node | None = node
    while current is not None:
        nodes.append(current)
        current = current[0]
    path: GraphQLPath | None = None
    for _, key, _, position in reversed(nodes):
        path = GraphQLPath(path, key, position.typename)
    assert path is not None  # noqa: S101  # there was at least one node
    return path


def switches(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> set[str]:
    """Names of the variables that decide a @skip or @include anywhere in the document."""

    class Finder(Visitor):
        names: set[str] = set()  # noqa: RUF012

        def enter_directive(self, node: Any, *_: Any) -> None:
            if node.name.value in {"skip", "include"}:
                self.names |= {
                    argument.value.name.value
                    for argument in node.arguments
                    if isinstance(argument.value, VariableNode)
                }

    finder = Finder()
    finder.names = set()
    for definition in (operation, *fragments.values()):
        visit(definition, finder)
    return finder.names
