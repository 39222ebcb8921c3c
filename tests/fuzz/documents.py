"""Random documents, with ids and cursors of what there is in some of the places for them."""

import re
from pathlib import Path
from random import Random
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLSchema,
    IntValueNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    print_ast,
    visit,
)
from hypothesis import strategies as st
from hypothesis_graphql import Mode, mutations, nodes, queries

SDL: Final = Path(__file__).parents[2] / "schema.graphql"
SCHEMA: Final[GraphQLSchema] = build_schema(SDL.read_text())
TIMES: Final = ("2026-11-25T12:00:00Z", "1970-01-01T00:00:00.000001+14:00", "yesterday", "")
SCALARS: Final = {
    "DateTime": st.sampled_from(TIMES).map(nodes.String),
    "Cursor": st.text(max_size=40).map(nodes.String),
}
KNOWN_ID: Final = re.compile(
    r"(account|delivery|documentation|engineer|handoff|integration|"
    r"notification|session|step)_[0-9a-z]{26}"
)
PAGES: Final = ("first", "last")
REMEMBERED: Final = 300


def documents() -> st.SearchStrategy[DocumentNode]:
    """Two of three are right. The server has been told to answer only what it can bear."""

    def made(make: Any, mode: Mode) -> Any:
        return make(SCHEMA, custom_scalars=SCALARS, mode=mode, print_ast=lambda document: document)

    return st.one_of(
        made(queries, Mode.POSITIVE),
        made(mutations, Mode.POSITIVE),
        st.one_of(made(queries, Mode.NEGATIVE), made(mutations, Mode.NEGATIVE)),
    )


class Known:
    """Ids by their kind, and cursors, as answers gave them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.ids: dict[str, list[str]] = {}
        self.cursors: list[str] = []

    def learn(self, answer: Any, key: str = "") -> None:
        if isinstance(answer, dict):
            for name, value in answer.items():
                self.learn(value, name)
        elif isinstance(answer, list):
            for value in answer:
                self.learn(value, key)
        elif isinstance(answer, str):
            if found := KNOWN_ID.fullmatch(answer):
                self.remember(self.ids.setdefault(found[1], []), answer)
            elif key.lower().endswith("cursor"):
                self.remember(self.cursors, answer)

    def remember(self, among: list[str], value: str) -> None:
        if value in among:
            return
        if len(among) >= REMEMBERED:
            among[self.random.randrange(len(among))] = value
        else:
            among.append(value)

    def an_id(self, of: str) -> str | None:
        """``of`` is the argument: most often one of the kind that it asks for."""
        kinds = [kind for kind in self.ids if kind in of.lower()] or list(self.ids)
        if self.random.random() < 0.1:
            kinds = list(self.ids)
        return self.random.choice(self.ids[self.random.choice(kinds)]) if kinds else None


def filled(document: DocumentNode, known: Known) -> str:
    """As text, with what is known in most of the places for ids and cursors, and pages of a size
    that there is."""
    random, info = known.random, TypeInfo(SCHEMA)

    class Filling(Visitor):
        name = ""

        def enter_argument(self, node: Any, *_: Any) -> None:
            self.name = node.name.value

        def enter_object_field(self, node: Any, *_: Any) -> None:
            self.name = node.name.value

        def enter_string_value(self, node: StringValueNode, *_: Any) -> Any:
            expected = info.get_input_type()
            of = str(get_named_type(expected)) if expected else ""
            if of not in ("ID", "Cursor") and self.name not in ("after", "before"):
                return None
            return self.put(of, node)

        def enter_int_value(self, node: IntValueNode, *_: Any) -> Any:
            expected = info.get_input_type()
            if str(get_named_type(expected)) == "ID" if expected else False:
                return self.put("ID", node)
            if self.name in PAGES and random.random() < 0.8:
                return nodes.Int(random.randint(1, 100))
            return None

        def put(self, of: str, node: Any) -> Any:
            value = known.an_id(self.name) if of == "ID" else None
            if of != "ID" and known.cursors:
                value = random.choice(known.cursors)
            return node if value is None or random.random() < 0.2 else nodes.String(value)

    return print_ast(visit(document, TypeInfoVisitor(info, Filling())))
