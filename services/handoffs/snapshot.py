"""What is frozen when a handoff is raised: the timeline, and what is still suspected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from db.models.vocabulary import StepOutcome

RECENT: Final = 100  # steps that travel; the whole timeline stays with the session
LONGEST_DETAIL: Final = 4_000  # characters of a step's detail that travel


@dataclass(frozen=True, slots=True)
class Frozen:
    """``timeline`` holds the most recent RECENT of ``step_count`` steps, oldest first."""

    step_count: int
    timeline: list[dict[str, Any]]
    hypotheses_open: list[str]
    hypotheses_ruled_out: list[str]


def freeze(steps: Sequence[Mapping[str, Any]]) -> Frozen:
    """``steps`` is the whole timeline in order, each with the columns of table step."""
    still_open, ruled_out = _hypotheses(steps)
    return Frozen(len(steps), [_bounded(step) for step in steps[-RECENT:]], still_open, ruled_out)


def _bounded(step: Mapping[str, Any]) -> dict[str, Any]:
    detail = step["detail"]
    if detail is not None and len(detail) > LONGEST_DETAIL:
        detail = detail[: LONGEST_DETAIL - 1] + "…"
    return {**step, "detail": detail}


def _hypotheses(steps: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """(still open, ruled out), each in the order of first mention.

    The last decisive step speaks for a hypothesis: FAILED rules it out. Letter case does not make
    two of one.
    """
    spelled: dict[str, str] = {}
    failed: dict[str, bool] = {}
    for step in steps:
        if not step["hypothesis"]:
            continue
        key = step["hypothesis"].casefold()
        spelled.setdefault(key, step["hypothesis"])
        if step["outcome"] in (StepOutcome.WORKED, StepOutcome.FAILED):
            failed[key] = step["outcome"] == StepOutcome.FAILED
    still_open = [text for key, text in spelled.items() if not failed.get(key)]
    ruled_out = [text for key, text in spelled.items() if failed.get(key)]
    return still_open, ruled_out
