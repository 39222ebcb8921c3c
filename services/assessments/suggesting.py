"""What an assessment suggests, as steps of a session. Source: docs/assessment.md."""

from collections.abc import Mapping
from typing import Any, Final

from db.database import Columns
from db.models.vocabulary import AssessmentState, StepKind
from services import text
from services.assessments.deriving import Draft, drafts

DERIVED: Final = "derived"
ASSESSED: Final = "assessed"


def suggestion_id(source: str, place: int) -> str:
    """``derived:1`` is the first that was derived by rule: what is frozen never changes."""
    return f"{source}:{place}"


def steps(snapshot: Columns, assessment: Columns) -> dict[str, Draft]:
    """The steps that can be started, by the ids of their suggestions.

    What was derived can be started also once a model has spoken: somebody may still be looking at
    it. ``snapshot`` has `timeline` and `hypotheses_open`, ``assessment`` `state` and `content`.
    """
    content: Mapping[str, Any] = assessment["content"]
    ready = assessment["state"] == AssessmentState.READY
    suggested = content.get("suggested_next_steps", ()) if ready else ()
    return _by_id(DERIVED, drafts(snapshot)) | _by_id(ASSESSED, [_draft(one) for one in suggested])


def _by_id(source: str, found: list[Draft]) -> dict[str, Draft]:
    return {suggestion_id(source, place): draft for place, draft in enumerate(found, 1)}


def _draft(suggested: Mapping[str, Any]) -> Draft:
    """As long as what people write may be."""
    detail = suggested.get("detail")
    return Draft(StepKind.CHECK, suggested["title"][: text.TITLE], detail and detail[: text.LONG])
