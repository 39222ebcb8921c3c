"""What an operation costs: the objects it can give, with the pages that are really asked for."""

import time
from dataclasses import dataclass
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

from app.graphql.engine import Engine
from app.graphql.limits.amounts import value
from app.graphql.limits.pricing import Pricing
from app.graphql.limits.sizes import POINT, Sizes, points
from schema import costs
from schema.schema import schema

CORE = build_schema("""
    type Query { me: Person people(first: Int = 20, after: String): PersonConnection!
                 found: [Found!]! node: Node count: Int inbox(first: Int, last: Int): Inbox }
    type Mutation { save: Person! count: Int saveMany: [Person!]! }
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


@dataclass(frozen=True)
class Answer:
    """The largest there can be. An object is worth four plain fields."""

    objects: int
    fields: int

    @property
    def quarters(self) -> int:
        return POINT * self.objects + self.fields


def price(text: str, pricing: Pricing = PRICING, /, **variables: Any) -> int:
    document = parse(text)
    [operation, *_] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    return value(pricing.price(document, operation), variables)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("{ count __typename }", Answer(0, 2)),
        ("{ me { id friend { id } } }", Answer(2, 2)),
        ("{ me { friend { friend { id } } } }", Answer(3, 1)),
        ("{ me { pets { name friend { id } } } }", Answer(1 + 3 * 2, 3 * 2)),
        ("{ found { __typename } }", Answer(7, 7)),
        ("{ people(first: 5) { nodes { friend { id } } } }", Answer(1 + 5 * 2, 5)),
        ("{ people(first: 5) { edges { node { id } } } }", Answer(1 + 5 * 2, 5)),
        ("{ people(first: 5) { pageInfo { more } } }", Answer(2, 1)),
        ("{ people { nodes { id } } }", Answer(1 + 20, 20)),
        ("{ people(first: null) { nodes { id } } }", Answer(1 + 20, 20)),
        # too large a page is refused by who would have to give it
        ("{ people(first: 1000000) { nodes { id } } }", Answer(1 + 100, 100)),
        ("{ people(first: -5) { nodes { id } } }", Answer(1, 0)),
        ("{ inbox(last: 4) { letters { id } } }", Answer(1 + 4, 4)),
        ("{ a: me { id } b: me { id } }", Answer(2, 2)),
        ("mutation { save { id } }", Answer(50 + 1, 1)),
        ("mutation { saveMany { id } }", Answer(400 + 7, 7)),
        ("mutation { count }", Answer(50, 1)),
    ],
)
def test_an_object_counts_one_and_a_list_as_often_as_it_can_have_items(
    text: str, answer: Answer
) -> None:
    assert price(text) == answer.quarters


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        # of what one object can be, the dearest counts
        (
            "{ node { ... on Person { pets { name } } ... on Robot { maker { id } } } }",
            Answer(1 + 3, 3),
        ),
        (
            "{ node { friend { id } ... on Robot { maker { id } owner { id } } } }",
            Answer(1 + 1 + 2, 3),
        ),
        (
            "{ found { ... on Node { friend { id } } ... on Robot { maker { id } } } }",
            Answer(7 * 3, 7 * 2),
        ),
        (
            "{ me { ... on Node { friend { id } } ... on Person { friend { id } } } }",
            Answer(1 + 2, 2),
        ),
        # not valid, and nothing
        ("{ me { ... on Robot { maker { id } } } }", Answer(1, 0)),
        (
            "{ people(first: 3) { ...P } } fragment P on PersonConnection { nodes { id } }",
            Answer(1 + 3, 3),
        ),
    ],
)
def test_fragments_count_for_the_types_they_are_about(text: str, answer: Answer) -> None:
    assert price(text) == answer.quarters


def test_variables_are_taken_as_they_are_sent() -> None:
    text = "query ($n: Int = 9) { people(first: $n) { nodes { id } } }"
    for sent, items in (
        ({"n": 3}, 3),
        ({}, 9),
        *(({"n": odd}, 20) for odd in (None, "many", True, [5])),
        ({"n": 4.0}, 4),
    ):
        assert price(text, **sent) == Answer(1 + items, items).quarters, sent
    text = "query ($n: Int) { people(first: $n) { nodes { id } } }"
    assert price(text) == Answer(1 + 20, 20).quarters
    assert price(text, n=8) == Answer(1 + 8, 8).quarters


def test_pages_multiply_what_is_in_them() -> None:
    people = "query ($n: Int) { people(first: $n) { nodes { ...F } } }"
    text = people + " fragment F on Person { crowd(first: 10) { nodes { pets { name } } } }"
    for items in (1, 10):
        answer = Answer(1 + items * (1 + 1 + 10 * 4), items * 10 * 3)
        assert price(text, n=items) == answer.quarters


def test_what_is_not_included_costs_nothing() -> None:
    text = "query ($x: Boolean!) { me @include(if: $x) { id } m: me @skip(if: $x) { pets {name} } }"
    assert price(text, x=True) == Answer(1, 1).quarters
    assert price(text, x=False) == Answer(4, 3).quarters
    assert price("{ me @skip(if: true) { id } ... @include(if: false) { node { id } } }") == 0


def test_points_are_whole_and_at_least_one() -> None:
    assert [points(quarters, {}) for quarters in (0, 1, 4, 5, 9)] == [1, 1, 1, 2, 3]


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
    pricing, engine = Pricing(schema._schema, Sizes(lists=costs.LISTS)), Engine(schema)
    everything = {
        "specified_by_url": True,
        "directive_is_repeatable": True,
        "schema_description": True,
        "input_value_deprecation": True,
        "one_of": True,
    }
    for options in (everything, {}, {"descriptions": False}):  # GraphiQL's, codegen's, Apollo's
        text = get_introspection_query(**options)
        assert engine.prepare(text).only_introspection
        assert price(text, pricing) <= pricing.introspection * POINT
    circle = "{ __schema { types { fields { type { fields { type { name } } } } } } }"
    assert price(circle, pricing) > pricing.introspection * POINT
