"""Seats: how many connections there may be, whose they are, and that they are given back."""

import pytest

from app.graphql.seats import Seat, Seats
from app.graphql.sockets.protocol import MAX_REASON
from resolvers.errors import ClientError, ErrorCode


@pytest.fixture
def seats() -> Seats:
    return Seats(in_all=8, per_account=4, per_engineer=2, strangers=3)


def taken(seats: Seats, *people: str) -> list[Seat]:
    """``people`` are engineers, and their account is their first letter."""
    return [seats.take(person, person[0]) for person in people]


def test_each_limit_is_told_by_its_name_in_a_few_words(seats):
    taken(seats, "a1", "a1")
    with pytest.raises(ClientError, match="An engineer has at most 2") as engineers:
        taken(seats, "a1")
    taken(seats, "a2", "a3")
    with pytest.raises(ClientError, match="An account has at most 4") as accounts:
        taken(seats, "a4")
    taken(seats, "b1", "b2", "b3", "b4")
    with pytest.raises(ClientError, match="Too many connections") as all_of_them:
        taken(seats, "c1")
    for refused in (engineers, accounts, all_of_them):
        assert refused.value.code is ErrorCode.TOO_MANY_CONNECTIONS
        assert len(refused.value.message.encode()) <= MAX_REASON


def test_a_seat_that_is_given_back_can_be_taken_again_once(seats):
    first, _ = taken(seats, "a1", "a1")
    first()
    first()
    taken(seats, "a1")
    with pytest.raises(ClientError):
        taken(seats, "a1")


def test_who_was_refused_holds_nothing(seats):
    mine = taken(seats, "a1", "a1")
    for _ in range(10):
        with pytest.raises(ClientError):
            taken(seats, "a1")
    for seat in mine:
        seat()
    assert not seats.held


def test_strangers_can_not_fill_the_house(seats):
    strangers = [seats.enter() for _ in range(3)]
    with pytest.raises(ClientError, match="Too many connections"):
        seats.enter()
    taken(seats, "a1", "b1", "c1", "d1", "e1")
    with pytest.raises(ClientError):
        taken(seats, "f1")  # strangers count as well
    strangers[0]()
    taken(seats, "f1")


def test_a_quarter_may_be_strangers_unless_it_is_said():
    assert Seats(in_all=10_000).strangers == 2500
    assert Seats(in_all=2).strangers == 1


def test_an_engineer_and_an_account_of_the_same_name_are_two(seats):
    seats.take("a", "x")
    seats.take("a", "x")
    seats.take("x", "a")
