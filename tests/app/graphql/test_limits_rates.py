"""What an engineer and an account may spend in a minute, and what they are told of it."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from app.graphql.limits.rates import Rates
from resolvers.errors import ClientError


@dataclass(frozen=True)
class Somebody:
    engineer: str
    account: str = "acme"
    expires_at: datetime = datetime(2100, 1, 1, tzinfo=UTC)


SAM, RIA, EVE = Somebody("sam"), Somebody("ria"), Somebody("eve", "globex")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rates(clock: Clock) -> Rates:
    return Rates(per_engineer=600, per_account=900, clock=clock)


def wait(rates: Rates, who: Somebody, points: float) -> int:
    with pytest.raises(ClientError) as caught:
        rates.check(who, points)
    assert caught.value.code == "RATE_LIMITED"
    seconds: int = caught.value.extensions["retryAfter"]
    return seconds


def test_who_has_spent_all_waits_as_long_as_they_are_told(rates: Rates, clock: Clock) -> None:
    rates.check(SAM, 600)
    rates.spend(SAM, 595)
    rates.check(SAM, 5)
    seconds = wait(rates, SAM, 100)  # ten come back each second
    assert seconds == 10
    clock.now += seconds - 1
    assert wait(rates, SAM, 100) == 1
    clock.now += 1
    rates.check(SAM, 100)


def test_an_engineer_is_no_burden_for_others_of_the_account_until_it_has_spent_all(
    rates: Rates,
) -> None:
    rates.spend(SAM, 600)
    rates.check(RIA, 300)
    assert wait(rates, RIA, 301) == 1
    rates.spend(RIA, 300)
    assert wait(rates, RIA, 150) == 10  # fifteen a second for the account
    rates.check(EVE, 600)


def test_what_was_done_already_can_be_owed(rates: Rates, clock: Clock) -> None:
    rates.spend(SAM, 800)
    assert rates.spend(SAM, 0) == (600, 0)
    assert wait(rates, SAM, 1) == 21
    clock.now += 600
    assert rates.spend(SAM, 0) == (600, 600)


def test_there_is_a_reserve_for_what_is_urgent_and_it_ends_too(rates: Rates, clock: Clock) -> None:
    rates.spend(SAM, 600)
    assert wait(rates, SAM, 50) == 5
    rates.check(SAM, 50, urgent=True)
    rates.spend(SAM, 50)
    with pytest.raises(ClientError, match="Try again in 4 s"):
        rates.check(SAM, 50, urgent=True)
    clock.now += 4
    rates.check(SAM, 50, urgent=True)


def test_what_costs_more_than_there_ever_is_waits_for_all_of_it(rates: Rates) -> None:
    rates.check(SAM, 100_000)
    rates.spend(SAM, 10)
    assert wait(rates, SAM, 100_000) == 1


def test_what_is_left_is_said_of_the_tighter_budget_and_in_headers_of_both(rates: Rates) -> None:
    rates.spend(SAM, 500)
    rates.spend(RIA, 375)
    assert rates.spend(SAM, 0) == (900, 25)
    assert dict(rates.headers(SAM)) == {
        b"ratelimit-policy": b'"engineer";q=600;w=60;qu="cost", "account";q=900;w=60;qu="cost"',
        b"ratelimit": b'"engineer";r=100;t=50, "account";r=25;t=59',
    }


def test_zero_is_no_limit(clock: Clock) -> None:
    rates = Rates(per_engineer=0, per_account=10, clock=clock)
    rates.spend(SAM, 10)
    assert wait(rates, SAM, 1) == 6
    assert b'"engineer"' not in dict(rates.headers(SAM))[b"ratelimit"]
    without = Rates(clock=clock)
    without.spend(SAM, 10**9)
    without.check(SAM, 10**9)
    assert without.spend(SAM, 0) is None
    assert without.headers(SAM) == ()


def test_no_more_spenders_are_remembered_than_allowed(clock: Clock) -> None:
    rates = Rates(per_engineer=600, per_account=900, clock=clock, remembered=3)
    for number in range(10):
        rates.spend(Somebody(f"e{number}", f"a{number}"), 600)
    assert len(rates.engineers.spent) == len(rates.accounts.spent) == 3
    assert wait(rates, Somebody("e9", "a9"), 1) == 1
