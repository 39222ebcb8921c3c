"""What the model is asked: the prompt, the answer's schema, and the snapshot as data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

import orjson

from db.database import Columns
from services.redaction import redact

_FILES: Final = files("services.assessments")

_HEAD, _, _BODY = _FILES.joinpath("prompt.md").read_text("utf-8").partition("\n\n")
PROMPT_VERSION: Final = _HEAD.removeprefix("version: ").strip()
SYSTEM: Final = _BODY
SCHEMA: Final[dict[str, object]] = orjson.loads(_FILES.joinpath("schema.json").read_bytes())

LONGEST_TEXT: Final = 2_000  # characters of the problem's texts that are shown
LONGEST_DETAIL: Final = 1_200  # of a step's
LONGEST_DOCUMENT: Final = 60_000  # of everything; the oldest details go first


@dataclass(frozen=True, slots=True)
class Question:
    """``text`` is the user's turn. ``redactions`` secrets were taken out of it."""

    text: str
    redactions: int


def label(step: Mapping[str, Any]) -> str:
    """How a step is called in the question and in the answer."""
    return f"S{step['position']}"


def compose(snapshot: Columns) -> Question:
    """Ask about a row of table snapshot. It takes a while when there is much to be redacted.

    The session's texts can't end the block that they stand in: there is no ``<`` in it.
    """
    writer = _Writer()
    document = writer.document(snapshot)
    text = _bounded(document)
    return Question(f"<session>\n{text}\n</session>", writer.redactions)


class _Writer:
    def __init__(self) -> None:
        self.redactions = 0

    def document(self, snapshot: Columns) -> dict[str, Any]:
        return {
            "problem": self._clean(snapshot["problem_summary"]),
            "domain": self._clean(snapshot["problem_domain"]),
            "environment": self._clean(snapshot["environment"]),
            "raisedAt": _time(snapshot["captured_at"]),
            "stepCount": snapshot["step_count"],
            "hypothesesOpen": self._all(snapshot["hypotheses_open"]),
            "hypothesesRuledOut": self._all(snapshot["hypotheses_ruled_out"]),
            "steps": [self._step(step) for step in snapshot["timeline"]],
        }

    def _step(self, step: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": label(step),
            "kind": step["kind"],
            "title": self._clean(step["title"]),
            "detail": self._clean(step["detail"], LONGEST_DETAIL),
            "hypothesis": self._clean(step["hypothesis"]),
            "outcome": step["outcome"],
        }

    def _all(self, texts: Sequence[str]) -> list[str | None]:
        return [self._clean(text) for text in texts]

    def _clean(self, text: str | None, most: int = LONGEST_TEXT) -> str | None:
        if text is None:
            return None
        # before it is cut: half a secret has no shape
        cleaned = redact(text)
        self.redactions += cleaned.count
        return cleaned.text if len(cleaned.text) <= most else f"{cleaned.text[: most - 1]}…"


def _bounded(document: dict[str, Any]) -> str:
    text = _written(document)
    for step in document["steps"]:
        if len(text) <= LONGEST_DOCUMENT:
            break
        text = text.replace(_written(step), _written(step | {"detail": None}), 1)
    return text


def _written(value: Any) -> str:
    return orjson.dumps(value).decode().replace("<", "\\u003c").replace(">", "\\u003e")


def _time(at: datetime) -> str:
    return at.isoformat(timespec="minutes")
