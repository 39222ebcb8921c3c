"""What of a model's answer stands. Pure: an answer and a snapshot in, content out.

A statement that cites no step of the snapshot, or one that isn't there, is dropped; so is one that
contradicts what was recorded. What is left is plain text within bounds.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from db.database import Columns
from db.models.vocabulary import Confidence, StepOutcome
from services.assessments.plain import plain
from services.assessments.prompting import label

SUMMARY: Final = 800  # characters
STATEMENT: Final = 400
TITLE: Final = 160
DETAIL: Final = 800
MOST: Final = 8  # statements of a kind
MOST_TRIED: Final = 30
MOST_EVIDENCE: Final = 10

LISTS: Final = ("whatWeKnow", "stepsTried", "remainingHypotheses", "suggestedNextSteps")

CLAIMS_SUCCESS: Final = re.compile(
    r"\b(?:worked|works now|helped|fixed|solved|resolved|cured|succeeded|was successful"
    r"|did the trick|brought (?:it|\w+) back)\b",
    re.IGNORECASE,
)
NEGATES: Final = re.compile(
    r"\b(?:not|never|no|none|nothing|neither|nor|without|hardly|didn't|hasn't|haven't|wasn't"
    r"|weren't|isn't|doesn't|don't|couldn't|can't|failed|unresolved|unsolved|until|before)\b",
    re.IGNORECASE,
)


class Unusable(Exception):
    """The answer is not what was asked for."""


@dataclass(frozen=True, slots=True)
class Judged:
    """``content`` as table assessment keeps it. ``dropped`` statements did not stand."""

    content: dict[str, Any]
    confidence: Confidence | None
    dropped: int

    @property
    def empty(self) -> bool:
        return not any(self.content.values())


def judge(answer: str, snapshot: Columns) -> Judged:
    """Raises Unusable when the answer is not a document of schema.json's shape."""
    try:
        document = orjson.loads(answer)
    except orjson.JSONDecodeError:
        raise Unusable("The answer was not JSON.") from None
    if not isinstance(document, dict) or not all(
        isinstance(document.get(name), list) for name in LISTS
    ):
        raise Unusable("The answer was not of the shape that was asked for.")
    return _Judge(snapshot).judge(document)


class _Judge:
    def __init__(self, snapshot: Columns) -> None:
        self._steps = {label(step): step for step in snapshot["timeline"]}
        self._ruled_out = [_folded(text) for text in snapshot["hypotheses_ruled_out"]]
        self._dropped = 0

    def judge(self, document: Mapping[str, Any]) -> Judged:
        summary = self._statement(document.get("summary"), SUMMARY)
        cause = document.get("likelyCause")
        likely_cause = None if cause is None else self._suspicion(cause)
        content = {
            "summary": summary and summary["text"],
            "likely_cause": likely_cause,
            "what_we_know": self._all(document["whatWeKnow"], self._statement),
            "steps_tried": self._all(document["stepsTried"], self._tried, MOST_TRIED),
            "remaining_hypotheses": self._all(document["remainingHypotheses"], self._suspicion),
            "suggested_next_steps": self._all(document["suggestedNextSteps"], self._suggestion),
        }
        word = document.get("confidence")
        sure = isinstance(word, str) and word in Confidence.__members__ and likely_cause is not None
        return Judged(content, Confidence[str(word)] if sure else None, self._dropped)

    def _all(self, found: Sequence[Any], read: Any, most: int = MOST) -> list[dict[str, Any]]:
        stands = [statement for each in found if (statement := read(each)) is not None]
        return stands[:most]

    # ------------------------------------------------------------------ one statement

    def _statement(self, found: Any, most: int = STATEMENT) -> dict[str, Any] | None:
        evidence = self._evidence(found)
        text = plain(found["text"], most) if evidence and _is_text(found, "text") else ""
        if not text or self._boasts(text, evidence):
            return self._drop()
        return {"text": text, "evidence": [step["id"] for step in evidence]}

    def _tried(self, found: Any) -> dict[str, Any] | None:
        statement = self._statement(found)
        if statement is None:
            return None
        outcomes = {step["outcome"] for step in self._evidence(found)}
        # several steps in one breath: what is said of them holds for one of them at least
        if found.get("outcome") not in outcomes:
            return self._drop()
        return statement

    def _suspicion(self, found: Any) -> dict[str, Any] | None:
        statement = self._statement(found)
        if statement is None:
            return None
        text = _folded(statement["text"])
        ruled_out = any(each in text for each in self._ruled_out if each)
        if ruled_out and not NEGATES.search(text):
            return self._drop()
        return statement

    def _suggestion(self, found: Any) -> dict[str, Any] | None:
        evidence = self._evidence(found)
        title = plain(found["title"], TITLE) if evidence and _is_text(found, "title") else ""
        if not title:
            return self._drop()
        detail = plain(found["detail"], DETAIL) if _is_text(found, "detail") else ""
        return {
            "title": title,
            "detail": detail or None,
            "evidence": [step["id"] for step in evidence],
        }

    def _evidence(self, found: Any) -> list[Mapping[str, Any]]:
        """The steps it cites; none if one of them is invented."""
        cited = found.get("evidence") if isinstance(found, dict) else None
        if not isinstance(cited, list) or not all(
            isinstance(each, str) and each in self._steps for each in cited
        ):
            return []
        return [self._steps[each] for each in dict.fromkeys(cited)][:MOST_EVIDENCE]

    @staticmethod
    def _boasts(text: str, evidence: Sequence[Mapping[str, Any]]) -> bool:
        """It says that something worked, and every step it cites says that it did not."""
        return all(step["outcome"] == StepOutcome.FAILED for step in evidence) and any(
            CLAIMS_SUCCESS.search(clause) and not NEGATES.search(clause)
            for clause in _clauses(text)
        )

    def _drop(self) -> dict[str, Any] | None:
        self._dropped += 1
        return None


def _is_text(found: Any, name: str) -> bool:
    return isinstance(found.get(name), str)


def _clauses(text: str) -> Iterator[str]:
    yield from re.split(r"[.;:!?]|,| but | and | however ", text)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")
