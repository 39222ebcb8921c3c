"""The contract as clients get it: printed, explained, and as the code has it."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
)

from schema.compatibility import undated
from schema.schema import schema, sdl

PRINTED = Path(__file__).parents[2] / "schema.graphql"
TYPES = {
    name: type_
    for name, type_ in schema._schema.type_map.items()
    if not is_introspection_type(type_) and not is_specified_scalar_type(type_)
}


def described():
    """Everything that can have a description, by its coordinate."""
    for name, type_ in TYPES.items():
        yield name, type_.description
        match type_:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for field_name, field in type_.fields.items():
                    yield f"{name}.{field_name}", field.description
                    for argument_name, argument in field.args.items():
                        yield f"{name}.{field_name}({argument_name}:)", argument.description
            case GraphQLInputObjectType():
                for field_name, field in type_.fields.items():
                    yield f"{name}.{field_name}", field.description
            case GraphQLEnumType():
                for value_name, value in type_.values.items():
                    yield f"{name}.{value_name}", value.description


def test_the_printed_schema_is_that_of_the_code() -> None:
    assert PRINTED.read_text() == sdl(), "run `make schema` and look at what changes for clients"


def test_everything_is_explained() -> None:
    assert [coordinate for coordinate, text in described() if not (text or "").strip()] == []


def test_explanations_are_sentences() -> None:
    assert [
        coordinate for coordinate, text in described() if not text.rstrip().endswith((".", "?"))
    ] == []


def test_explanations_say_more_than_two_words() -> None:
    assert [coordinate for coordinate, text in described() if len(text.split()) < 3] == []


def test_every_scalar_of_ours_names_its_specification() -> None:
    scalars = [type_ for type_ in TYPES.values() if isinstance(type_, GraphQLScalarType)]
    assert scalars
    assert [s.name for s in scalars if not (s.specified_by_url or "").startswith("https://")] == []


def test_every_deprecation_says_until_when_it_is_there() -> None:
    assert undated(sdl()) == []


def test_enums_say_that_values_may_be_added() -> None:
    enums = [type_ for type_ in TYPES.values() if isinstance(type_, GraphQLEnumType)]
    assert enums
    assert [enum.name for enum in enums if "be ready for one" not in enum.description] == []


def test_what_is_left_out_has_no_null_for_a_default() -> None:
    assert "= null" not in sdl()


def test_other_tools_can_read_it() -> None:
    assert set(build_schema(sdl()).type_map) >= set(TYPES)


def test_each_mutation_answers_with_a_union_of_its_success_and_problems() -> None:
    problem = TYPES["Problem"]
    for name, field in schema._schema.mutation_type.fields.items():
        result = field.type.of_type
        prefix = name[0].upper() + name[1:]
        assert isinstance(result, GraphQLUnionType)
        assert result.name == f"{prefix}Result"
        [success] = [type_ for type_ in result.types if problem not in type_.interfaces]
        assert success.name == f"{prefix}Success"
        assert list(field.args) == ["input"]


def test_what_has_an_id_can_be_asked_for_by_it() -> None:
    """But for what is a part of something, and says so."""
    identified = {name for name, type_ in TYPES.items() if "id" in getattr(type_, "fields", {})}
    nodes = {type_.name for type_ in schema._schema.get_implementations(TYPES["Node"]).objects}
    inputs = {name for name, type_ in TYPES.items() if isinstance(type_, GraphQLInputObjectType)}
    assert identified - nodes - inputs == {"Node", "SnapshotStep", "SuggestedStep"}


@pytest.mark.parametrize("name", ["HandoffEvent", "Node", "Problem"])
def test_interfaces_are_implemented(name: str) -> None:
    assert schema._schema.get_implementations(TYPES[name]).objects
