"""Texts that people typed, as lines of Markdown: never markup, and cut where it must be."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from services.redaction import before_secret

# What would be read as Markdown or HTML inside a line
_ESCAPES: Final = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>#|~"})
# What would be read as a list, a rule or a heading at the beginning of one
_LEADING: Final = re.compile(r"^(\d{1,9}(?=[.)](?: |$))|(?=[-+](?: |$)|-+$|=+$))")
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")  # "&lt;" would be read as what it names


def inline(text: str, most: int | None = None) -> str:
    """On one line; of a text of more than ``most`` characters its beginning, and an ellipsis."""
    if most is not None and len(text) > most:
        text = text[: before_secret(text, most)].rstrip() + "…"
    line = " ".join(text.translate(_ESCAPES).split())
    return _LEADING.sub(r"\1\\", _ENTITY.sub(r"\&", line), count=1)


def block(text: str, most: int, where: str) -> Iterator[str]:
    """A single line as a line; several as they were typed: logs and commands keep their lines, and
    nothing in it is markup. What is over ``most`` characters is left out, and that is said:
    ``where`` is where it can be read. What ends in an ellipsis was cut before.
    """
    end = before_secret(text, most) if len(text) > most else len(text)
    kept = text[:end].rstrip()
    lines = kept.splitlines()
    if len(lines) > 1:
        fence = "```"
        while fence in kept:
            fence += "`"
        yield fence
        yield from lines
        yield fence
    else:
        yield inline(kept)
    if end < len(text):
        yield ""
        over = "more than " if text.endswith("…") else ""
        yield f"({over}{len(text) - end:,} more characters are left out here; they are {where}.)"


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def minute(rfc3339: str) -> str:
    """PostgreSQL's JSON gives ``2026-11-24T10:02:11.5+00:00``; the service's zone is UTC."""
    return f"{rfc3339[:10]} {rfc3339[11:16]} UTC"
