"""A field's arguments: literals coerced once, variables once per run, then Strawberry's own
conversion into python values."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any
from uuid import UUID

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    Undefined,
    VariableNode,
    get_argument_values,
    is_non_null_type,
)
from graphql.execution.values import VariableValues
from graphql.language import Visitor, visit
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info
from strawberry.types.unset import UNSET

from app.graphql.plan.inputs import Converter
from app.graphql.results import ArgumentError

# Values nobody can change, so that one conversion may be handed to every resolver call.
SHAREABLE = (
    str | int | float | bool | bytes | NoneType | Enum | UUID | Decimal,
    date | datetime | time | timedelta | type(UNSET),
)

NOTHING: dict[str, Any] = {}


class Arguments:
    """``coerced`` is what graphql-core would hand to a resolver, ``converted`` what Strawberry
    would make of it. Both raise ArgumentError, which is then the field's error."""

    __slots__ = ("convert", "direct", "field", "node", "static")

    def __init__(
        self, schema: Any, field: GraphQLField, strawberry: StrawberryField | None, node: FieldNode
    ) -> None:
        self.field = field
        self.node = node
        self.static: dict[str, Any] | None = None if uses_variables(node) else NOTHING
        self.convert = Converter(schema, strawberry.arguments if strawberry else [])
        self.direct = plain_variables(field, node)

    def coerced(self, variables: VariableValues) -> dict[str, Any]:
        if self.direct is not None:
            values: dict[str, Any] = {}
            for name, variable, nullable, optional in self.direct:
                value = variables.coerced.get(variable, Undefined)
                if value is Undefined:
                    if not optional:
                        break  # a default, or an error: graphql-core knows which
                elif value is None and not nullable:
                    break
                else:
                    values[name] = value
            else:
                return values
        try:
            return get_argument_values(self.field, self.node, variables, None)
        except GraphQLError as error:
            raise ArgumentError.of(error) from error

    def converted(self, run_arguments: dict[Any, dict[str, Any]], info: Info, run: Any) -> Any:
        """Keyword arguments of the resolver; the caller must copy before changing them."""
        if self.static:
            return self.static
        known = run_arguments.get(self)
        if known is not None:
            return known
        coerced = self.coerced(run.variables)
        try:
            values = self.convert(coerced, info)
        except GraphQLError as error:
            raise ArgumentError.of(error) from error
        if all(isinstance(value, SHAREABLE) for value in values.values()):
            run_arguments[self] = values
            if self.static is NOTHING:
                self.static = values
        return values


def uses_variables(node: FieldNode) -> bool:
    class Finder(Visitor):
        found = False

        def enter_variable(self, *_: Any) -> None:
            self.found = True

    finder = Finder()
    for argument in node.arguments or ():
        visit(argument, finder)
    return finder.found


def plain_variables(
    field: GraphQLField, node: FieldNode
) -> list[tuple[str, str, bool, bool]] | None:
    """(argument, variable, nullable, optional) when each is given as ``name: $var``; else None.

    An optional one may be left out, and nothing takes its place.
    """
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    plain = []
    for name, definition in field.args.items():
        value = given.get(name)
        without_default = definition.default_value is Undefined and not definition.default
        if value is None and without_default:
            continue
        if not isinstance(value, VariableNode) or definition.out_name:
            return None
        nullable = not is_non_null_type(definition.type)
        plain.append((name, value.name.value, nullable, nullable and without_default))
    return plain
