"""What a document may look like is counted as it would be executed, in time that grows with its
size and with nothing else."""

import time
from typing import Any

import pytest
from graphql import parse

from app.graphql.limits.bounds import Bounds
from app.graphql.limits.shape import beyond

BOUNDS = Bounds(depth=4, introspection_depth=6, aliases=3, directives=2, root_fields=3)


def limits(text: str, bounds: Bounds = BOUNDS) -> dict[str, int]:
    """The limits that it is beyond, and by what it asked."""
    errors = list(beyond(parse(text), bounds))
    told: list[Any] = [error.extensions for error in errors]
    assert all(each["code"] == "LIMIT_EXCEEDED" for each in told)
    for each, error in zip(told, errors, strict=True):
        assert str(each["allowed"]) in error.message
    return {each["limit"]: each["asked"] for each in told}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ a { b { c { d } } } }", {}),
        ("{ a { b { c { d { e } } } } }", {"depth": 5}),
        ("{ a { ...F } } fragment F on T { b { c { ... on T { d { e } } } } }", {"depth": 5}),
        ("{ w: a x: a y: a { b } }", {}),
        ("{ w: a x: a y: a { z: b } }", {"aliases": 4}),
        ("{ a { ...F } b { ...F } } fragment F on T { x: n y: n }", {"aliases": 4}),
        ("{ a @x b @x }", {}),
        ("query @x { a @x ...F } fragment F on T { b { ... @x { c } } }", {"directives": 3}),
        ("query ($v: T @x @x) { a(v: $v) @x }", {"directives": 3}),
        ("{ a b c __typename }", {}),
        ("{ a ...F } fragment F on T { b ... { c d } }", {"rootFields": 4}),
        ("{ __schema { a { b { c { d { e } } } } } }", {}),
        ("{ __schema { a { b { c { d { e { f } } } } } } }", {"introspectionDepth": 7}),
        ("query A { a } query B { a b c d }", {"rootFields": 4}),
        ("subscription { a { b { c { d { e } } } } }", {"depth": 5}),
        # these are for validation to refuse
        ("{ ...Missing }", {}),
        ("{ a { ...F } } fragment F on T { b { ...F } }", {}),
    ],
)
def test_each_limit_is_counted_through_fragments(text: str, expected: dict[str, int]) -> None:
    assert limits(text) == expected


def test_all_that_is_too_much_is_said_at_once() -> None:
    text = "{ v: a { b { c { d { e } } } } w: a x: a y: a }"
    assert limits(text) == {"depth": 5, "aliases": 4, "rootFields": 4}


def test_fragments_that_double_are_each_measured_once() -> None:
    """Spread out, this one has more aliases than there are atoms; its numbers are still numbers."""
    count = 120
    text = "{ ...F0 }" + "".join(
        f" fragment F{n} on T {{ ...F{n + 1} ...F{n + 1} }}" for n in range(count)
    )
    document = parse(f"{text} fragment F{count} on T {{ x: n }}")
    started = time.process_time()
    [aliases, fields] = list(beyond(document, BOUNDS))
    assert time.process_time() - started < 0.05
    assert "more than a million" in aliases.message
    assert (aliases.extensions or {})["asked"] == 2**31 - 1
    assert (fields.extensions or {})["limit"] == "rootFields"
