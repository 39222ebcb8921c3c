"""The codes of errors are a closed list: what the code has, what is said about it, what is used."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from resolvers.errors import ErrorCode

PROJECT = Path(__file__).parents[3]
LIST = PROJECT / "resolvers" / "errors.py"
DEMO = PROJECT / "app" / "demo"  # vendors' errors have codes of their own
CODES = [code.value for code in ErrorCode]


def documented() -> list[str]:
    """The first column of the table in docs/api.md that begins with `code`."""
    page = (PROJECT / "docs" / "api.md").read_text()
    table = page.partition("| code | meaning |\n")[2].partition("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines()[1:]]
    return [code for cell in cells for code in re.findall(r"`(\w+)`", cell)]


def nodes() -> Iterator[ast.AST]:
    for floor in ("app", "schema", "resolvers"):
        for path in (PROJECT / floor).rglob("*.py"):
            if path != LIST and DEMO not in path.parents:
                yield from ast.walk(ast.parse(path.read_text()))


def test_the_page_has_every_code_once_and_no_other() -> None:
    assert Counter(documented()) == Counter(CODES)


def test_every_code_is_its_name() -> None:
    assert [code.name for code in ErrorCode] == CODES


def test_every_code_is_given_to_somebody() -> None:
    used = {
        node.attr
        for node in nodes()
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "ErrorCode"
    }
    assert used == set(CODES)


def test_no_code_is_written_by_hand() -> None:
    by_hand = [
        value.value
        for node in nodes()
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "code"
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    ]
    assert by_hand == []
