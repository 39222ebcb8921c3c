"""What an operation costs: the objects it can give, with the pages that are really asked for."""

import time
from typing import Any

import pytest
from graphql import (
    OperationDefinitionNode,
    build_schema,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    parse,
)

from app.graphql.limits.amounts import value
from app.graphql.limits.pricing import Pricing, Sizes
from schema import costs
from schema.schema import schema

CORE = build_schema("""
    type Query { me: Person people(first: Int = 20, after: String): PersonConnection!
                 found: [Found!]! node: Node count: Int inbox(first: Int, last: Int): Inbox }
    type Mutation { save: Person! saveMany: [Person!]! }
    interface Node { id: ID! friend: Person }
    union Found = Person | Robot
    type Person implements Node { id: ID! friend: Person pets: [Pet!]!
                                  crowd(first: Int): PersonConnection! }
    type Robot implements Node { id: ID! friend: Person maker: Person owner: Person }
    type Pet { name: String friend: Person }
    type PersonConnection { nodes: [Person!]! edges: [PersonEdge!]! pageInfo: PageInfo! }
    type PersonEdge { node: Person! cursor: String! }
    type PageInfo { more: Boolean }
    type Inbox { letters: [Person!]! count: Int }
""")
SIZES = Sizes(
    lists={"Person.pets": 3, "Inbox.letters": "paged"},
    other_list=7,
    mutation=50,
    work={"Mutation.saveMany": 400},
)
PRICING = Pricing(CORE, SIZES)


def price(text: str, pricing: Pricing = PRICING, /, **variables: Any) -> int:
    document = parse(text)
    [operation, *_] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    return value(pricing.price(document, operation), variables)


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("{ count __typename }", 0),
        ("{ me { id } }", 1),
        ("{ me { friend { friend { id } } } }", 3),
        ("{ me { pets { name friend { id } } } }", 1 + 3 * 2),
        ("{ found { __typename } }", 7),
        ("{ people(first: 5) { nodes { friend { id } } pageInfo { more } } }", 1 + 5 * 2 + 1),
        ("{ people(first: 5) { edges { node { id } } } }", 1 + 5 * 2),
        ("{ people { nodes { id } } }", 1 + 20),
        ("{ people(first: null) { nodes { id } } }", 1 + 20),
        ("{ people(first: 1000000) { nodes { id } } }", 1 + 100),  # refused by who has the page
        ("{ people(first: -5) { nodes { id } } }", 1),
        ("{ inbox(last: 4) { letters { id } } }", 1 + 4),
        ("{ a: me { id } b: me { id } }", 2),
        ("mutation { save { id } }", 50 + 1),
        ("mutation { saveMany { id } }", 400 + 7),
    ],
)
def test_an_object_counts_one_and_a_list_as_often_as_it_can_have_items(
    text: str, points: int
) -> None:
    assert price(text) == points


@pytest.mark.parametrize(
    ("text", "points"),
    [
        # of what one object can be, the dearest counts
        ("{ node { ... on Person { pets { name } } ... on Robot { maker { id } } } }", 1 + 3),
        ("{ node { friend { id } ... on Robot { maker { id } owner { id } } } }", 1 + 1 + 2),
        ("{ found { ... on Node { friend { id } } ... on Robot { maker { id } } } }", 7 * 3),
        ("{ me { ... on Node { friend { id } } ... on Person { friend { id } } } }", 1 + 2),
        ("{ me { ... on Robot { maker { id } } } }", 1),  # not valid; it is nothing
        ("{ people(first: 3) { ...P } } fragment P on PersonConnection { nodes { id } }", 1 + 3),
    ],
)
def test_fragments_count_for_the_types_they_are_about(text: str, points: int) -> None:
    assert price(text) == points


def test_variables_are_taken_as_they_are_sent() -> None:
    text = "query ($n: Int = 9) { people(first: $n) { nodes { id } } }"
    sent = [{"n": 3}, {}, {"n": None}, {"n": "many"}, {"n": True}, {"n": 4.0}]
    assert [price(text, **each) - 1 for each in sent] == [3, 9, 20, 20, 20, 4]
    text = "query ($n: Int) { people(first: $n) { nodes { id } } }"
    assert [price(text, **each) - 1 for each in ({}, {"n": 8})] == [20, 8]


def test_pages_in_pages_multiply() -> None:
    people = "query ($n: Int) { people(first: $n) { nodes { ...F } } }"
    text = people + " fragment F on Person { pets { name } }"
    assert [price(text, n=n) for n in (1, 10)] == [1 + 1 * 4, 1 + 10 * 4]


def test_what_is_not_included_costs_nothing() -> None:
    text = (
        "query ($x: Boolean!) { me @include(if: $x) { id } m: me @skip(if: $x) { pets { name } } }"
    )
    assert [price(text, x=x) for x in (True, False)] == [1, 4]
    assert price("{ me @skip(if: true) { id } ... @include(if: false) { node { id } } }") == 0


@pytest.mark.parametrize(
    "also", ["pets { friend { ...TO } }", "crowd(first: $n) { nodes { ...TO } }"]
)
def test_fragments_that_double_are_each_priced_once(also: str) -> None:
    """Also where each is a formula."""
    count = 60
    text = "query ($n: Int) { me { ...F0 } }" + "".join(
        f" fragment F{n} on Person {{ friend {{ ...TO }} {also} }}".replace("TO", f"F{n + 1}")
        for n in range(count)
    )
    started = time.process_time()
    assert price(f"{text} fragment F{count} on Person {{ id }}", n=2) > 3**count
    assert time.process_time() - started < 1


def test_every_list_of_objects_has_a_size() -> None:
    """One that is forgotten would count ten, whatever it has."""
    sizes = Sizes(lists=costs.LISTS, other_list=-1)
    fields = {
        (name, field): definition.type
        for name, type_ in schema._schema.type_map.items()
        if is_composite_type(type_) and not name.startswith("__")
        for field, definition in getattr(type_, "fields", {}).items()
    }
    lists = [
        where
        for where, type_ in fields.items()
        if is_list_type(get_nullable_type(type_)) and is_composite_type(get_named_type(type_))
    ]
    assert [where for where in lists if sizes.list(*where) == -1] == []
    assert {*costs.LISTS, *costs.WORK} <= {f"{name}.{field}" for name, field in fields}


def test_introspection_of_the_usual_clients_is_affordable_and_circles_are_not() -> None:
    pricing = Pricing(schema._schema, Sizes(lists=costs.LISTS))
    for options in ({}, {"one_of": True, "input_value_deprecation": True}, {"descriptions": False}):
        assert price(get_introspection_query(**options), pricing) <= pricing.introspection
    circle = "{ __schema { types { fields { type { fields { type { name } } } } } } }"
    assert price(circle, pricing) > pricing.introspection
