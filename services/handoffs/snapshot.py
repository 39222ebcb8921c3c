"""What is frozen when a handoff is raised: the timeline, and what is still suspected.

Bounded, and it says what was left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from db.models.vocabulary import StepOutcome

RECENT: Final = 100  # steps that travel; the whole timeline stays with the session
LONGEST_DETAIL: Final = 4_000  # characters of a step's detail that travel
MOST_HYPOTHESES: Final = 100  # of those still open that travel, and of those ruled out


@dataclass(frozen=True, slots=True)
class Frozen:
    """``timeline`` holds the most recent RECENT of ``step_count`` steps, oldest first.

    ``branch_count`` is how many hypotheses there are, listed or not. ``left_out`` says how many of
    `steps`, `hypotheses_open` and `hypotheses_ruled_out` are not in it, and of how many steps in it
    the end of the `details` is not; a part that is whole is not named.
    """

    step_count: int
    branch_count: int
    timeline: list[dict[str, Any]]
    hypotheses_open: list[str]
    hypotheses_ruled_out: list[str]
    left_out: dict[str, int]


def freeze(steps: Sequence[Mapping[str, Any]]) -> Frozen:
    """``steps`` is the whole timeline in order, each with the columns of table step."""
    still_open, ruled_out = _hypotheses(steps)
    recent = steps[-RECENT:]
    left_out = {
        "steps": len(steps) - len(recent),
        "details": sum(map(_is_long, recent)),
        "hypotheses_open": len(still_open) - MOST_HYPOTHESES,
        "hypotheses_ruled_out": len(ruled_out) - MOST_HYPOTHESES,
    }
    return Frozen(
        len(steps),
        len(still_open) + len(ruled_out),
        [_bounded(step) for step in recent],
        still_open[-MOST_HYPOTHESES:],
        ruled_out[-MOST_HYPOTHESES:],
        {part: number for part, number in left_out.items() if number > 0},
    )


def _is_long(step: Mapping[str, Any]) -> bool:
    detail = step["detail"]
    return detail is not None and len(detail) > LONGEST_DETAIL


def _bounded(step: Mapping[str, Any]) -> dict[str, Any]:
    if _is_long(step):
        return {**step, "detail": step["detail"][: LONGEST_DETAIL - 1] + "…"}
    return {**step}


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
