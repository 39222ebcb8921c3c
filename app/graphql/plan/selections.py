"""The fields of one object, in order, and what each kind of type makes of a value."""

from __future__ import annotations

import math
from collections.abc import AsyncIterable, Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLAbstractType,
    GraphQLBoolean,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import inspect, is_iterable
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE

from app.graphql.plan.positions import Complete, Position
from app.graphql.plan.run import Node, Run

if TYPE_CHECKING:
    from app.graphql.plan.fields import Field, Resolve

DEFINITION = "strawberry-definition"
EXACT: dict[GraphQLLeafType, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
INT_MAX = 2**31

Entry = tuple[str, str | None, type | None, type | None, "Resolve", Position]


class Selection:
    """The fields asked of one object type, duplicates merged, in the order of the answer."""

    __slots__ = ("entries",)

    def __init__(self, fields: list[Field]) -> None:
        self.entries: tuple[Entry, ...] = tuple(
            (
                field.key,
                field.attribute,
                field.position.exact,
                field.position.also,
                field.resolve,
                field.position,
            )
            for field in fields
        )

    def one_by_one(self) -> Iterator[Selection]:
        for entry in self.entries:
            part = Selection([])
            part.entries = (entry,)
            yield part

    def execute(self, run: Run, source: Any, node: Node | None) -> dict[str, Any]:
        """Raises GraphQLError, located, when a field that can not be null failed."""
        out: dict[str, Any] = {}
        for key, attribute, exact, also, resolve, position in self.entries:
            try:
                if attribute is not None:
                    value = getattr(source, attribute)
                    cls = type(value)
                    if cls is exact or cls is also:
                        out[key] = value
                        continue
                    place = (node, key, out, position)
                else:
                    place = (node, key, out, position)
                    value = resolve(run, source, place)
            except Exception as error:
                out[key] = None
                position.fail(run, error, (node, key, out, position))
                continue
            out[key] = position.settle(run, value, place)
        return out


@cache
def leaf(type_: GraphQLLeafType) -> Complete:
    """Scalars and enums through the schema's own serialiser, with shortcuts for int and float."""
    coerce = type_.coerce_output_value
    known = enum_names(type_)

    def complete(_run: Run, value: Any, _node: Node) -> Any:
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise TypeError(
                f"Expected `{inspect(type_)}.coerce_output_value({inspect(value)})` to return"
                f" non-nullable value, returned: {inspect(coerced)}"
            )
        return coerced

    def complete_int(run: Run, value: Any, node: Node) -> Any:
        if type(value) is int and -INT_MAX <= value < INT_MAX:
            return value
        return complete(run, value, node)

    def complete_float(run: Run, value: Any, node: Node) -> Any:
        if type(value) is float and math.isfinite(value):
            return value
        return complete(run, value, node)

    def complete_enum(run: Run, value: Any, node: Node) -> Any:
        return known.get(id(value)) or complete(run, value, node)

    if type_ is GraphQLInt:
        return complete_int
    if type_ is GraphQLFloat:
        return complete_float
    return complete_enum if known else complete


def enum_names(type_: GraphQLLeafType) -> dict[int, str]:
    """Names by identity of the member: members live as long as their class, and hashing one is
    a call into Python."""
    members = getattr(type_, "wrapped_cls", ())
    try:
        return {id(member): type_.coerce_output_value(member) for member in members}
    except Exception:  # a class of values only: asked one by one
        return {}


class Items:
    """A list. Each item is a place of its own: it fails and is awaited by itself."""

    __slots__ = ("item",)

    def __init__(self, item: Position) -> None:
        self.item = item

    def complete(self, run: Run, value: Any, node: Node) -> Any:
        if not isinstance(value, list | tuple):
            if hasattr(value, "__aiter__"):
                return run.wait(everything(value), node)
            if not is_iterable(value):
                raise GraphQLError(
                    f"Expected Iterable, but did not find one for field '{self.item.field}'."
                )
        out: list[Any] = []
        item, exact, also = self.item, self.item.exact, self.item.also
        for index, element in enumerate(value):
            cls = type(element)
            if cls is exact or cls is also:
                out.append(element)
            else:
                out.append(item.settle(run, element, (node, index, out, item)))
        return out


async def everything(items: AsyncIterable[Any]) -> list[Any]:
    return [item async for item in items]


class Shape:
    """One object type at one place: is the value such an object, and which fields are asked.

    The selection is compiled when the first such object is met: an interface deep in a document
    costs only the types that really come.
    """

    __slots__ = ("compile", "definition", "field", "selection", "trusted", "type")

    def __init__(
        self,
        field: Field,
        type_: GraphQLObjectType,
        compile_selection: Callable[[Field, GraphQLObjectType], Selection],
    ) -> None:
        self.field = field
        self.type = type_
        self.compile = compile_selection
        self.selection: Selection | None = None
        self.definition = type_.extensions.get(DEFINITION)
        self.trusted: set[type] = set()

    def complete(self, run: Run, value: Any, node: Node) -> dict[str, Any]:
        if self.type.is_type_of is not None and (type(value) not in self.trusted or is_cast(value)):
            self.verify(run, value, node)
        selection = self.selection
        if selection is None:
            selection = self.selection = self.compile(self.field, self.type)
        return selection.execute(run, value, node)

    def verify(self, run: Run, value: Any, node: Node) -> None:
        verdict = self.type.is_type_of(value, run.operation.raw_info(run, node))  # type: ignore[misc]
        if not verdict:
            raise GraphQLError(
                f"Expected value of type '{self.type}' but got: {inspect(value)}.",
                self.field.nodes,
            )
        if depends_on_class_only(self.definition) and not is_cast(value):
            self.trusted.add(type(value))


class Variety:
    """An interface or union: Strawberry's own resolver says which type, remembered per class
    where only the class can decide (no custom ``resolve_type``/``is_type_of``, no generics)."""

    __slots__ = ("field", "known", "make", "shapes", "type")

    def __init__(
        self,
        field: Field,
        type_: GraphQLAbstractType,
        make: Callable[[Field, GraphQLObjectType], Shape],
    ) -> None:
        self.field = field
        self.type = type_
        self.make = make
        self.known: dict[type, Shape] = {}
        self.shapes: dict[str, Shape] = {}

    def complete(self, run: Run, value: Any, node: Node) -> dict[str, Any]:
        shape = self.known.get(type(value))
        if shape is None or is_cast(value):
            shape = self.resolve(run, value, node)
        return shape.complete(run, value, node)

    def resolve(self, run: Run, value: Any, node: Node) -> Shape:
        runtime = run.operation.runtime_type(run, self.field, self.type, value, node)
        shape = self.shapes.get(runtime.name)
        if shape is None:
            shape = self.shapes[runtime.name] = self.make(self.field, runtime)
        definition = getattr(type(value), "__strawberry_definition__", None)
        if (
            definition is not None
            and definition is shape.definition
            and depends_on_class_only(definition)
            and not is_cast(value)
            and self.asks_class_only(value)
        ):
            self.known[type(value)] = shape
        return shape

    def asks_class_only(self, value: Any) -> bool:
        interface = self.type.extensions.get(DEFINITION)
        if isinstance(interface, StrawberryObjectDefinition):
            return interface.resolve_type is None and isinstance(value, interface.origin)
        return True


def is_cast(value: Any) -> bool:
    return getattr(value, TYPE_CAST_ATTRIBUTE, None) is not None


def depends_on_class_only(definition: Any) -> bool:
    return (
        isinstance(definition, StrawberryObjectDefinition)
        and definition.is_type_of is None
        and definition.concrete_of is None
        and not definition.is_graphql_generic
    )
