"""Whether a schema keeps what a released one has promised. The rules: docs/versioning.md."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from graphql import (
    DangerousChangeType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
    get_named_type,
    is_input_object_type,
)

NOTICE: Final = timedelta(days=90)
"""At least so long lies between the release that announces a removal and the removal."""

REMOVAL: Final = re.compile(r"\bRemoval after (\d{4}-\d{2}-\d{2})\.$")
"""How the reason of every deprecation ends."""

EXPECTED: Final = {
    DangerousChangeType.VALUE_ADDED_TO_ENUM,
    DangerousChangeType.TYPE_ADDED_TO_UNION,
    DangerousChangeType.OPTIONAL_INPUT_FIELD_ADDED,
    DangerousChangeType.OPTIONAL_ARG_ADDED,
    DangerousChangeType.IMPLEMENTED_INTERFACE_ADDED,
}
"""What clients are told to be ready for. Every other dangerous change is a break: a new default
gives the same request another meaning."""


class Member(NamedTuple):
    """A field, argument or enum value, and the dictionary of its type that holds it."""

    coordinate: str
    home: dict[str, Any]
    name: str
    element: Any

    @property
    def removal(self) -> date | None:
        """The last day on which it is promised; None unless that was announced."""
        announced = REMOVAL.search(self.element.deprecation_reason or "")
        return date.fromisoformat(announced[1]) if announced else None


def breaks(released: str, offered: str, *, today: date) -> list[str]:
    """What clients of ``released`` would meet in ``offered``, each in a sentence. Both are SDL.

    What was deprecated in ``released`` and whose day has passed ``today`` may be missing.
    """
    before, after = promised(released, today), build_schema(offered)
    dangerous = find_dangerous_changes(before, after)
    return sorted(
        {
            *(change.description for change in find_breaking_changes(before, after)),
            *(change.description for change in dangerous if change.type not in EXPECTED),
            *newly_one_of(before, after),
        }
    )


def undated(offered: str) -> list[str]:
    """Deprecations that don't say when they end."""
    return [
        f"{member.coordinate} is deprecated without `Removal after YYYY-MM-DD.` at its end."
        for member in members(build_schema(offered))
        if member.element.deprecation_reason is not None and member.removal is None
    ]


def hasty(released: str | None, offered: str, *, today: date) -> list[str]:
    """Removals that ``offered`` announces, or brings forward, with less than NOTICE."""
    known = {} if released is None else removals(released)
    return [
        f"{coordinate} can be removed after {today + NOTICE} at the earliest."
        for coordinate, removal in removals(offered).items()
        if removal != known.get(coordinate) and removal < today + NOTICE
    ]


def removals(printed: str) -> dict[str, date]:
    """By coordinate: until when what is deprecated there is promised."""
    return {
        member.coordinate: member.removal
        for member in members(build_schema(printed))
        if member.removal is not None
    }


def promised(released: str, today: date) -> GraphQLSchema:
    """What of it still holds: without what has had its day, and types that only that led to."""
    schema = build_schema(released)
    for member in list(members(schema)):
        if member.removal is not None and member.removal < today:
            del member.home[member.name]
    for name in schema.type_map.keys() - within_reach(schema):
        del schema.type_map[name]
    return schema


def members(schema: GraphQLSchema) -> Iterator[Member]:
    """Everything that GraphQL lets one deprecate, and a bit more."""
    for type_ in schema.type_map.values():
        if type_.name.startswith("__"):
            continue
        for home in (getattr(type_, "fields", {}), getattr(type_, "values", {})):
            for name, element in home.items():
                coordinate = f"{type_.name}.{name}"
                yield Member(coordinate, home, name, element)
                arguments = getattr(element, "args", {})
                for argument_name, argument in arguments.items():
                    of_argument = f"{coordinate}({argument_name}:)"
                    yield Member(of_argument, arguments, argument_name, argument)


def within_reach(schema: GraphQLSchema) -> set[str]:
    """The names of the types that a client can come across."""
    found: set[str] = set()
    left: list[Any] = [schema.query_type, schema.mutation_type, schema.subscription_type]
    while left:
        type_ = left.pop()
        if type_ is not None and type_.name not in found:
            found.add(type_.name)
            left += neighbours(schema, type_)
    return found


def neighbours(schema: GraphQLSchema, type_: GraphQLNamedType) -> Iterator[GraphQLNamedType]:
    yield from getattr(type_, "interfaces", ())
    for element in getattr(type_, "fields", {}).values():
        yield get_named_type(element.type)
        for argument in getattr(element, "args", {}).values():
            yield get_named_type(argument.type)
    if isinstance(type_, GraphQLUnionType):
        yield from type_.types
    if isinstance(type_, GraphQLInterfaceType):
        implementing = schema.get_implementations(type_)
        yield from (*implementing.objects, *implementing.interfaces)


def newly_one_of(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[str]:
    """graphql-core 3.3 does not look at it: of two fields that were given, one is refused now."""
    for name, type_ in after.type_map.items():
        earlier = before.type_map.get(name)
        if not is_input_object_type(type_) or not is_input_object_type(earlier):
            continue
        if type_.is_one_of and not earlier.is_one_of:
            yield f"{name} takes only one of its fields now."
