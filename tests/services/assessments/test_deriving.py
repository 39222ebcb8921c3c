"""What a timeline says without a model."""

from typing import Any

import pytest

from services.assessments.deriving import derive
from services.handoffs.snapshot import RECENT, freeze


def step(position: int, kind: str, title: str, outcome: str, hypothesis: str | None = None) -> Any:
    return {
        "id": f"id-{position}",
        "position": position,
        "kind": kind,
        "title": title,
        "detail": None,
        "hypothesis": hypothesis,
        "outcome": outcome,
    }


def derived(*steps: Any) -> dict[str, Any]:
    frozen = freeze(steps)
    return derive({"timeline": frozen.timeline, "hypotheses_open": frozen.hypotheses_open})


def test_what_was_tried_is_told_with_its_outcome_and_questions_and_notes_are_left_out() -> None:
    found = derived(
        step(1, "QUESTION", "Since when?", "WORKED"),
        step(2, "ACTION", "Restarted the spooler", "FAILED"),
        step(3, "CHECK", "Pinged the server", "WORKED"),
        step(4, "NOTE", "Call after two", "WORKED"),
    )
    assert found["steps_tried"] == [
        {"text": "Restarted the spooler: did not work", "evidence": ["id-2"]},
        {"text": "Pinged the server: worked", "evidence": ["id-3"]},
    ]


def test_what_is_ruled_out_is_no_hypothesis_any_more() -> None:
    found = derived(
        step(1, "CHECK", "Asked the cache", "INCONCLUSIVE", "Stale DNS"),
        step(2, "CHECK", "Looked at the lease", "WORKED", "Address conflict"),
        step(3, "ACTION", "Flushed the cache", "FAILED", "stale dns"),
    )
    assert found["remaining_hypotheses"] == [{"text": "Address conflict", "evidence": ["id-2"]}]


def test_next_is_what_was_begun_then_what_decided_nothing_then_what_was_never_tested() -> None:
    found = derived(
        step(1, "FINDING", "It began on Monday", "WORKED", "An update"),
        step(2, "CHECK", "Compared the clocks", "INCONCLUSIVE", "Clock skew"),
        step(3, "ACTION", "Reseating the cable", "PENDING"),
        step(4, "CHECK", "Read the log", "WORKED"),
    )
    assert found["suggested_next_steps"] == [
        {"title": "Finish: Reseating the cable", "detail": None, "evidence": ["id-3"]},
        {"title": "Repeat: Compared the clocks", "detail": None, "evidence": ["id-2"]},
        {"title": "Test: An update", "detail": None, "evidence": ["id-1"]},
    ]


def titles(*steps: Any) -> list[str]:
    return [each["title"] for each in derived(*steps)["suggested_next_steps"]]


def test_what_was_tried_again_is_suggested_as_it_stands_now() -> None:
    assert titles(
        step(1, "CHECK", "Read the log", "INCONCLUSIVE"),
        step(2, "ACTION", "Restarted the spooler", "PENDING"),
        step(3, "CHECK", "Compared the clocks", "INCONCLUSIVE"),
        step(4, "CHECK", "read the log", "FAILED"),
        step(5, "ACTION", "Restarted the spooler", "WORKED"),
        step(6, "CHECK", "Compared the clocks", "PENDING"),
    ) == ["Finish: Compared the clocks"]


@pytest.mark.parametrize("decision", ["WORKED", "FAILED"])
def test_what_decided_nothing_is_not_repeated_once_its_hypothesis_is_decided(decision: str) -> None:
    undecided = step(2, "CHECK", "Asked the cache", "INCONCLUSIVE", "Stale DNS")
    assert titles(undecided, step(3, "CHECK", "Flushed it", decision, "stale dns")) == []
    before = step(1, "CHECK", "Flushed it", decision, "stale dns")
    assert titles(before, undecided) == ["Repeat: Asked the cache"]
    other = step(3, "CHECK", "Looked at the lease", decision, "Address conflict")
    assert titles(undecided, other) == ["Repeat: Asked the cache"]


def test_what_was_met_before_the_frozen_steps_is_not_said_to_be_untested() -> None:
    early = step(1, "CHECK", "Asked the cache", "INCONCLUSIVE", "Stale DNS")
    late = [step(number, "NOTE", "Waiting", "WORKED") for number in range(2, RECENT + 2)]
    found = derived(early, *late)
    assert found["remaining_hypotheses"] == [{"text": "Stale DNS", "evidence": []}]
    assert found["suggested_next_steps"] == []


def test_there_are_never_more_suggestions_than_somebody_reads() -> None:
    many = [step(number, "CHECK", f"Check {number}", "PENDING") for number in range(1, 40)]
    assert titles(*many) == [f"Finish: Check {number}" for number in range(1, 9)]


def test_a_suggestion_is_one_line_however_it_was_typed() -> None:
    assert titles(step(1, "CHECK", "Read\n  the log", "PENDING")) == ["Finish: Read the log"]


def test_a_suggestion_is_never_longer_than_a_step_may_be_called() -> None:
    found = derived(step(1, "CHECK", "x" * 200, "PENDING"))
    assert len(found["suggested_next_steps"][0]["title"]) == 200


def test_nothing_is_derived_from_nothing() -> None:
    assert derived() == {"steps_tried": [], "remaining_hypotheses": [], "suggested_next_steps": []}
