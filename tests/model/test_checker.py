"""The judge itself: it lets good histories pass, and finds each thing that must not happen."""

from dataclasses import replace

import pytest

from tests.model.checker import (
    CLAIM,
    CREATED,
    RELEASE,
    Attempt,
    Effect,
    History,
    Outcome,
    Result,
    lost_but_done,
    overtaken,
    violations,
)

HANDOFF = 0


def attempt(
    at: int, who: str, what: str, during: tuple[float, float], result: Result, **said: object
) -> Attempt:
    invoked, returned = during
    plain = Attempt(at, f"{who}:{at}", who, what, HANDOFF, invoked, returned, result)
    return replace(plain, **said)  # type: ignore[arg-type]


def good() -> History:
    """Ann wins, Bob hears of it, Ann lets go, Bob wins; his answer is lost and he asks again."""
    return History(
        attempts=[
            attempt(1, "ann", CLAIM, (1, 4), Result.OK, version=2, holder="ann"),
            attempt(2, "bob", CLAIM, (2, 5), Result.TAKEN, holder="ann", since=1),
            attempt(3, "ann", RELEASE, (6, 7), Result.OK, version=3),
            attempt(4, "bob", CLAIM, (8, 9), Result.LOST, request="bob:4"),
            attempt(5, "bob", CLAIM, (10, 11), Result.OK, version=4, holder="bob", request="bob:4"),
            attempt(6, "eve", CLAIM, (12, 13), Result.CHANGED, version=4),
        ],
        effects=[
            Effect(1, HANDOFF, CREATED, "zoe"),
            Effect(2, HANDOFF, CLAIM, "ann", 1),
            Effect(3, HANDOFF, RELEASE, "ann", 3),
            Effect(4, HANDOFF, CLAIM, "bob", 4),
        ],
        outcomes=[Outcome(HANDOFF, 4, "bob")],
        admins=frozenset({"eve"}),
    )


def found(history: History) -> str:
    return "\n".join(violations(history))


def test_a_history_that_keeps_every_promise_passes() -> None:
    assert violations(good()) == []


def test_it_counts_what_was_lost_and_what_was_overtaken() -> None:
    history = good()
    assert (lost_but_done(history), overtaken(history)) == (1, 0)
    history.attempts[4] = replace(history.attempts[4], invoked=15, returned=16)
    history.attempts.append(attempt(7, "eve", RELEASE, (12, 14), Result.OK, version=5))
    history.effects.append(Effect(5, HANDOFF, RELEASE, "eve", 7))
    assert overtaken(history) == 1


def test_two_winners_of_one_epoch_are_found() -> None:
    history = good()
    history.attempts[1] = attempt(2, "bob", CLAIM, (2, 5), Result.OK, version=2, holder="bob")
    assert "C1: version 2 was given to ann and to bob" in found(history)


def test_a_winner_who_had_not_asked_is_found() -> None:
    history = good()
    history.attempts[1] = replace(history.attempts[1], returned=0.5, invoked=0.2)
    assert "C2: bob:2 names ann" in found(history)


def test_somebody_who_is_told_that_it_is_taken_by_themselves_is_found() -> None:
    history = good()
    history.attempts[4] = attempt(5, "bob", CLAIM, (10, 11), Result.TAKEN, holder="bob", since=4)
    assert "bob is told that it is taken by themselves" in found(history)


def test_an_ok_for_what_another_has_is_found() -> None:
    history = good()
    history.attempts[0] = replace(history.attempts[0], holder="bob")
    assert "ann is told OK, but bob has it" in found(history)


def test_an_answer_that_is_taken_back_is_found() -> None:
    history = good()
    history.attempts[5] = replace(history.attempts[5], version=3)
    assert "C3: eve:6 saw version 3 after 4 was answered" in found(history)


def test_a_second_winner_without_a_release_between_is_found() -> None:
    history = good()
    del history.attempts[2]
    assert "C3: bob got it (version 4) after ann (version 2)" in found(history)


def test_an_event_that_was_over_before_an_earlier_one_began_is_found() -> None:
    history = good()
    history.attempts[2] = replace(history.attempts[2], invoked=0.1, returned=0.2)
    assert "C3: event 3 was over before an earlier one had begun" in found(history)


def test_an_acknowledged_claim_that_was_lost_is_found() -> None:
    history = good()
    del history.effects[3]
    history.outcomes[0] = Outcome(HANDOFF, 3, None)
    assert "C4: bob:4 was told version 4, which never was" in found(history)


def test_an_acknowledged_claim_that_the_log_gives_to_another_is_found() -> None:
    history = good()
    history.effects[1] = replace(history.effects[1], who="bob", at=2)
    assert "C4: ann:1 was told that ann has version 2, which by the log bob had" in found(history)


def test_an_acknowledged_release_without_effect_is_found() -> None:
    history = good()
    history.attempts.append(attempt(9, "bob", RELEASE, (14, 15), Result.OK, version=3))
    assert "C4: bob:9 was told OK and never took effect" in found(history)


def test_a_repeat_that_is_refused_after_it_took_effect_is_found() -> None:
    history = good()
    refused = attempt(
        9, "ann", RELEASE, (9, 10), Result.REFUSED, request="ann:3", told="NotAllowed"
    )
    history.attempts.append(refused)
    assert "C4: ann:3 took effect and was refused afterwards: NotAllowed" in found(history)


def test_a_final_state_that_is_not_what_was_acknowledged_last_is_found() -> None:
    history = good()
    history.outcomes[0] = Outcome(HANDOFF, 4, None)
    assert "C4: None has it in the end, but by the log bob has" in found(history)


def test_a_hole_in_the_log_is_found() -> None:
    history = good()
    history.effects[3] = replace(history.effects[3], seq=5)
    assert "C5: event 4 is missing, 5 comes next" in found(history)


def test_a_change_without_an_event_is_found() -> None:
    history = good()
    history.outcomes[0] = Outcome(HANDOFF, 5, "bob")
    assert "C5: version 5 after 4 events" in found(history)


def test_two_claims_in_a_row_are_found() -> None:
    history = good()
    history.effects[2] = Effect(3, HANDOFF, CLAIM, "bob", 2)
    assert "C5: event 3 is a claim, but release was next" in found(history)


def test_a_release_by_who_does_not_have_it_is_found_unless_an_admin_does_it() -> None:
    history = good()
    history.attempts[2] = attempt(3, "bob", RELEASE, (6, 7), Result.OK, version=3)
    history.effects[2] = replace(history.effects[2], who="bob")
    assert "C5: event 3: bob released what ann had" in found(history)
    history.attempts[2] = attempt(3, "eve", RELEASE, (6, 7), Result.OK, version=3)
    history.effects[2] = replace(history.effects[2], who="eve")
    assert violations(history) == []


def test_an_event_that_nobody_asked_for_is_found() -> None:
    history = good()
    history.effects[2] = replace(history.effects[2], at=99)
    assert "C5: nobody asked for event 3" in found(history)


def test_an_old_request_that_takes_effect_in_a_later_epoch_is_found() -> None:
    history = good()
    history.attempts[4] = attempt(
        5, "bob", CLAIM, (20, 21), Result.OK, version=6, holder="bob", request="bob:4"
    )
    history.attempts.append(attempt(7, "eve", RELEASE, (14, 15), Result.OK, version=5))
    history.effects += [
        Effect(5, HANDOFF, RELEASE, "eve", 7),
        Effect(6, HANDOFF, CLAIM, "bob", 5),
    ]
    history.outcomes[0] = Outcome(HANDOFF, 6, "bob")
    assert violations(history) == ["C5: bob:4 took effect 2 times: events 4, 6"]


@pytest.mark.parametrize("what", [CLAIM, RELEASE])
def test_an_answer_that_nobody_should_get_is_found(what: str) -> None:
    history = good()
    history.attempts.append(attempt(9, "eve", what, (14, 15), Result.BROKEN, told="a deadlock"))
    assert violations(history) == ["eve:9 was answered with a deadlock"]
