"""How ready a session is to be handed over: how much of five questions it answers.

An item is worth its points when it is there, whatever else is: so whatever is added, no score
falls. No model, no chance: the same session, draft and time have the same score.
Source: docs/readiness.md.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from db.database import Columns
from db.models.vocabulary import TRIED, StepKind, StepOutcome

SEVERAL: Final = 3  # steps with a result
MOST_EVIDENCE: Final = 20  # steps that are named for one item: the latest


class ReadinessQuestion(StrEnum):
    """What whoever takes over asks first."""

    PROBLEM = "PROBLEM"
    ENVIRONMENT = "ENVIRONMENT"
    TRIED = "TRIED"
    EVIDENCE = "EVIDENCE"
    REACHABILITY = "REACHABILITY"


class ReadinessItem(StrEnum):
    """What belongs to an answer."""

    SUMMARY = "SUMMARY"
    SYMPTOM = "SYMPTOM"
    REASON = "REASON"
    AREA = "AREA"
    ENVIRONMENT = "ENVIRONMENT"
    ATTEMPT = "ATTEMPT"
    RESULT = "RESULT"
    SEVERAL_RESULTS = "SEVERAL_RESULTS"
    HYPOTHESIS = "HYPOTHESIS"
    TEST = "TEST"
    FINDING = "FINDING"
    CONFIDENCE = "CONFIDENCE"
    CONTACT = "CONTACT"
    REACHABLE_UNTIL = "REACHABLE_UNTIL"


@dataclass(frozen=True, slots=True)
class Case:
    """What would travel. ``session`` has the columns of table session, what the raiser adds
    included; each of ``steps`` has `id`, `kind`, `detail`, `hypothesis` and `outcome` of table
    step, in order. ``now`` is UTC."""

    session: Columns
    steps: Sequence[Mapping[str, Any]]
    reason: str | None
    notes: str | None
    now: datetime


Found = Sequence[Mapping[str, Any]] | None
"""The steps that show it, none where a text does; None when it is missing."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """``text`` names the item, there or missing; ``ask`` is how it is asked for, in a line."""

    question: ReadinessQuestion
    item: ReadinessItem
    points: int
    text: str
    ask: str
    find: Callable[[Case], Found]


@dataclass(frozen=True, slots=True)
class Fact:
    """``evidence`` are ids of steps, oldest first."""

    criterion: Criterion
    evidence: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What there is to one question. ``ask`` is for the first that is missing."""

    question: ReadinessQuestion
    score: int
    possible: int
    known: tuple[Fact, ...]
    missing: tuple[Criterion, ...]

    @property
    def ask(self) -> str | None:
        return self.missing[0].ask if self.missing else None


@dataclass(frozen=True, slots=True)
class Readiness:
    """``score`` is from 0 to 100; ``minimum`` is what the account asks for, None for nothing."""

    score: int
    minimum: int | None
    answers: tuple[Answer, ...]

    @property
    def ready(self) -> bool:
        return self.minimum is None or self.score >= self.minimum


def measure(case: Case, minimum: int | None = None) -> Readiness:
    found = [(criterion, criterion.find(case)) for criterion in CRITERIA]
    answers = tuple(
        _answer(question, [each for each in found if each[0].question is question])
        for question in ReadinessQuestion
    )
    return Readiness(sum(answer.score for answer in answers), minimum, answers)


def _answer(question: ReadinessQuestion, found: Sequence[tuple[Criterion, Found]]) -> Answer:
    known = tuple(Fact(each, _ids(steps)) for each, steps in found if steps is not None)
    return Answer(
        question,
        sum(fact.criterion.points for fact in known),
        sum(criterion.points for criterion, _ in found),
        known,
        tuple(criterion for criterion, steps in found if steps is None),
    )


def _ids(steps: Sequence[Mapping[str, Any]]) -> tuple[UUID, ...]:
    return tuple(UUID(step["id"]) for step in steps[-MOST_EVIDENCE:])


# ------------------------------------------------------------------ what is looked for


def _column(name: str) -> Callable[[Case], Found]:
    return lambda case: () if case.session[name] else None


def _steps(fits: Callable[[Mapping[str, Any]], Any], *, least: int = 1) -> Callable[[Case], Found]:
    """At least so many steps that fit."""

    def find(case: Case) -> Found:
        steps = [step for step in case.steps if fits(step)]
        return steps if len(steps) >= least else None

    return find


def _reason(case: Case) -> Found:
    return () if case.reason else None


def _symptom(case: Case) -> Found:
    shown = [step for step in case.steps if step["detail"]]
    return shown if shown or case.notes else None


def _reachable(case: Case) -> Found:
    until = case.session["customer_reachable_until"]
    return () if until is not None and until > case.now else None


def _tried(step: Mapping[str, Any]) -> bool:
    return step["kind"] in TRIED


def _has_result(step: Mapping[str, Any]) -> bool:
    return _tried(step) and step["outcome"] != StepOutcome.PENDING


def _tests(step: Mapping[str, Any]) -> bool:
    return bool(step["hypothesis"]) and step["outcome"] != StepOutcome.PENDING


# In the order in which what is missing is asked for.
CRITERIA: Final = (
    Criterion(
        ReadinessQuestion.PROBLEM,
        ReadinessItem.SUMMARY,
        5,
        "What is wrong, in a sentence",
        "What is wrong, in a sentence?",
        _column("problem_summary"),
    ),
    Criterion(
        ReadinessQuestion.PROBLEM,
        ReadinessItem.SYMPTOM,
        10,
        "What exactly is seen or said: the detail of a step, or the notes",
        "What does the error say, word for word? Put it into a step's detail or the notes.",
        _symptom,
    ),
    Criterion(
        ReadinessQuestion.PROBLEM,
        ReadinessItem.REASON,
        5,
        "Why somebody else is needed",
        "Why is somebody else needed?",
        _reason,
    ),
    Criterion(
        ReadinessQuestion.PROBLEM,
        ReadinessItem.AREA,
        5,
        "The area it seems to lie in",
        "Which area does it seem to lie in, for example mail flow or DNS?",
        _column("problem_domain"),
    ),
    Criterion(
        ReadinessQuestion.ENVIRONMENT,
        ReadinessItem.ENVIRONMENT,
        15,
        "What it happens on: machines, versions, tenants",
        "What does it happen on: which machines, versions and tenants?",
        _column("environment"),
    ),
    Criterion(
        ReadinessQuestion.TRIED,
        ReadinessItem.ATTEMPT,
        10,
        "Something that was checked or changed: a step of the kind CHECK or ACTION",
        "What was checked or changed so far? Record it as a step.",
        _steps(_tried),
    ),
    Criterion(
        ReadinessQuestion.TRIED,
        ReadinessItem.RESULT,
        10,
        "What came of it: a CHECK or ACTION with an outcome",
        "What came of what was tried: did it work, fail, or decide nothing?",
        _steps(_has_result),
    ),
    Criterion(
        ReadinessQuestion.TRIED,
        ReadinessItem.SEVERAL_RESULTS,
        5,
        f"{SEVERAL} or more CHECKs and ACTIONs with an outcome",
        "What else was tried, and what came of it?",
        _steps(_has_result, least=SEVERAL),
    ),
    Criterion(
        ReadinessQuestion.EVIDENCE,
        ReadinessItem.HYPOTHESIS,
        5,
        "What is or was suspected: the hypothesis of a step",
        "What do you suspect? Give a step the hypothesis that it tests.",
        _steps(lambda step: step["hypothesis"]),
    ),
    Criterion(
        ReadinessQuestion.EVIDENCE,
        ReadinessItem.TEST,
        5,
        "A hypothesis that was tested: a step of it with an outcome",
        "What did the test of a suspicion show? Record its outcome.",
        _steps(_tests),
    ),
    Criterion(
        ReadinessQuestion.EVIDENCE,
        ReadinessItem.FINDING,
        5,
        "What was learnt: a step of the kind FINDING",
        "What has been learnt so far? Record it as a finding.",
        _steps(lambda step: step["kind"] == StepKind.FINDING),
    ),
    Criterion(
        ReadinessQuestion.EVIDENCE,
        ReadinessItem.CONFIDENCE,
        5,
        "How sure the raiser is of where the problem lies",
        "How sure are you of where the problem lies?",
        _column("confidence_tier"),
    ),
    Criterion(
        ReadinessQuestion.REACHABILITY,
        ReadinessItem.CONTACT,
        10,
        "How the customer can be reached",
        "How can the customer be reached: a number, an address, a channel?",
        _column("customer_contact"),
    ),
    Criterion(
        ReadinessQuestion.REACHABILITY,
        ReadinessItem.REACHABLE_UNTIL,
        5,
        "Until when they can be reached, and that has not passed",
        "Until when can the customer be reached?",
        _reachable,
    ),
)
