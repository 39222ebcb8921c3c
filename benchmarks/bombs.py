"""Hostile requests: each under 64 kB, made to cost as much as one can.

Each is made anew for each number, so that nothing of it is remembered from before.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import orjson
from graphql import get_introspection_query

LARGEST: Final = 64 * 1024
"""Bytes of a request's body."""

Bomb: TypeAlias = Callable[[int], bytes]


def doubling(n: int, body: str, type_: str, count: int) -> str:
    """Fragments that each spread the next one twice, ``body`` with it in the place of TO."""
    parts = (
        f"fragment F{at} on {type_} {{ {body.replace('TO', f'F{at + 1}_{n}')} }}".replace(
            f"F{at} ", f"F{at}_{n} ", 1
        )
        for at in range(count)
    )
    return f"{' '.join(parts)} fragment F{count}_{n} on {type_} {{ __typename }}"


def many(count: int, part: str) -> str:
    """``part`` with its number in the place of @."""
    return " ".join(part.replace("@", str(at)) for at in range(count))


DOCUMENTS: Final[dict[str, Callable[[int], str]]] = {
    # fragments
    "fragments doubling": lambda n: f"{{ ...F0_{n} }} " + doubling(n, "...TO ...TO", "Query", 70),
    "fragments doubling through fields": lambda n: (
        f'{{ node(id: "x{n}") {{ ...F0_{n} }} }} '
        + doubling(n, "supersedes{...TO} session{handoffs{nodes{...TO}}}", "Handoff", 40)
    ),
    "fragments doubling as deep as allowed": lambda n: (
        f"{{ handoffs(first: 1) {{ nodes {{ ...F0_{n} }} }} }} "
        + doubling(n, "supersedes{...TO} session{handoffs(first:1){nodes{...TO}}}", "Handoff", 2)
    ),
    "fragments in a circle": lambda n: (
        f'{{ node(id: "x{n}") {{ ...F0 }} }} '
        + " ".join(
            f"fragment F{at} on Handoff{{supersedes{{...F{(at + 1) % 75}}}}}" for at in range(75)
        )
    ),
    "fragments nobody uses": lambda n: (
        f"{{ viewer {{ mail }} }} {many(130, f'fragment F@_{n} on Engineer {{ id }}')}"
    ),
    "fragments nobody has": lambda n: f"{{ {many(300, f'...F@_{n}')} }}",
    "fragments on unknown types": lambda n: (
        f"{{ viewer {{ mail }} }} {many(130, f'fragment F@ on Engineer{n}@ {{ id }}')}"
    ),
    "fragments compared in pairs": lambda n: (
        f"{{ viewer {{ engineer {{ {many(95, f'...F@_{n}')} }} }} }}"
        + many(80, f"fragment F@_{n} on Engineer {{ id name }}")
    ),
    "fragments inline, deep": lambda n: (
        f"{{ viewer {{ engineer {{ x{n}: id {'... {' * 180} id {'}' * 180} }} }} }}"
    ),
    # the same again and again
    "one field again and again": lambda n: f"{{ viewer {{ x{n}: engineer {{ {'id ' * 980} }} }} }}",
    "one root field again and again": lambda n: f"{{ x{n}: viewer {{ mail }} {'viewer ' * 980} }}",
    "aliases": lambda n: f"{{ {many(90, f'a@_{n}: handoffs {{ nodes {{ id }} }}')} }}",
    "as many aliases as allowed": lambda n: (
        "{ sessions(first: 20) { nodes { steps(first: 90) { nodes {"
        f" {many(15, f'a@_{n}: recordedAt')} }} }} }} }} }}"
    ),
    "one name for many things": lambda n: "{" + many(90, f' a: node(id: "@{n}") {{ id }}') + "}",
    "directives": lambda n: f"{{ viewer {{ x{n}: mail {'@include(if: true) ' * 150} }} }}",
    "unknown directives": lambda n: f"{{ viewer {{ x{n}: mail {'@includ ' * 490} }} }}",
    "operations": lambda n: many(90, f"query Q@_{n} {{ viewer {{ mail }} }}"),
    "operations that share fragments": lambda n: (
        many(60, "query Q@($a: ID!) { ...F0_N }".replace("N", str(n)))
        + " ".join(
            f"fragment F{at}_{n} on Query{{a{at}:node(id:$a){{id}} ...F{at + 1}_{n}}}"
            for at in range(12)
        )
        + f" fragment F12_{n} on Query {{ viewer {{ mail }} }}"
    ),
    "variables": lambda n: f"query ({many(240, f'$v@_{n}: Int')}) {{ viewer {{ mail }} }}",
    "unknown variables": lambda n: (
        f"{{ sessions({many(220, f'x@: $v@_{n}')}) {{ nodes {{ id }} }} }}"
    ),
    # mistakes, with suggestions of what was meant
    "unknown fields": lambda n: f"{{ {many(980, f'viewers{n}')} }}",
    "unknown fields, each another": lambda n: f"{{ viewer {{ {many(480, f'mai{n}@')} }} }}",
    "unknown arguments": lambda n: (
        f"{{ sessions({many(300, f'firs{n}@: 1')}) {{ nodes {{ id }} }} }}"
    ),
    "unknown input fields": lambda n: (
        f"{{ sessions(filter: {{ {many(300, f'statu{n}@: 1')} }}) {{ nodes {{ id }} }} }}"
    ),
    "unknown values of an enum": lambda n: (
        f"{{ sessions(filter: {{ status: [ {many(900, f'OPE{n}@')} ] }}) {{ nodes {{ id }} }} }}"
    ),
    # deep, long, large
    "deep": lambda n: f"{{ x{n}: viewer {{ {'engineer { ' * 150} id {'}' * 152}",
    "deeper than the parser goes": lambda n: f"{{ x{n}: {'a {' * 3000}",
    "lists in lists": lambda n: (
        f"{{ sessions(filter: {{ x{n}: {'[' * 180}{']' * 180} }}) {{ nodes {{ id }} }} }}"
    ),
    "objects in objects": lambda n: (
        f"{{ sessions(filter: {{ x{n}: {'{a:' * 150}1{'}' * 150} }}) {{ nodes {{ id }} }} }}"
    ),
    "long string": lambda n: f'{{ node(id: "{n}{"x" * 10_000}") {{ id }} }}',
    "escaped string": lambda n: '{ node(id: "' + f"{n}" + "\\u00e9" * 1_600 + '") { id } }',
    "block string": lambda n: '{ node(id: """' + f"{n}" + '\n \t\\""" ' * 1_200 + '""") { id } }',
    "long number": lambda n: f"{{ sessions(first: {n}{'9' * 10_000}) {{ nodes {{ id }} }} }}",
    "long fraction": lambda n: (
        f"{{ sessions(first: 0.{n}{'9' * 10_000}e99) {{ nodes {{ id }} }} }}"
    ),
    "long name": lambda n: f"{{ x{n}{'x' * 10_000} }}",
    "comments": lambda n: f"{{ viewer {{ mail }} }} #{n}" + "\n#x" * 3_000,
    "commas": lambda n: f"{{ viewer {{ mail }} }} #{n}\n" + "," * 10_000,
    "garbage": lambda n: f"{n}" + "\x00\ufeff}}{{" * 2_000,
    "as large as it may be sent": lambda n: f"{{ viewer {{ mail }} }} #{n}{'{a ' * 20_000}",
    # introspection
    "introspection": lambda n: get_introspection_query().replace("IntrospectionQuery", f"Q{n}"),
    "introspection in circles": lambda n: (
        f"{{ x{n}: __schema {{"
        " types { fields { type { fields { type { name } } } } } } }"
    ),
    "introspection in deep circles": lambda n: (
        f"{{ x{n}: __schema {{ {'types { fields { type {' * 40} name {'}' * 122}"
    ),
    "introspection again and again": lambda n: (
        f"{{ {many(10, f'a@_{n}: __schema {{ types {{ name fields {{ name }} }} }}')} }}"
    ),
    "introspection by interfaces": lambda n: (
        f"{{ x{n}: __schema {{ types {{ possibleTypes {{ interfaces {{ name }} }} }} }} }}"
    ),
    # as much of what there is as one may have
    "pages in pages": lambda n: (
        f"{{ x{n}: handoffs(first: 100) {{ nodes {{"
        " history(first: 100) { nodes { cursor } } } } }"
    ),
    "pages in pages in pages": lambda n: (
        f"{{ x{n}: sessions(first: 20) {{ nodes {{ handoffs(first: 20) {{ nodes {{"
        " session { handoffs(first: 20) { nodes { id } } } } } } } }"
    ),
    "the largest page of steps": lambda n: (
        f"{{ x{n}: sessions(first: 43) {{ nodes {{ steps(first: 100) {{ nodes {{"
        " title detail hypothesis outcome recordedAt } } } } }"
    ),
    "the largest pages of everything": lambda n: (
        f"{{ x{n}: handoffs(first: 90) {{ edges {{ cursor node {{ id reason notes"
        " raisedBy { name } documentation { markdown } deliveries { lastError }"
        " session { owner { name } handoffs(first: 10) { nodes { id problemSummary } } }"
        " snapshot { problemSummary"
        " hypothesesOpen hypothesesRuledOut } } } } }"
    ),
    "all timelines": lambda n: (
        f"{{ x{n}: handoffs(first: 50) {{ nodes {{"
        " snapshot { timeline { title detail } } } } }"
    ),
    "more steps than one may have": lambda n: (
        "{ sessions(first: 100) { nodes { steps(first: 100) { nodes {"
        f" {many(15, f'a@_{n}: recordedAt')} }} }} }} }} }}"
    ),
    "ten queues": lambda n: (
        "{"
        + many(10, f"a@_{n}: handoffQueue(first: 60) {{ handoffs {{ id raisedBy {{ name }} }} }}")
        + "}"
    ),
    "a subscription to all there is": lambda n: (
        f"subscription S{n} {{ handoffEvents {{"
        + "... on HandoffEvent { handoff { session { id } } } " * 60
        + "} }"
    ),
}

CLAIM: Final = """mutation C($input: ClaimHandoffsInput!) {
  claimHandoffs(input: $input) { __typename } }"""
LIST: Final = "query L($filter: SessionFilter) { sessions(filter: $filter) { nodes { id } } }"
NODE: Final = "query N($id: ID!) { node(id: $id) { id } }"

VARIABLES: Final[dict[str, Callable[[int], tuple[str, Any]]]] = {
    "a long list of ids": lambda n: (CLAIM, {"input": {"handoffIds": [f"x{n}"] * 8_000}}),
    "a long list of nulls": lambda n: (CLAIM, {"input": {"handoffIds": [None] * 12_000, "a": n}}),
    "a long list of objects": lambda n: (CLAIM, {"input": {"handoffIds": [{"a": n}] * 6_000}}),
    "a long list of numbers": lambda n: (CLAIM, {"input": {"handoffIds": [n] * 12_000}}),
    "a long list of long lists": lambda n: (
        CLAIM,
        {"input": {"handoffIds": [[[n]] * 100 for _ in range(80)]}},
    ),
    "many unknown input fields": lambda n: (
        CLAIM,
        {"input": {f"handoffId{n}{at}": 1 for at in range(3_000)}},
    ),
    "many unknown variables": lambda n: (CLAIM, {f"inpu{n}{at}": 1 for at in range(4_000)}),
    "many wrong values of an enum": lambda n: (
        LIST,
        {"filter": {"status": [f"OPE{n}{at}" for at in range(5_000)]}},
    ),
    "a wide tree": lambda n: (LIST, {"filter": tree(n, 4)}),
    "a long id": lambda n: (NODE, {"id": f"handoff_{n}" + "0" * 60_000}),
    "a large object for an id": lambda n: (NODE, {"id": {f"a{n}{at}": "x" for at in range(4_000)}}),
    "a large number for an id": lambda n: (NODE, {"id": 10**18 + n}),
}


def tree(n: int, levels: int) -> Any:
    return {f"a{at}": tree(n, levels - 1) if levels else n for at in range(5)}


def deep(n: int, before: bytes, after: bytes) -> bytes:
    """As deep as the parser goes."""
    value = before * 1_000 + b"%d" % n + after * 1_000
    return b'{"query": %b, "variables": {"filter": %b}}' % (orjson.dumps(LIST), value)


RAW: Final[dict[str, Bomb]] = {
    "brackets": lambda n: b"[" * 60_000,
    "braces": lambda n: b'{"a":' * 12_000,
    "white space": lambda n: b" " * 64_000 + b"{}",
    "escapes": lambda n: b'{"query": "%d%b"}' % (n, b"\\u0041" * 10_000),
    "half characters": lambda n: b'{"query": "%d%b"}' % (n, b"\\ud800" * 10_000),
    "a deep list": lambda n: deep(n, b"[", b"]"),
    "a deep object": lambda n: deep(n, b'{"a":', b"}"),
    "digits": lambda n: (
        b'{"query": "{ viewer { mail } }", "variables": {"a": %d%b}}' % (n, b"9" * 60_000)
    ),
    "an operation's long name": lambda n: orjson.dumps(
        {"query": "{ viewer { mail } }", "operationName": f"{n}" + "x" * 60_000}
    ),
    "deep extensions": lambda n: (
        b'{"query": "{ viewer { mail } }", "extensions": %b%b}'
        % (b'{"a":' * 900 + b"%d" % n, b"}" * 900)
    ),
    "much that nobody knows": lambda n: orjson.dumps(
        {"query": "{ viewer { mail } }"} | {f"k{n}{at}": at for at in range(4_000)}
    ),
}


def bombs() -> Iterator[tuple[str, Bomb]]:
    """(name, bomb): what a bomb gives is JSON, or should be."""
    for name, document in DOCUMENTS.items():
        yield name, _of_document(document)
    for name, asked in VARIABLES.items():
        yield name, _of_variables(asked)
    yield from RAW.items()


def _of_document(document: Callable[[int], str]) -> Bomb:
    return lambda n: orjson.dumps({"query": document(n)})


def _of_variables(asked: Callable[[int], tuple[str, Any]]) -> Bomb:
    def bomb(n: int) -> bytes:
        query, variables = asked(n)
        return orjson.dumps({"query": query, "variables": variables})

    return bomb
