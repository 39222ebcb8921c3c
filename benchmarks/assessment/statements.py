"""What is said in an answer, one by one: as a model wrote it, or as it is shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from benchmarks.assessment.situations import Place

LISTS: Final = {
    "whatWeKnow": Place.KNOWN,
    "stepsTried": Place.TRIED,
    "remainingHypotheses": Place.SUSPECTED,
    "suggestedNextSteps": Place.NEXT,
}
SHOWN: Final = {
    "what_we_know": Place.KNOWN,
    "steps_tried": Place.TRIED,
    "remaining_hypotheses": Place.SUSPECTED,
    "suggested_next_steps": Place.NEXT,
}


@dataclass(frozen=True, slots=True)
class Statement:
    """``evidence`` are labels of steps, such as S3. What is shown has no outcome."""

    place: Place
    text: str
    evidence: tuple[str, ...]
    outcome: str | None = None


def written(answer: str) -> list[Statement]:
    """Of what a model wrote; nothing if it is not of the shape that was asked for."""
    try:
        document = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return []
    if not isinstance(document, dict):
        return []
    found = [(Place.SUMMARY, document.get("summary")), (Place.CAUSE, document.get("likelyCause"))]
    found += [(place, one) for name, place in LISTS.items() for one in _list(document.get(name))]
    return [_statement(place, one) for place, one in found if isinstance(one, dict)]


def shown(content: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[Statement]:
    """Of what table assessment keeps. ``labels`` are those of steps, by their ids."""
    if content.get("summary"):
        yield Statement(Place.SUMMARY, content["summary"], ())
    found = [(Place.CAUSE, content["likely_cause"])] if content.get("likely_cause") else []
    found += [(place, one) for name, place in SHOWN.items() for one in content.get(name, ())]
    for place, one in found:
        cited = [labels[each] for each in one["evidence"]]
        yield _statement(place, one | {"evidence": cited})


def _statement(place: Place, found: Mapping[str, Any]) -> Statement:
    parts = [found.get("text"), found.get("title"), found.get("detail")]
    return Statement(
        place,
        ". ".join(part for part in parts if isinstance(part, str) and part),
        tuple(each for each in _list(found.get("evidence")) if isinstance(each, str)),
        found.get("outcome"),
    )


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []
