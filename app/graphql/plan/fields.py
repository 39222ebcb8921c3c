"""How one field gets its value: an attribute, a direct call, or Strawberry's own wrapper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import strawberry
from graphql import FieldNode, GraphQLField, GraphQLObjectType
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from app.graphql.plan.arguments import NOTHING, Arguments
from app.graphql.plan.run import Node, Run
from app.graphql.plan.selections import DEFINITION
from services.joined import Joined

if TYPE_CHECKING:
    from app.graphql.plan.positions import Position

Resolve = Callable[[Run, Any, Node], Any]


class Field:
    """One response key of one object type, with every field node merged into it."""

    __slots__ = (
        "attribute",
        "details",
        "graphql",
        "key",
        "name",
        "nodes",
        "parent",
        "position",
        "resolve",
        "strawberry",
    )

    position: Position

    def __init__(
        self,
        schema: strawberry.Schema,
        key: str,
        details: Sequence[Any],
        parent: GraphQLObjectType,
        definition: GraphQLField,
    ) -> None:
        self.key = key
        self.details = details
        self.nodes: list[FieldNode] = [detail.node for detail in details]
        self.parent = parent
        self.name = self.nodes[0].name.value
        self.graphql = definition
        self.strawberry: StrawberryField | None = definition.extensions.get(DEFINITION)
        self.attribute = plain_attribute(schema, self.strawberry)
        self.resolve: Resolve = (
            constant(parent.name) if self.name == "__typename" else self.resolver(schema)
        )

    def __str__(self) -> str:
        return f"{self.parent}.{self.name}"

    def resolver(self, schema: strawberry.Schema) -> Resolve:
        if self.strawberry is not None and is_direct(schema, self.strawberry):
            return direct(schema, self, self.strawberry)
        return wrapped(schema, self, self.graphql.resolve)


class PlanInfo(Info[Any, Any]):
    """What a resolver gets as ``info``. The context is at hand; graphql-core's own info, and all
    that Strawberry derives from it (path, selected_fields, ...), is built when asked for."""

    context: Any = None

    def __init__(self, run: Run, node: Node) -> None:
        self.context = run.context
        self._run = run
        self._node = node

    @cached_property
    def _raw_info(self) -> Any:  # type: ignore[override]
        return self._run.operation.raw_info(self._run, self._node)

    @property
    def _field(self) -> Any:  # type: ignore[override]
        return self._node[3].field.strawberry

    @property
    def field_name(self) -> str:
        return self._node[3].field.name

    @property
    def joined(self) -> Joined | None:
        """How the page that this field answers with is to be read (resolvers/reads.py)."""
        joined: Joined | None = self._run.operation.joins.of(self._node[3].field)
        return joined

    @property
    def variable_values(self) -> dict[str, Any]:
        return self._run.variables.coerced


def constant(value: str) -> Resolve:
    return lambda _run, _source, _node: value


def plain_attribute(schema: strawberry.Schema, field: StrawberryField | None) -> str | None:
    """The python name, if Strawberry would do no more than ``getattr``."""
    if (
        field is not None
        and field.is_basic_field
        and not field.is_subscription
        and type(field).get_result is StrawberryField.get_result
        and schema.config.default_resolver is getattr
        and not schema.schema_converter._get_field_exception_handlers(field)
    ):
        return field.python_name
    return None


def is_direct(schema: strawberry.Schema, field: StrawberryField) -> bool:
    """No permission, field extension or exception handler is to come before the resolver."""
    return bool(
        field.base_resolver
        and not field.extensions
        and type(field).get_result is StrawberryField.get_result
        and callable(field.base_resolver.wrapped_func)
        and schema.config.info_class is Info
        and not schema.schema_converter._get_field_exception_handlers(field)
    )


def direct(schema: strawberry.Schema, field: Field, definition: StrawberryField) -> Resolve:
    resolver = definition.base_resolver
    assert resolver is not None  # noqa: S101  # is_direct asked
    call: Any = resolver.wrapped_func
    takes_self = resolver.self_parameter is not None
    sources = [
        parameter.name
        for parameter in (resolver.parent_parameter, resolver.root_parameter)
        if parameter is not None
    ]
    info_name = resolver.info_parameter.name if resolver.info_parameter else None
    arguments = (
        Arguments(schema, field.graphql, definition, field.nodes[0]) if field.graphql.args else None
    )
    if arguments is None and takes_self and not sources:
        if info_name is None:
            return lambda _run, source, _node: call(source)
        return lambda run, source, node: call(source, **{info_name: PlanInfo(run, node)})

    def resolve(run: Run, source: Any, node: Node) -> Any:
        info = PlanInfo(run, node)
        given = NOTHING if arguments is None else arguments.converted(run.arguments, info, run)
        named = dict(given)
        for name in sources:
            named[name] = source
        if info_name is not None:
            named[info_name] = info
        return call(source, **named) if takes_self else call(**named)

    return resolve


def wrapped(schema: strawberry.Schema, field: Field, resolver: Any) -> Resolve:
    """Strawberry's own resolver as graphql-core would call it: slower, and right for everything."""
    arguments = Arguments(schema, field.graphql, field.strawberry, field.nodes[0])

    def resolve(run: Run, source: Any, node: Node) -> Any:
        named = arguments.coerced(run.variables)
        return resolver(source, run.operation.raw_info(run, node), **named)

    return resolve


def source_of(schema: strawberry.Schema, field: Field) -> Resolve:
    """The resolver that makes a subscription's source stream."""
    if field.strawberry is not None and is_direct(schema, field.strawberry):
        return direct(schema, field, field.strawberry)
    return wrapped(schema, field, field.graphql.subscribe)
