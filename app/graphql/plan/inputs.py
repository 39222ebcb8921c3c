"""Strawberry's conversion of an argument, with every name and type looked up once.

``strawberry.types.arguments.convert_argument`` asks the name converter and resolves annotations for
every field of every value: some 15 microseconds for a small input, of which this keeps one. What
is not plain here (``Maybe``, ``GlobalID``, inputs that build themselves) stays with Strawberry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING
from typing import Any

import strawberry
from strawberry.relay.types import GlobalID
from strawberry.scalars import is_scalar
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.info import Info
from strawberry.types.lazy_type import LazyType
from strawberry.types.unset import UNSET

Convert = Callable[[Any], Any]


class NotPlainError(Exception):
    """Left to Strawberry."""


class Converter:
    """Keyword arguments of one resolver from the coerced arguments of its field."""

    __slots__ = ("arguments",)

    def __init__(self, schema: strawberry.Schema, arguments: list[StrawberryArgument]) -> None:
        name_of = schema.config.name_converter.from_argument
        self.arguments = [
            (name_of(argument), argument.python_name, argument_converter(schema, argument))
            for argument in arguments
        ]

    def __call__(self, values: Mapping[str, Any], info: Info) -> dict[str, Any]:
        return {
            python_name: convert(values[name], info)
            for name, python_name, convert in self.arguments
            if name in values
        }


def argument_converter(
    schema: strawberry.Schema, argument: StrawberryArgument
) -> Callable[[Any, Info], Any]:
    try:
        convert = plain(schema, argument.type, {})
    except NotPlainError:
        name = schema.config.name_converter.from_argument(argument)
        return lambda value, info: convert_argument(
            value,
            argument.type,
            schema.schema_converter.scalar_registry,
            schema.config,
            info,
            path=(name,),
        )
    return lambda value, _info: convert(value)


def plain(schema: strawberry.Schema, type_: Any, known: dict[int, PlainInput]) -> Convert:
    """Raises NotPlainError. ``known`` holds the inputs being built: they may contain themselves."""
    if isinstance(type_, StrawberryMaybe) or type_ is GlobalID:
        raise NotPlainError
    if isinstance(type_, StrawberryOptional):
        return plain(schema, type_.of_type, known)
    if isinstance(type_, StrawberryList):
        return items(plain(schema, type_.of_type, known))
    if isinstance(type_, LazyType):
        return plain(schema, type_.resolve_type(), known)
    if (
        is_scalar(type_, schema.schema_converter.scalar_registry)
        or isinstance(type_, StrawberryEnumDefinition)
        or has_enum_definition(type_)
    ):
        return as_it_is
    if has_object_definition(type_):
        definition = type_.__strawberry_definition__
        if definition.is_input and definition.from_input is None:
            found = known.get(id(definition))
            if found is None:
                found = known[id(definition)] = PlainInput(type_)
                found.fields = tuple(input_fields(schema, definition, known))
            return found
    raise NotPlainError


class PlainInput:
    """An input class and its fields; a field without a default that is not given is None."""

    __slots__ = ("absent", "cls", "fields")

    def __init__(self, cls: type) -> None:
        self.cls = cls
        self.fields: tuple[tuple[str, str, Convert], ...] = ()
        self.absent = {
            field.python_name: None
            for field in cls.__strawberry_definition__.fields  # type: ignore[attr-defined]
            if field.default_value is MISSING and field.default_factory is MISSING
        }

    def __call__(self, value: Any) -> Any:
        if value is None or value is UNSET:
            return value
        given = dict(self.absent)
        for name, python_name, convert in self.fields:
            if name in value:
                given[python_name] = convert(value[name])
        return self.cls(**given)


def input_fields(
    schema: strawberry.Schema, definition: Any, known: dict[int, PlainInput]
) -> Iterator[tuple[str, str, Convert]]:
    for field in definition.fields:
        type_ = field.resolve_type(type_definition=definition)
        name = schema.config.name_converter.from_field(field)
        yield name, field.python_name, plain(schema, type_, known)


def items(convert: Convert) -> Convert:
    def convert_items(value: Any) -> Any:
        if value is None or value is UNSET:
            return value
        return [convert(item) for item in value]  # a copy: a default is the same for every request

    return convert_items


def as_it_is(value: Any) -> Any:
    return value
