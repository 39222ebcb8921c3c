"""Which operation of a document is meant, and its variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Literal

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    get_variable_values,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    print_ast,
)
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import (
    VariableValues,
    VariableValueSource,
    input_is_nested_too_deeply,
)
from graphql.language import Visitor, visit
from graphql.type import get_named_type
from graphql.utilities import coerce_input_value

from app.graphql.limits.amounts import Amount
from app.graphql.plan.operations import Plan
from app.graphql.results import RequestError, Result

MAX_VARIABLE_ERRORS = 50  # graphql-core's own default


class Operation:
    """One operation of a valid document, ready to run any number of times."""

    def __init__(
        self,
        schema: strawberry.Schema,
        document: DocumentNode,
        definition: OperationDefinitionNode,
    ) -> None:
        self.schema = schema
        self.definition = definition
        self.document = own_part(document, definition)
        self.kind: Literal["query", "mutation", "subscription"] = definition.operation.value
        self.name: str | None = definition.name.value if definition.name else None
        fields = set(root_fields(definition.selection_set, fragments_of(self.document)))
        self.is_introspection: bool = bool(fields & {"__schema", "__type"})
        self.only_introspection: bool = fields <= {"__schema", "__type", "__typename"}
        self.root_fields: tuple[str, ...] = tuple(sorted(fields - {"__typename"}))
        self.plan = Plan(schema, self.document, definition)
        self.answer: Result | None = None  # of an introspection that asks nothing else
        self.price: Amount | None = None  # once the gate has asked
        self.signatures = simple_signatures(schema, definition)

    @cached_property
    def printed(self) -> str:
        """The operation and the fragments it uses, printed: equal whatever the white space."""
        return print_ast(self.document)

    def variables(self, inputs: Mapping[str, Any] | None) -> VariableValues:
        """Raises RequestError for values that do not fit the operation's variables.

        Values that fit are coerced here with the signatures at hand; everything else (defaults,
        missing and wrong values, and their messages) is graphql-core's.
        """
        inputs = inputs or {}
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, signature, deep in self.signatures:
            value = inputs.get(name, Undefined)
            if value is Undefined:
                if signature.default is not None or is_non_null_type(signature.type):
                    return self.variables_by_the_book(inputs)
                sources[name] = VariableValueSource(signature)
                continue
            try:
                if deep and input_is_nested_too_deeply(value, signature.type):
                    return self.variables_by_the_book(inputs)
                result = coerce_input_value(value, signature.type)
            except Exception:
                return self.variables_by_the_book(inputs)
            if result is Undefined:
                return self.variables_by_the_book(inputs)
            sources[name] = VariableValueSource(signature, value)
            coerced[name] = result
        return VariableValues(sources, coerced)

    def variables_by_the_book(self, inputs: Mapping[str, Any]) -> VariableValues:
        try:
            values = get_variable_values(
                self.schema._schema,
                self.definition.variable_definitions or (),
                dict(inputs),
                max_errors=MAX_VARIABLE_ERRORS,
                hide_suggestions=self.schema.config.disable_field_suggestions,
            )
        except Exception as error:
            raise RequestError([GraphQLError(str(error), original_error=error)]) from error
        if isinstance(values, list):
            raise RequestError(values)
        return values


def choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Raises RequestError, with graphql-core's words, for an ambiguous or unknown operation."""
    operations = [
        definition
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    ]
    if name is None:
        if len(operations) > 1:
            raise refusal("Must provide operation name if query contains multiple operations.")
        if not operations:
            raise refusal("Must provide an operation.")
        return operations[0]
    for definition in operations:
        if definition.name and definition.name.value == name:
            return definition
    raise refusal(f"Unknown operation named '{name}'.")


def refusal(message: str) -> RequestError:
    return RequestError([GraphQLError(message)])


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }


def own_part(document: DocumentNode, operation: OperationDefinitionNode) -> DocumentNode:
    """The operation with the fragments it reaches: what its neighbours ask is not its business."""
    fragments = fragments_of(document)

    class Finder(Visitor):
        spread: list[str]

        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
            self.spread.append(node.name.value)

    finder = Finder()
    reached: dict[str, FragmentDefinitionNode] = {}
    waiting: list[Any] = [operation]
    while waiting:
        finder.spread = []
        visit(waiting.pop(), finder)
        for name in finder.spread:
            if name not in reached:
                reached[name] = fragments[name]
                waiting.append(fragments[name])
    return DocumentNode(
        definitions=(
            operation,
            *(fragment for name, fragment in fragments.items() if name in reached),
        )
    )


def root_fields(
    selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[str]:
    """Names of the fields at the root, through fragments; each fragment is looked at once."""
    seen: set[str] = set()
    waiting = [selections]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection.name.value
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in seen:
                    seen.add(name)
                    waiting.append(fragments[name].selection_set)
            else:
                waiting.append(selection.selection_set)  # type: ignore[attr-defined]


def simple_signatures(
    schema: strawberry.Schema, definition: OperationDefinitionNode
) -> list[tuple[str, GraphQLVariableSignature, bool]]:
    """(name, signature, can its value be nested) of every variable."""
    signatures = []
    for node in definition.variable_definitions or ():
        signature = get_variable_signature(schema._schema, node)
        if isinstance(signature, GraphQLError):
            raise RequestError([signature])
        nullable = signature.type.of_type if is_non_null_type(signature.type) else signature.type
        deep = is_list_type(nullable) or is_input_object_type(get_named_type(nullable))
        signatures.append((signature.name, signature, deep))
    return signatures
