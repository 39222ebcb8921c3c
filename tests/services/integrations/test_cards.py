"""What cards say: enough to act on, never too much, and the newest first to stay."""

import pytest

from services.integrations.cards import SHRINKING, TRIED, Card, card, fitting, headline
from services.integrations.protocol import Letter, Purpose, Tried
from tests.services.integrations.letters import OF_HANDOFFS, letter


def whole(letter: Letter, step: int = 0) -> Card:
    return card(letter, SHRINKING[step], len, whole=True)


def tried(card: Card) -> tuple[list[str], str | None]:
    [part] = [part for part in card.parts if part.label == TRIED]
    return list(part.texts), part.more


def steps(count: int) -> list[Tried]:
    return [Tried(f"Step {number}", "worked") for number in range(1, count + 1)]


def test_of_a_long_timeline_the_newest_steps_are_shown_and_the_others_counted():
    shown, more = tried(whole(letter(tried=steps(100), step_count=240)))

    assert shown == [f"Step {number}: worked" for number in range(91, 101)]
    assert more == "and 230 more before"


def test_a_timeline_that_is_not_shown_at_all_is_counted():
    assert tried(whole(letter(tried=steps(7), step_count=7), 3)) == (
        [],
        "7 steps, to be read at the handoff",
    )


def test_nothing_tried_is_said_so():
    assert tried(whole(letter(tried=[], step_count=0))) == ([], "Nothing was recorded.")


def test_the_timeline_gives_way_before_any_other_word_does():
    told = letter(tried=steps(50), step_count=50, reason="r" * 1000)
    tight = fitting(told, lambda card: card, lambda card: len(tried(card)[0]) == 0)

    assert next(part for part in tight.parts if part.label.startswith("Why")).texts == ["r" * 1000]


def test_texts_are_cut_and_show_that_they_were():
    [news] = [
        part.texts[0] for part in whole(letter(reason="x" * 5000)).parts if part.label[:3] == "Why"
    ]
    assert len(news) == 1400
    assert news.endswith("x…")


@pytest.mark.parametrize("unseen", ["\N{NULL}", "\x1b", "\x85", "\N{RIGHT-TO-LEFT OVERRIDE}"])
def test_characters_that_hide_or_turn_what_follows_are_left_out(unseen: str):
    told = letter(problem=f"pay{unseen}load", reason=f"a{unseen}b")

    assert unseen not in repr(whole(told)).encode().decode("unicode_escape")
    assert "pay" in whole(told).problem


def test_a_name_is_never_more_than_a_name():
    told = letter(purpose=Purpose.CLAIMED, who="{raiser.__class__} %s {0}")

    assert whole(told).news == "{raiser.__class__} %s {0} has taken it over"


@pytest.mark.parametrize("purpose", OF_HANDOFFS)
def test_every_purpose_is_news_in_one_line(purpose: Purpose):
    line = headline(letter(purpose=purpose, problem="One\nTwo"))

    assert "\n" not in line
    assert ("One Two" in line) is (purpose is not Purpose.TEST)
