"""Documents made at random about the lists, with what a client may write into one."""

from typing import Any

from graphql import get_named_type, is_composite_type
from hypothesis import strategies as st

from schema.schema import schema

DECLARED = {
    "yes": "Boolean!",
    "no": "Boolean!",
    "first": "Int",
    "after": "String",
    "status": "[HandoffStatus!]",
}
GIVEN: dict[str, Any] = {"first": 5, "status": ["OPEN", "RESOLVED"]}
ARGUMENTS = {
    "Query.handoffQueue": ["", "(first: 3)", "(first: $first)", "(after: $after)", "(first: 0)"],
    "Query.handoffs": ["", "(first: $first)", "(filter: { status: $status })", "(first: 4)",
                       "(orderBy: { field: PRIORITY, direction: DESC }, after: $after)",
                       '(after: "nonsense")'],
    "Query.sessions": ["", "(first: 2)", "(filter: { mine: true })", "(first: $first)",
                       "(first: 200)"],
    "Handoff.history": ["(first: 2)", "(first: 0)"],
    "Session.steps": ["(last: 1)", "(first: 1, last: 1)"],
}  # fmt: skip
ROOTS = ("handoffQueue", "handoffs", "sessions")
DIRECTIVES = ["", "", "", "", " @skip(if: $yes)", " @skip(if: $no)", " @include(if: $yes)"]
SELDOM = {
    "Handoff": ["viewerCan", "history", "documentation", "supersedes", "reach"],
    "Session": ["steps", "documentation", "accessLog", "handoffs"],
    "Snapshot": ["cut", "timeline", "redactions"],
}
TYPES = schema._schema.type_map


@st.composite
def selections(draw: Any, type_: Any, depth: int, named: list[str]) -> str:
    # of a page its items, always, and seldom by both ways: that is left to the resolvers
    items = [name for name in ("nodes", "edges", "node", "handoffs") if name in type_.fields]
    items = [] if type_.name == "Session" or not depth else items
    parts = [draw(fields(type_, draw(st.sampled_from(items)), depth, named))] if items else []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.integers(0, 11))
        if kind == 0:
            parts.append(draw(fragments(type_, depth, named)))
            continue
        if kind == 1:
            parts.append(draw(st.sampled_from(["__typename", "again: __typename"])))
            continue
        seldom = SELDOM.get(type_.name, [])
        usual = [
            name
            for name in type_.fields
            if name not in {*seldom, *items} and not deep(type_, name, depth)
        ]
        names = seldom if seldom and depth and draw(st.integers(0, 59)) == 0 else usual
        if names:
            parts.append(draw(fields(type_, draw(st.sampled_from(sorted(names))), depth, named)))
    return "{ " + " ".join(parts or ["__typename"]) + " }"


def deep(type_: Any, name: str, depth: int) -> bool:
    """Whether it leads on to where documents made here do not go."""
    inner = get_named_type(type_.fields[name].type)
    return is_composite_type(inner) and (depth == 0 or not hasattr(inner, "fields"))


@st.composite
def fragments(draw: Any, type_: Any, depth: int, named: list[str]) -> str:
    """With a type or without, or by a name; those end up in ``named``."""
    directive = draw(st.sampled_from(DIRECTIVES))
    on = draw(st.sampled_from([type_.name, *(each.name for each in type_.interfaces), None]))
    inner = draw(selections(TYPES[on or type_.name], depth, named))
    if on is None:
        return f"...{directive} {inner}"
    if draw(st.booleans()):
        return f"... on {on}{directive} {inner}"
    named.append(f"fragment F{len(named)} on {on} {inner}")
    return f"...F{len(named) - 1}{directive}"


@st.composite
def fields(draw: Any, type_: Any, name: str, depth: int, named: list[str]) -> str:
    possible = ARGUMENTS.get(f"{type_.name}.{name}", [""])
    given = draw(st.sampled_from(possible))
    # the same key always means the same field with the same arguments: any merge is valid
    key = f"{draw(st.sampled_from('aaaaab'))}_{name}_{possible.index(given)}"
    inner_type: Any = get_named_type(type_.fields[name].type)
    nested = is_composite_type(inner_type)
    inner = draw(selections(inner_type, depth - 1, named)) if nested else ""
    return f"{key}: {name}{given}{draw(st.sampled_from(DIRECTIVES))} {inner}"


@st.composite
def documents(draw: Any) -> tuple[str, dict[str, Any]]:
    """(Text, variables): the header declares only what is used."""
    named: list[str] = []
    parts = [
        draw(fields(TYPES["Query"], draw(st.sampled_from(ROOTS)), 5, named))
        for _ in range(draw(st.integers(1, 2)))
    ]
    body = f"{{ {' '.join(parts)} }} {' '.join(named)}"
    declared = [f"${name}: {type_}" for name, type_ in DECLARED.items() if f"${name}" in body]
    header = f"query ({', '.join(declared)}) " if declared else ""
    swapped = draw(st.booleans())
    given = GIVEN | {"yes": not swapped, "no": swapped}
    return header + body, {name: each for name, each in given.items() if f"${name}" in body}
