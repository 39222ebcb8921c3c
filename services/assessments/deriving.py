"""What a timeline says by itself: no model, the same answer every time.

Source: docs/assessment.md, "Derived by rule".
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from db.database import Columns
from db.models.vocabulary import TRIED, StepKind, StepOutcome
from services.documentation import OUTCOMES
from services.text import TITLE

MOST: Final = 8  # suggestions
DECISIVE: Final = (StepOutcome.WORKED, StepOutcome.FAILED)

Step = Mapping[str, Any]


class Draft(NamedTuple):
    """A step to be: its texts are as long as those of steps may be."""

    kind: StepKind
    title: str
    detail: str | None = None
    hypothesis: str | None = None


class Suggestion(NamedTuple):
    """``title`` is of any length and may hold whatever its steps do; ``evidence`` are their ids.

    ``step`` is what it becomes once it is taken up.
    """

    title: str
    evidence: list[str]
    step: Draft


def derive(snapshot: Columns) -> dict[str, Any]:
    """Content of an assessment as far as a rule can tell it, shaped as a model's is kept.

    ``snapshot`` has `timeline` and `hypotheses_open` of table snapshot.
    """
    by_hypothesis = _by_hypothesis(snapshot["timeline"])
    return {
        "steps_tried": [
            {"text": _line(f"{step['title']}: {OUTCOMES[step['outcome']]}"), "evidence": _ids(step)}
            for step in snapshot["timeline"]
            if step["kind"] in TRIED
        ],
        "remaining_hypotheses": [
            {"text": _line(text), "evidence": _ids(*by_hypothesis.get(text.casefold(), ()))}
            for text in snapshot["hypotheses_open"]
        ],
        "suggested_next_steps": [
            {"title": _cut(_line(each.title)), "detail": None, "evidence": each.evidence}
            for each in suggestions(snapshot)
        ],
    }


def suggestions(snapshot: Columns) -> list[Suggestion]:
    """What was begun and not ended, what decided nothing, and what is suspected and was never
    tested, in this order.

    A suspicion that no step in the timeline names was met before the first of them, and may have
    been tested there: nothing is said of it.
    """
    timeline: Sequence[Step] = snapshot["timeline"]
    standing = _standing(timeline)
    by_hypothesis = _by_hypothesis(timeline)
    return [
        *(_again("Finish", step) for step in standing if step["outcome"] == StepOutcome.PENDING),
        *(
            _again("Repeat", step)
            for step in standing
            if step["outcome"] == StepOutcome.INCONCLUSIVE and not _decided(step, by_hypothesis)
        ),
        *(
            _test(text, steps)
            for text in snapshot["hypotheses_open"]
            if (steps := by_hypothesis.get(text.casefold()))
            and not any(step["kind"] in TRIED for step in steps)
        ),
    ][:MOST]


def drafts(snapshot: Columns) -> list[Draft]:
    """What each of the suggestions becomes."""
    return [each.step for each in suggestions(snapshot)]


def _again(verb: str, step: Step) -> Suggestion:
    """Under the name it had: of what is tried again, the last time counts."""
    draft = Draft(StepKind(step["kind"]), step["title"], hypothesis=step["hypothesis"])
    return Suggestion(f"{verb}: {step['title']}", _ids(step), draft)


def _test(hypothesis: str, steps: Sequence[Step]) -> Suggestion:
    title = f"Test: {hypothesis}"
    draft = Draft(StepKind.CHECK, _cut(_line(title)), hypothesis=hypothesis)
    return Suggestion(title, _ids(*steps), draft)


def _standing(timeline: Sequence[Step]) -> list[Step]:
    """What was tried; of what was tried again under the same name, the last time."""
    tried = [step for step in timeline if step["kind"] in TRIED]
    last = {step["title"].casefold(): step["id"] for step in tried}
    return [step for step in tried if last[step["title"].casefold()] == step["id"]]


def _decided(step: Step, by_hypothesis: Mapping[str, Sequence[Step]]) -> bool:
    """Whether a later step has decided the hypothesis that this one tests."""
    if not step["hypothesis"]:
        return False
    return any(
        other["outcome"] in DECISIVE and other["position"] > step["position"]
        for other in by_hypothesis[step["hypothesis"].casefold()]
    )


def _by_hypothesis(timeline: Sequence[Step]) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for step in timeline:
        if step["hypothesis"]:
            found.setdefault(step["hypothesis"].casefold(), []).append(step)
    return found


def _ids(*steps: Step) -> list[str]:
    return [step["id"] for step in steps]


def _line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str) -> str:
    """As long as the title of a step may be, which it is to become."""
    return text if len(text) <= TITLE else f"{text[: TITLE - 1]}…"
