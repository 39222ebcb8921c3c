"""What a language model may do instead of answering, and what must become of an assessment then."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from db.models.vocabulary import AssessmentReason, AssessmentState
from tests.harness.messages import Reply, refused, said


def _answer(**parts: Any) -> str:
    whole = {
        "summary": {"text": "Outlook asks again and again for a password.", "evidence": ["S1"]},
        "whatWeKnow": [{"text": "A new profile made no difference.", "evidence": ["S4"]}],
        "likelyCause": None,
        "stepsTried": [],
        "remainingHypotheses": [],
        "suggestedNextSteps": [],
        "confidence": "LOW",
    }
    return orjson.dumps(whole | parts).decode()


INVENTED: Final = _answer(summary={"text": "All is well.", "evidence": ["S99"]}, whatWeKnow=[])


@dataclass(frozen=True, slots=True)
class Trouble:
    """``reply`` is what the model does. ``None``: there is no model."""

    name: str
    reply: Reply | None
    state: AssessmentState
    reason: AssessmentReason | None = None


CALM: Final = Trouble("disabled", None, AssessmentState.DISABLED)
TROUBLES: Final = (
    Trouble("good answer", said(_answer()), AssessmentState.READY),
    Trouble(
        "slow drip",
        said(_answer(), drip=0.05),
        AssessmentState.TIMED_OUT,
        AssessmentReason.OUT_OF_TIME,
    ),
    Trouble("hang", Reply(hang=True), AssessmentState.TIMED_OUT, AssessmentReason.OUT_OF_TIME),
    Trouble("429", refused(429), AssessmentState.FAILED, AssessmentReason.RATE_LIMITED),
    Trouble("529", refused(529), AssessmentState.FAILED, AssessmentReason.OVERLOADED),
    Trouble(
        "refusal",
        said("I can't help.", stop="refusal"),
        AssessmentState.FAILED,
        AssessmentReason.REFUSED,
    ),
    Trouble(
        "truncated",
        said(_answer()[:80], stop="max_tokens"),
        AssessmentState.FAILED,
        AssessmentReason.TRUNCATED,
    ),
    Trouble(
        "invalid JSON",
        said("Sure! Here is the JSON:"),
        AssessmentState.FAILED,
        AssessmentReason.MALFORMED,
    ),
    Trouble(
        "invented steps", said(INVENTED), AssessmentState.FAILED, AssessmentReason.NOTHING_STOOD
    ),
)
