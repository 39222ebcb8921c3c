"""What a language model made of the steps, as a part of the account.

Of its answer only what stood: plain text, each statement with the steps that it rests on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from db.models.vocabulary import Confidence
from services.documentation.layout import inline

SUMMARY: Final = 800  # characters
CAUSE: Final = 400
LONGEST_LINE: Final = 200  # of any other statement, as of whatever stands in a list
LONGEST_DETAIL: Final = 400  # of how to do what is suggested
KNOWN: Final = ("Known", "what_we_know")
POSSIBLE: Final = ("Possible", "remaining_hypotheses")


@dataclass(frozen=True, slots=True)
class Assessed:
    """``content`` as table assessment keeps it. ``brief``: without what else is possible, and
    without how to do what is suggested."""

    content: Mapping[str, Any]
    confidence: Confidence | None = None
    brief: bool = False


def reading(assessed: Assessed, steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Under a heading of its own. ``steps`` are those that it may cite."""
    numbers = _numbers(steps)
    content = assessed.content
    yield "By a language model, from the steps below. Each statement names those it rests on."
    if content.get("summary"):
        yield ""
        yield inline(content["summary"], SUMMARY)
    lines = [
        f"- **{name}:** {inline(each['text'], LONGEST_LINE)} ({_cited(each, numbers)})"
        for name, part in ([KNOWN] if assessed.brief else [KNOWN, POSSIBLE])
        for each in content.get(part, ())
    ]
    if cause := content.get("likely_cause"):
        sure = f"{assessed.confidence.lower()} confidence, " if assessed.confidence else ""
        told = f"{inline(cause['text'], CAUSE)} ({sure}{_cited(cause, numbers)})"
        lines.insert(0, f"- **Likely cause:** {told}")
    if lines:
        yield ""
        yield from lines
    if assessed.brief:
        yield ""
        yield "What else is possible, and how to do what is suggested, is with the handoff."


def suggested(assessed: Assessed, steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """What it would do next, in lines of a list; none where it suggests nothing."""
    numbers = _numbers(steps)
    lines = []
    for each in assessed.content.get("suggested_next_steps", ()):
        lines.append(f"- {inline(each['title'], LONGEST_LINE)} ({_cited(each, numbers)})")
        if each.get("detail") and not assessed.brief:
            lines.append(f"  - {inline(each['detail'], LONGEST_DETAIL)}")
    return lines


def _cited(each: Mapping[str, Any], numbers: Mapping[str, int]) -> str:
    found = sorted(numbers[step_id] for step_id in each["evidence"])
    return f"step{'s' * (len(found) > 1)} {', '.join(map(str, found))}"


def _numbers(steps: Sequence[Mapping[str, Any]]) -> Mapping[str, int]:
    return {step["id"]: step["position"] for step in steps}
