"""What an assessment suggests, as steps of a session. Source: docs/assessment.md."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from db.database import Columns
from db.models.vocabulary import AssessmentState, StepKind
from services import text
from services.assessments.deriving import Draft, drafts, suggestions

DERIVED: Final = "derived"
ASSESSED: Final = "assessed"


def suggestion_id(source: str, place: int) -> str:
    """``derived:1`` is the first that was derived by rule: what is frozen never changes."""
    return f"{source}:{place}"


class NextSteps(NamedTuple):
    """``titles`` are of any length; ``derived``: by rule, without a language model."""

    titles: Sequence[str]
    derived: bool


def next_steps(snapshot: Columns, assessment: Columns) -> NextSteps:
    """What to do next, for who reads it elsewhere: what a model has suggested, or what a rule does.

    Of ``snapshot`` and ``assessment`` what ``steps`` needs.
    """
    assessed = _assessed(assessment)
    if assessed:
        return NextSteps([each["title"] for each in assessed], derived=False)
    return NextSteps([each.title for each in suggestions(snapshot)], derived=True)


def steps(snapshot: Columns, assessment: Columns) -> dict[str, Draft]:
    """The steps that can be started, by the ids of their suggestions.

    What was derived can be started also once a model has spoken: somebody may still be looking at
    it. ``snapshot`` has `timeline` and `hypotheses_open`, ``assessment`` `state` and `content`.
    """
    assessed = [_draft(each) for each in _assessed(assessment)]
    return _by_id(DERIVED, drafts(snapshot)) | _by_id(ASSESSED, assessed)


def _assessed(assessment: Columns) -> Sequence[Mapping[str, Any]]:
    """What the model suggests; nothing while it has not spoken."""
    if assessment["state"] != AssessmentState.READY:
        return ()
    suggested: Sequence[Mapping[str, Any]] = assessment["content"].get("suggested_next_steps", ())
    return suggested


def _by_id(source: str, found: list[Draft]) -> dict[str, Draft]:
    return {suggestion_id(source, place): draft for place, draft in enumerate(found, 1)}


def _draft(suggested: Mapping[str, Any]) -> Draft:
    """As long as what people write may be."""
    detail = suggested.get("detail")
    return Draft(StepKind.CHECK, suggested["title"][: text.TITLE], detail and detail[: text.LONG])
