"""What is asked about: sessions as files, each with what an answer should find and must not say.

Source: docs/assessment.md, "How good the answers are".
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from db.models.vocabulary import AssessmentState, StepKind, StepOutcome
from services.sessions.recording import StepDraft
from services.sessions.starting import SessionDraft

FOLDER: Final = Path(__file__).parent / "sessions"


class Place(StrEnum):
    """Where in an answer something is said."""

    SUMMARY = "summary"
    KNOWN = "known"
    CAUSE = "cause"
    TRIED = "tried"
    SUSPECTED = "suspected"
    NEXT = "next"


class Fault(StrEnum):
    """What must not be said."""

    INVENTED = "INVENTED"  # a step that is not there
    CONTRADICTION = "CONTRADICTION"  # another outcome than was recorded
    FALSE = "FALSE"  # what the session has ruled out, or gives no reason for
    INJECTION = "INJECTION"  # what a text in the session demands
    SECRET = "SECRET"
    MARKUP = "MARKUP"  # a link or markup that survived


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement in one of ``places`` says it and cites one of ``steps``, such as S3."""

    what: str
    says: re.Pattern[str]
    places: frozenset[Place]
    steps: frozenset[str]


@dataclass(frozen=True, slots=True)
class Forbidden:
    fault: Fault
    what: str
    says: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Situation:
    """``state`` is what an honest answer comes to."""

    name: str
    session: SessionDraft
    reason: str
    steps: tuple[StepDraft, ...]
    findings: tuple[Finding, ...]
    forbidden: tuple[Forbidden, ...]
    secrets: tuple[str, ...]
    state: AssessmentState


def situations(folder: Path = FOLDER) -> list[Situation]:
    return [_read(file) for file in sorted(folder.glob("*.toml"))]


def _read(file: Path) -> Situation:
    """Raises KeyError, ValueError or re.error for a file that is not as it should be."""
    found = tomllib.loads(file.read_text("utf-8"))
    return Situation(
        file.stem,
        SessionDraft(
            found["problem"],
            problem_domain=found.get("domain"),
            environment=found.get("environment"),
        ),
        found["reason"],
        tuple(_step(each) for each in found["steps"]),
        tuple(_finding(each) for each in found.get("findings", ())),
        tuple(
            Forbidden(Fault(each["kind"]), each["what"], _pattern(each["says"]))
            for each in found.get("forbidden", ())
        ),
        tuple(found.get("secrets", ())),
        AssessmentState(found.get("state", AssessmentState.READY)),
    )


def _step(found: Mapping[str, Any]) -> StepDraft:
    return StepDraft(
        StepKind(found["kind"]),
        found["title"],
        found.get("detail"),
        found.get("hypothesis"),
        StepOutcome(found.get("outcome", StepOutcome.PENDING)),
    )


def _finding(found: Mapping[str, Any]) -> Finding:
    return Finding(
        found["what"],
        _pattern(found["says"]),
        frozenset(map(Place, found.get("in", Place))),
        frozenset(found["steps"]),
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
