"""The judge itself: it lets a whole sequence pass, and finds each thing that must not happen."""

from dataclasses import replace

import pytest

from tests.chaos.streams.checker import Beginning, Fact, Log, Told, not_as_acknowledged, violations

KINDS = ("HandoffCreated", "HandoffClaimed", "HandoffReleased", "HandoffClaimed", "HandoffResolved")
CURSORS = ["start", *(f"cursor {number}" for number in range(1, 6))]
LOG = Log("acme", CURSORS, waiting=[0, 1, 0, 1, 0, 0])
OTHER = Log("globex", ["their start", "their cursor"], waiting=[0, 1])
FACTS = [Fact(c, kind, "handoff a") for c, kind in zip(CURSORS[1:], KINDS, strict=True)]
READY = Beginning(after=None, cursor="start", latest="start", waiting=0)


def whole() -> Told:
    """It begins before the first event, is cut after the second, and comes back."""
    again = Beginning(after="cursor 2", cursor="cursor 2", latest="cursor 3", waiting=1)
    return Told("start", list(FACTS), [READY, again])


def found(told: Told) -> list[str]:
    return violations(told, LOG, FACTS, [LOG, OTHER])


def test_a_whole_sequence_passes() -> None:
    assert found(whole()) == []


def test_who_begins_later_needs_no_more_than_what_follows() -> None:
    late = Told("cursor 3", FACTS[3:])
    assert found(late) == []
    assert found(replace(late, facts=FACTS[2:])) == [
        "unasked: event 3 (HandoffReleased) is not for this stream"
    ]


@pytest.mark.parametrize("lost", range(5))
def test_a_missing_event_is_found_wherever_it_is(lost: int) -> None:
    told = whole()
    del told.facts[lost]
    assert found(told) == [f"missing: 1 of 5 events: {lost + 1}"]


def test_a_client_that_was_given_nothing_misses_everything() -> None:
    assert found(Told("start")) == ["missing: 5 of 5 events: 1, 2, 3, 4, 5"]
    assert found(Told()) == ["it never began"]


@pytest.mark.parametrize("repeated", range(5))
@pytest.mark.parametrize("later", [0, 4])
def test_a_repeated_event_is_found_at_once_or_much_later(repeated: int, later: int) -> None:
    told = whole()
    told.facts.insert(repeated + 1 + later, told.facts[repeated])
    assert found(told) == [f"repeated: event {repeated + 1} came again after {told_until(told)}"]


def told_until(told: Told) -> int:
    """The latest event before the second of two that are the same."""
    seen: list[Fact] = []
    for fact in told.facts:
        if fact in seen:
            return len(seen)
        seen.append(fact)
    raise AssertionError(told)


@pytest.mark.parametrize("first", range(4))
def test_two_swapped_events_are_found(first: int) -> None:
    told = whole()
    told.facts[first : first + 2] = reversed(told.facts[first : first + 2])
    assert found(told) == [f"swapped: event {first + 1} came after {first + 2}"]


def test_an_event_of_another_account_is_found() -> None:
    told = whole()
    told.facts.insert(2, Fact("their cursor", "HandoffCreated", "handoff z"))
    assert found(told) == [
        "foreign: HandoffCreated of handoff z belongs to globex, not to acme",
    ]
    told.facts[2] = Fact("a cursor of nobody", "HandoffCreated", "handoff z")
    assert "belongs to no account at all" in found(told)[0]


def test_an_event_of_another_account_under_a_cursor_of_this_one_is_found() -> None:
    told = whole()
    told.facts[2] = replace(told.facts[2], about="handoff z")
    assert found(told)[0].startswith("wrong: event 3 is told as")


def test_an_event_of_another_kind_than_the_log_has_is_found() -> None:
    told = whole()
    told.facts[1] = replace(told.facts[1], kind="HandoffReleased")
    assert found(told)[0].startswith("wrong: event 2 is told as")


def test_what_another_stream_should_have_is_found() -> None:
    raised = [fact for fact in FACTS if fact.kind == "HandoffCreated"]
    told = Told("start", FACTS[:2])
    assert violations(told, LOG, raised) == [
        "unasked: event 2 (HandoffClaimed) is not for this stream"
    ]
    assert violations(Told("start", raised), LOG, raised) == []


def test_a_stream_that_begins_elsewhere_or_counts_wrong_is_found() -> None:
    told = whole()
    told.beginnings[1] = replace(told.beginnings[1], cursor="cursor 3")
    assert found(told) == ["beginning 2: asked for what comes after cursor 2, it began at cursor 3"]
    told.beginnings[1] = Beginning("cursor 3", "cursor 3", "cursor 2", 0)
    assert found(told) == ["beginning 2: its latest, 2, is before its cursor, 3"]
    told.beginnings[1] = Beginning("cursor 3", "cursor 3", "cursor 3", 0)
    assert found(told) == ["beginning 2: 1 waited after event 3, not 0"]
    told.beginnings[1] = Beginning(None, "their cursor", "their cursor", 1)
    assert found(told) == ["foreign: beginning 2: its cursors are not in the log of acme"]
    assert found(Told("their start")) == [
        "it began at their start, which is not in the log of acme"
    ]


def test_a_change_that_is_lost_or_was_done_twice_is_found() -> None:
    told = {"handoff a": ["HandoffCreated", "HandoffClaimed"]}
    assert not_as_acknowledged(told, told) == []
    for log in ({}, {"handoff a": [*told["handoff a"], "HandoffClaimed"]}):
        assert len(not_as_acknowledged(log, told)) == 1
    assert len(not_as_acknowledged(told | {"handoff b": ["HandoffCreated"]}, told)) == 1
