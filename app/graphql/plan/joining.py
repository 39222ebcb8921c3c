"""A list that is read with what belongs to its items: what of that is wanted, and the objects of
the answer straight from the rows.

Everything that is asked of the items must be known to ``services.joined``. For anything else there
is no ``Joined``: the resolver reads whole rows, and the plan walks them field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLOutputType,
    GraphQLString,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from app.graphql.plan.selections import DEFINITION
from resolvers.reads import LISTS, Lists, Made, NotMadeError
from services.ids import Kind, public
from services.joined import Joined, Link, Part, Table

if TYPE_CHECKING:
    from app.graphql.plan.fields import Field
    from app.graphql.plan.operations import Variant

Convert: TypeAlias = Callable[[Any], Any]
Build: TypeAlias = Callable[[Any], Any]
Asked: TypeAlias = tuple[str, GraphQLField, list[Any]]
"""(Key in the answer, definition, what graphql-core collected for it)."""

AS_THEY_ARE: Final = {GraphQLString, GraphQLInt, GraphQLBoolean}
TYPENAME: Final = "__typename"


class NotKnownError(Exception):
    """Left to the resolvers."""


class Joins:
    """Of one variant. What is asked only once is not worth a statement of its own, that PostgreSQL
    plans and every connection keeps: a document has one from its second time on."""

    __slots__ = ("asked", "known", "variant")

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.asked: set[Field] = set()
        self.known: dict[Field, Joined | None] = {}

    def of(self, field: Field) -> Joined | None:
        if field not in self.asked:
            self.asked.add(field)
            return None
        if field not in self.known:
            self.known[field] = joined(self.variant, field)
        return self.known[field]


def joined(variant: Variant, field: Field) -> Joined | None:
    lists = field.strawberry and field.strawberry.metadata.get(LISTS)
    if not isinstance(lists, Lists):
        return None
    wanted = Wanted(variant)
    try:
        places = list(items(variant, field, lists.item))
        if len(places) != 1:
            return None
        layout = wanted.object(*places[0], whole(lists.table))
    except (NotKnownError, GraphQLError):
        return None
    wanted.columns.update(map(lists.table.column, lists.table.places))
    columns = tuple(sorted(wanted.columns))
    make = layout.builder({column: place for place, column in enumerate(columns)}, Made)
    return Joined(lists.table, columns, tuple(sorted(wanted.joins)), wanted.looks, make)


def items(variant: Variant, field: Field, item: str) -> Iterator[tuple[Any, list[Any]]]:
    """(type, collected) wherever items of a page are asked for: in it, or in what is around each
    of them."""
    for _, definition, group in asked(variant, get_named_type(field.graphql.type), field.details):
        type_: Any = get_named_type(definition.type)
        if type_.name == item:
            yield type_, group
        elif is_object_type(type_) and is_list_type(get_nullable_type(definition.type)):
            for _, inner, inner_group in asked(variant, type_, group):
                if get_named_type(inner.type).name == item:
                    yield get_named_type(inner.type), inner_group


def asked(variant: Variant, type_: Any, details: Sequence[Any]) -> Iterator[Asked]:
    for key, group in variant.collected(type_, details).items():
        definition = variant.core.get_field(type_, group[0].node.name.value)
        if definition is not None:
            yield key, definition, group


@dataclass(frozen=True, slots=True)
class Source:
    """What an object's fields read, by their names in Python."""

    columns: Mapping[str, str]
    kind: Kind | None = None
    table: Table | None = None


def whole(table: Table) -> Source:
    return Source({name: table.column(name) for name in table.columns}, table.kind, table)


class Wanted:
    """What a statement has to read, found while the answer's objects are laid out."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.columns: set[str] = set()
        self.joins: set[str] = set()
        self.looks = False

    def object(self, type_: Any, details: Sequence[Any], source: Source) -> Layout:
        """Raises NotKnownError."""
        if source.table is not None and source.table.looks:
            self.looks = True
        layout = Layout()
        for key, definition, group in asked(self.variant, type_, details):
            self.variant.size += 1
            name = group[0].node.name.value
            if name == TYPENAME:
                layout.constants[key] = type_.name
            elif is_leaf_type(get_named_type(definition.type)):
                column = source.columns.get(python_name(definition))
                if column is None:
                    raise NotKnownError
                layout.leaf(key, self.read(column), convert(definition.type, source.kind))
                if source.table is None and is_non_null_type(definition.type):
                    layout.required.append(key)  # a table's columns are NOT NULL themselves
            else:
                layout.inner[key] = self.inner(definition, group, source)
            layout.keys.append(key)
        return layout

    def inner(self, definition: GraphQLField, group: list[Any], source: Source) -> Layout:
        table, name = source.table, python_name(definition)
        if table is None or is_list_type(get_nullable_type(definition.type)):
            raise NotKnownError
        type_ = get_named_type(definition.type)
        if name in table.parts:
            part: Part = table.parts[name]
            columns = {each: table.column(column) for each, column in part.columns.items()}
            layout = self.object(type_, group, Source(columns))
            layout.present = self.read(table.present(part))
            return layout
        if name in table.links:
            link: Link = table.links[name]
            layout = self.object(type_, group, whole(link.table))
            if link.join:
                self.joins.add(link.join)
            if link.present is not None:
                layout.present = self.read(link.present)
            return layout
        raise NotKnownError

    def read(self, column: str) -> str:
        self.columns.add(column)
        return column


def python_name(definition: GraphQLField) -> str:
    """Raises NotKnownError for a field that is more than what it reads."""
    known = definition.extensions.get(DEFINITION)
    if known is None or definition.args or known.extensions:
        raise NotKnownError
    name: str = known.python_name
    return name


def convert(type_: GraphQLOutputType, kind: Kind | None) -> Convert | None:
    """What makes of a column, if it is not null, what the answer says. Raises NotKnownError."""
    inner: Any = get_nullable_type(type_)
    if is_list_type(inner):
        if get_nullable_type(inner.of_type) is not GraphQLString:
            raise NotKnownError
        return None
    if inner in AS_THEY_ARE:
        return None
    if inner is GraphQLID:
        if kind is None:
            raise NotKnownError
        return partial(public, kind)
    words = getattr(inner, "wrapped_cls", None)
    if words is not None:
        return Words((word.name, inner.coerce_output_value(word)) for word in words).__getitem__
    serialize: Convert = inner.coerce_output_value
    return serialize


class Words(dict[str, str]):
    """An enum's, by how the database writes them."""

    def __missing__(self, word: str) -> str:
        raise NotMadeError(f"the word {word!r}")


@dataclass(slots=True)
class Layout:
    """One object of the answer: its keys in their order, and where each has its value from.

    It is null when the column ``present`` is.
    """

    keys: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    converts: dict[str, Convert] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    inner: dict[str, Layout] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    present: str | None = None

    def leaf(self, key: str, column: str, convert: Convert | None) -> None:
        self.columns[key] = column
        if convert is not None:
            self.converts[key] = convert

    def builder(self, places: Mapping[str, int], made: type[dict[str, Any]] = dict) -> Build:
        """From a row whose columns are at ``places``."""
        build = self.builder_of_one(places, made)
        if self.present is None:
            return build
        present = places[self.present]
        return lambda row: None if row[present] is None else build(row)

    def builder_of_one(self, places: Mapping[str, int], made: type[dict[str, Any]]) -> Build:
        keys = tuple(self.keys)
        # a place for each key, so that all are set, in their order, at once; of what is no column
        # it does not matter which
        values = picker([places.get(self.columns.get(key, ""), 0) for key in keys])
        converts = tuple(self.converts.items())
        constants = tuple(self.constants.items())
        required = tuple(self.required)
        inner = tuple((key, layout.builder(places)) for key, layout in self.inner.items())

        def build(row: Any) -> dict[str, Any]:
            out = made(zip(keys, values(row)))  # noqa: B905  # as long as each other
            for key, convert in converts:
                value = out[key]
                if value is not None:
                    out[key] = convert(value)
            for key in required:
                if out[key] is None:
                    raise NotMadeError(f"no {key!r}")
            for key, build_inner in inner:
                out[key] = build_inner(row)
            for key, constant in constants:
                out[key] = constant
            return out

        return build


def picker(places: list[int]) -> Callable[[Any], Sequence[Any]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda row: [row[place] for place in places]
