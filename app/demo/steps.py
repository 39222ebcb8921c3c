"""Short names for the entries of a timeline, so that a case reads as it happened."""

from app.demo.shapes import Step
from db.models.vocabulary import StepKind, StepOutcome

WORKED = StepOutcome.WORKED
FAILED = StepOutcome.FAILED
INCONCLUSIVE = StepOutcome.INCONCLUSIVE
PENDING = StepOutcome.PENDING


def question(at: int, title: str, detail: str) -> Step:
    """Something the customer was asked, with the answer."""
    return Step(at, StepKind.QUESTION, WORKED, title, detail)


def check(
    at: int, outcome: StepOutcome, title: str, detail: str, hypothesis: str | None = None
) -> Step:
    """Something looked at without changing it."""
    return Step(at, StepKind.CHECK, outcome, title, detail, hypothesis)


def action(
    at: int, outcome: StepOutcome, title: str, detail: str, hypothesis: str | None = None
) -> Step:
    """Something changed."""
    return Step(at, StepKind.ACTION, outcome, title, detail, hypothesis)


def finding(
    at: int,
    title: str,
    detail: str,
    hypothesis: str | None = None,
    outcome: StepOutcome = WORKED,
) -> Step:
    """What the evidence so far says."""
    return Step(at, StepKind.FINDING, outcome, title, detail, hypothesis)


def note(at: int, title: str, detail: str) -> Step:
    """What the next reader should know, such as an agreement with the customer."""
    return Step(at, StepKind.NOTE, WORKED, title, detail)
