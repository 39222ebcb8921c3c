"""docs/subscriptions.md tells of every code there is."""

import re

from app.graphql.sockets.protocol import CloseCode
from resolvers.errors import ErrorCode
from tests.clients.blocks import PAGE, programs

ONLY_REQUESTS = {
    "METHOD_NOT_ALLOWED",
    "NOT_ACCEPTABLE",
    "NOT_FOUND",
    "TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
}
"""Of requests by HTTP that are none, or too large: docs/api.md has them."""


def first_column(heading: str) -> list[str]:
    section = PAGE.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| ([^|]*) \|", section, re.MULTILINE)[2:]
    return [code.strip("` ") for cell in cells for code in cell.split(",")]


def test_every_code_that_a_socket_is_closed_with_is_explained() -> None:
    said = first_column("When a socket is closed")
    assert sorted(said) == sorted(str(code.value) for code in CloseCode)


def test_every_code_that_a_stream_can_end_with_is_explained() -> None:
    said = first_column("When a stream ends with an error")
    assert sorted(said) == sorted({code.value for code in ErrorCode} - ONLY_REQUESTS)


def test_what_the_followers_take_for_final_is_what_the_page_says_to_mend() -> None:
    mend = [
        code
        for line in PAGE.read_text().splitlines()
        if line.endswith("| mend the client |")
        for code in re.findall(r"\b(\d{4}|[A-Z_]{6,})\b", line.split("|")[1])
    ]
    assert len(mend) > 5
    for name in ("follower.ts", "follow.py"):
        final = re.findall(r"^(?:const )?FINAL\b.*=.*[{[]([^}\]]*)", programs()[name], re.MULTILINE)
        assert sorted(re.findall(r"\d{4}|[A-Z_]{6,}", " ".join(final))) == sorted(mend), name
