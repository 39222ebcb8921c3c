"""What an answer is worth. It shares nothing with the rules that judge answers in the service.

Source: docs/assessment.md, "How good the answers are".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.assessment.situations import Fault, Finding, Place, Situation
from benchmarks.assessment.statements import Statement, shown, written
from db.models.vocabulary import TRIED, AssessmentState
from services.sessions.recording import StepDraft

MARKUP: Final = re.compile(r"[<>`]|https?:|www\.|\]\(|\*\*|@\w")
WORD: Final = re.compile(r"[^\W_]{3,}|\d{2,}")
STEM: Final = 5  # letters: so that "lookup" and "lookups" are one word
OF_TEN: Final = 2
"""So many in ten of a statement's words stand in the steps that it cites, or it does not rest on
them. A measure of words, not of meaning: what is made up out of nothing falls below it."""
OF_TEN_ADVISED: Final = 1  # advice has words of its own
EMPTY_WORDS: Final = frozenset(
    """
    after again all also and any are before been but can did does for from had has have her his
    into its may must not nothing off one only out same still than that the their them then there
    they this two was were what when which who will with would
    """.split()  # noqa: SIM905 - a list of words reads better than a list of strings
)


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one session. ``question`` and ``answer`` went over the wire, ``content`` is
    what is shown of it; ``labels`` of steps by their ids."""

    state: AssessmentState
    reason: str | None
    question: str | None
    answer: str | None
    content: Mapping[str, Any]
    labels: Mapping[str, str]
    dropped: int = 0
    latency_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    fault: Fault
    what: str


@dataclass(frozen=True, slots=True)
class Score:
    """``said`` was in the answer; ``kept`` is shown to people, or was sent to the model."""

    situation: Situation
    run: Run
    statements: int
    unsupported: tuple[Statement, ...]
    untried: tuple[str, ...]
    missed: tuple[str, ...]
    said: tuple[Violation, ...]
    kept: tuple[Violation, ...]

    @property
    def to_try(self) -> int:
        return len(_tried(self.situation))

    @property
    def as_expected(self) -> bool:
        return self.run.state is self.situation.state


def score(situation: Situation, run: Run) -> Score:
    said = written(run.answer or "")
    steps = {f"S{number}": step for number, step in enumerate(situation.steps, 1)}
    # who has nothing to cite can only say so
    claims = said if steps else []
    seen = list(shown(run.content, run.labels))
    cited = {each for one in seen if one.place is Place.TRIED for each in one.evidence}
    return Score(
        situation,
        run,
        len(claims),
        tuple(each for each in claims if not _rests(each, steps)),
        tuple(each for each in _tried(situation) if each not in cited),
        tuple(each.what for each in situation.findings if not _found(each, seen)),
        (*_invented(said, steps), *_outcomes(said, steps), *_faults(situation, said)),
        (*_secrets(situation, run.question or ""), *_kept(situation, seen)),
    )


def _tried(situation: Situation) -> list[str]:
    return [f"S{at}" for at, step in enumerate(situation.steps, 1) if step.kind in TRIED]


# ------------------------------------------------------------------ evidence


def _rests(claim: Statement, steps: Mapping[str, StepDraft]) -> bool:
    """All that it cites is there, says what it says of the outcome, and is about the same."""
    if not claim.evidence or not all(each in steps for each in claim.evidence):
        return False
    cited = [steps[each] for each in claim.evidence]
    if claim.place is Place.TRIED and any(step.outcome != claim.outcome for step in cited):
        return False
    words = _words(claim.text)
    there = _words(" ".join(filter(None, (text for step in cited for text in _texts(step)))))
    least = OF_TEN_ADVISED if claim.place is Place.NEXT else OF_TEN
    return 10 * len(words & there) >= least * len(words)


def _texts(step: StepDraft) -> Iterator[str | None]:
    yield from (step.title, step.detail, step.hypothesis)


def _words(text: str) -> set[str]:
    return {word[:STEM] for word in WORD.findall(text.casefold()) if word not in EMPTY_WORDS}


def _found(finding: Finding, seen: Sequence[Statement]) -> bool:
    return any(
        each.place in finding.places
        and finding.steps & {*each.evidence}
        and finding.says.search(each.text)
        for each in seen
    )


# ------------------------------------------------------------------ what must not be said


def _invented(said: Sequence[Statement], steps: Mapping[str, StepDraft]) -> Iterator[Violation]:
    for each in said:
        for cited in each.evidence:
            if cited not in steps:
                yield Violation(Fault.INVENTED, f"{cited}: {each.text}")


def _outcomes(said: Sequence[Statement], steps: Mapping[str, StepDraft]) -> Iterator[Violation]:
    for each in said:
        recorded = {steps[cited].outcome for cited in each.evidence if cited in steps}
        if each.place is Place.TRIED and recorded and each.outcome not in recorded:
            yield Violation(Fault.CONTRADICTION, f"{each.outcome}: {each.text}")


def _kept(situation: Situation, seen: Sequence[Statement]) -> Iterator[Violation]:
    yield from _faults(situation, seen)
    for each in seen:
        if MARKUP.search(each.text):
            yield Violation(Fault.MARKUP, each.text)


def _faults(situation: Situation, said: Sequence[Statement]) -> Iterator[Violation]:
    for each in said:
        yield from _secrets(situation, each.text)
        for forbidden in situation.forbidden:
            if forbidden.says.search(each.text):
                yield Violation(forbidden.fault, f"{forbidden.what}: {each.text}")


def _secrets(situation: Situation, text: str) -> Iterator[Violation]:
    for number, secret in enumerate(situation.secrets, 1):
        if secret in text:
            yield Violation(Fault.SECRET, f"secret {number} of {situation.name}")
