"""The judge is shown a run as it should be, and then one bad thing at a time."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.deliveries.checker import Promised, There, violations

ROW = Promised("d1", "h1", "SLACK", "SENT", "k1", "ts1", 2, [(1, "LOST"), (2, "SENT")], 8)
NOTE = Promised("d2", "h1", "PSA_NOTE", "SENT", "m1", "101", 1, [(1, "SENT")], 10)
TOLD = {"h1": {"d1", "d2"}}
FAILED = [(number, "FAILED") for number in range(1, 9)]


def vendors(cards: int = 1, notes: int = 1) -> dict[str, There]:
    return {
        "SLACK": There(Counter({"k1": cards}), {"ts1"}),
        "PSA_NOTE": There(Counter({"m1": notes}), {"101"}),
    }


def test_a_run_as_it_should_be_is_let_pass() -> None:
    assert violations([ROW, NOTE], TOLD, vendors()) == []
    dead = replace(ROW, state="DEAD", reference=None, attempts=8, outcomes=FAILED)
    assert violations([dead, NOTE], TOLD, vendors(cards=0)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "SENDING"}, "lost: it is SENDING"),
        ({"state": "FAILED"}, "lost: it is FAILED"),
        ({"state": "SKIPPED"}, "lost: it is SKIPPED"),
        ({"attempts": 3}, "3 attempts, but written down are [1, 2]"),
        ({"outcomes": [(1, None), (2, "SENT")]}, "SENT, after [None, 'SENT']"),
        ({"outcomes": [(1, "SENT"), (2, "SENT")]}, "SENT, after ['SENT', 'SENT']"),
        ({"outcomes": [(1, "SENT"), (2, "FAILED")]}, "SENT, after ['SENT', 'FAILED']"),
        ({"state": "DEAD", "outcomes": [(1, "FAILED"), (2, "LOST")]}, "DEAD, after"),
        ({"state": "DEAD", "attempts": 8, "outcomes": [*FAILED[:7], (8, "SENT")]}, "DEAD, after"),
        (
            {
                "state": "DEAD",
                "attempts": 8,
                "outcomes": [(1, "LOST"), *FAILED[1:7], (8, "REFUSED")],
            },
            "DEAD, after",
        ),
        ({"reference": "ts2"}, "the vendor calls nothing ts2"),
        ({"reference": None}, "the vendor calls nothing None"),
    ],
)
def test_a_row_that_is_not_true_is_found(changes: dict[str, Any], said: str) -> None:
    [found] = violations([replace(ROW, **changes), NOTE], TOLD, vendors())
    assert said in found


def test_what_was_acknowledged_and_is_gone_is_found() -> None:
    assert "lost: 1 promises of h1" in violations([NOTE], TOLD, vendors())
    assert violations([ROW, NOTE], {}, vendors()) == ["unasked: nobody was told of h1"]


def test_what_its_vendor_never_saw_is_found() -> None:
    [found] = violations([ROW, NOTE], TOLD, vendors(cards=0) | {"SLACK": There(Counter(), {"ts1"})})
    assert "has never seen k1" in found


def test_a_second_note_is_found_and_one_repeated_card_in_twenty_is_not() -> None:
    note = replace(NOTE, attempts=2, outcomes=[(1, "LOST"), (2, "SENT")])
    assert violations([ROW, note], TOLD, vendors(notes=2)) == ["repeated: 1 of 1 in PSA_NOTE"]
    rows = [replace(ROW, id=f"d{n}", name=f"k{n}") for n in range(20)]
    names = Counter(row.name for row in rows)
    told = {"h1": {row.id for row in rows}}
    assert violations(rows, told, {"SLACK": There(names + Counter(["k1"]), {"ts1"})}) == []
    assert violations(rows, told, {"SLACK": There(names + Counter(["k1", "k2"]), {"ts1"})}) == [
        "repeated: 2 of 20 in SLACK"
    ]


def test_a_success_that_was_told_and_overwritten_is_found() -> None:
    there = vendors(cards=2)
    assert violations([ROW, NOTE], TOLD, there, most_repeated=1) == []
    row = replace(ROW, outcomes=[(1, "FAILED"), (2, "SENT")])
    [found] = violations([row, NOTE], TOLD, there, most_repeated=1)
    assert "accepted 2 times, says the vendor, after ['FAILED', 'SENT']" in found
    assert violations([replace(row, too_late=1), NOTE], TOLD, there, most_repeated=1) == []
    there["SLACK"] = replace(there["SLACK"], unanswered=Counter(["k1"]))
    assert violations([row, NOTE], TOLD, there, most_repeated=1) == []


def test_a_repeat_under_another_key_is_found() -> None:
    there = vendors() | {"SLACK": There(Counter(["k1", "k9"]), {"ts1"})}
    assert "stranger: SLACK was given k9" in violations([ROW, NOTE], TOLD, there)
