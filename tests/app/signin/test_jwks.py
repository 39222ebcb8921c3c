"""Published keys: fetched over real sockets from a provider that rotates, stalls and fails."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.signin import KeysUnavailable, PublishedKeys, TokenRefused, TokenVerifier
from app.signin.jwks import UnusableKeySet, key_set
from tests.app.signin.provider import Provider, ec, ed, public, rsa, signed

OLD, NEW, THEIRS = rsa("old"), ec("new"), ec("new")
PATIENCE = timedelta(seconds=1)
BROKEN = ["broken", "moved", "garbled", "huge"]


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def provider():
    async with Provider(public(OLD)) as running:
        yield running


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def outcomes() -> list[bool]:
    return []


@pytest.fixture
def keys(provider: Provider, seconds: Seconds, outcomes: list[bool]) -> PublishedKeys:
    return PublishedKeys(provider.url, clock=seconds, fetched=outcomes.append, deadline=PATIENCE)


def claims() -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "sub": "idp|42",
        "account": "acme",
        "email": "sam@acme.test",
        "name": "Sam",
        "role": "ENGINEER",
        "tier": 2,
        "iss": "https://id.test",
        "aud": "baton",
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(hours=1)).timestamp()),
    }


async def test_tokens_of_every_published_kind_are_believed(provider, keys):
    kinds = rsa(), ec(), ed()
    provider.keys = [public(key) for key in kinds]
    verifier = TokenVerifier(keys, issuer="https://id.test", audience="baton")

    for key in kinds:
        assert (await verifier.verify(signed(key, claims()))).subject == "idp|42"
    assert provider.hits == 1


async def test_a_token_that_names_no_key_is_refused_even_if_one_would_do(provider, keys):
    with pytest.raises(TokenRefused, match="names no key"):
        await TokenVerifier(keys).verify(signed(OLD, claims(), kid=None))
    assert provider.hits == 0


async def test_a_key_of_another_owner_with_a_known_name_opens_nothing(provider, keys):
    provider.keys = [public(NEW)]

    with pytest.raises(TokenRefused, match="signature is not valid"):
        await TokenVerifier(keys).verify(signed(THEIRS, claims()))


async def test_a_key_is_good_for_its_own_algorithm_only(keys):
    with pytest.raises(TokenRefused, match="not the one its key is meant for"):
        await keys.find("old", "HS256")
    with pytest.raises(TokenRefused, match="not the one its key is meant for"):
        await keys.find("old", "ES256")


async def test_two_keys_may_share_a_name_if_their_algorithms_differ(provider, keys):
    provider.keys = [public(rsa("same")), public(ec("same"))]

    assert (await keys.find("same", "RS256")).algorithm == "RS256"
    assert (await keys.find("same", "ES256")).algorithm == "ES256"


@pytest.mark.filterwarnings("ignore:Key size")
async def test_keys_that_do_not_fit_leave_the_others_usable(provider, keys):
    provider.keys = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared", "alg": "HS256"},
        {"kty": "AKP", "kid": "post-quantum"},
        "no key at all",  # type: ignore[list-item]
        public(rsa("short", 1024)),
        public(OLD, kid=None),
        public(OLD, kid=7),
        public(OLD, kid=["old"]),
        public(OLD),
    ]

    await keys.find("old", "RS256")
    for kid in ("shared", "post-quantum", "short"):
        with pytest.raises(TokenRefused):
            await keys.find(kid, "HS256")


# How often is asked


async def test_keys_are_fetched_once_and_again_after_ten_minutes(provider, keys, seconds, outcomes):
    for _ in range(5):
        await keys.find("old", "RS256")
    seconds.now += 599
    await keys.find("old", "RS256")
    assert provider.hits == 1

    seconds.now += 1
    await keys.find("old", "RS256")
    assert provider.hits == 2
    assert outcomes == [True, True]


async def test_a_new_key_is_good_at_once_and_the_old_one_until_it_is_withdrawn(
    provider, keys, seconds
):
    await keys.find("old", "RS256")
    provider.keys.append(public(NEW))

    await keys.find("new", "ES256")
    await keys.find("old", "RS256")

    provider.keys = [public(NEW)]
    seconds.now += 600
    await keys.find("new", "ES256")
    with pytest.raises(TokenRefused, match="doesn't have"):
        await keys.find("old", "RS256")


async def test_unknown_key_ids_cause_one_fetch_in_thirty_seconds(provider, keys, seconds):
    await keys.find("old", "RS256")
    for number in range(20):
        with pytest.raises(TokenRefused, match="doesn't have"):
            await keys.find(f"invented-{number}", "RS256")
    assert provider.hits == 2

    seconds.now += 29.9
    with pytest.raises(TokenRefused):
        await keys.find("invented", "RS256")
    assert provider.hits == 2
    seconds.now += 0.1
    provider.keys.append(public(NEW))
    await keys.find("new", "ES256")
    assert provider.hits == 3


async def test_many_who_ask_at_once_cause_one_fetch(provider, keys):
    provider.mood = "slow"

    await asyncio.gather(*(keys.find("old", "RS256") for _ in range(50)))

    assert provider.hits == 1


async def test_many_who_bring_the_same_new_key_at_once_are_all_believed(provider, keys):
    await keys.find("old", "RS256")
    provider.keys.append(public(NEW))
    provider.mood = "slow"

    await asyncio.gather(*(keys.find("new", "ES256") for _ in range(50)))

    assert provider.hits == 2


async def test_a_fetch_goes_on_when_whoever_asked_first_goes_away(provider, keys):
    provider.mood = "slow"
    first = asyncio.create_task(keys.find("old", "RS256"))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(keys.find("old", "RS256"))
    await asyncio.sleep(0.05)
    first.cancel()

    assert (await second).algorithm == "RS256"
    assert provider.hits == 1


# Outages


async def test_known_keys_serve_on_while_the_provider_is_away(provider, keys, seconds, outcomes):
    await keys.find("old", "RS256")
    await provider.stop()

    for _ in range(3):
        seconds.now += 601
        await keys.find("old", "RS256")
        await asyncio.sleep(0.05)
    assert outcomes == [True, False, False, False]

    provider.keys = [public(NEW)]
    await provider.start()
    seconds.now += 601
    await keys.find("new", "ES256")
    with pytest.raises(TokenRefused):
        await keys.find("old", "RS256")


@pytest.mark.parametrize("mood", BROKEN)
async def test_a_useless_answer_changes_nothing(provider, keys, seconds, outcomes, mood):
    await keys.find("old", "RS256")
    provider.mood, provider.keys = mood, [public(NEW)]
    seconds.now += 601

    await keys.find("old", "RS256")
    with pytest.raises(TokenRefused):
        await keys.find("new", "ES256")
    assert False in outcomes


async def test_known_keys_do_not_serve_for_ever(provider, keys, seconds):
    await keys.find("old", "RS256")
    await provider.stop()

    seconds.now += 86_401
    with pytest.raises(KeysUnavailable):
        await keys.find("old", "RS256")


@pytest.mark.parametrize("mood", BROKEN)
async def test_without_any_keys_nobody_is_believed(provider, keys, mood):
    provider.mood = mood

    with pytest.raises(KeysUnavailable, match="Try again"):
        await keys.find("old", "RS256")


async def test_a_failed_fetch_is_tried_again_after_five_seconds(provider, keys, seconds, outcomes):
    provider.mood = "broken"
    for _ in range(10):
        with pytest.raises(KeysUnavailable):
            await keys.find("old", "RS256")
    assert outcomes == [False]

    provider.mood = "well"
    seconds.now += 5
    await keys.find("old", "RS256")
    assert outcomes == [False, True]


@pytest.mark.parametrize("mood", ["dripping", "hanging"])
async def test_a_stalling_provider_is_given_up_and_not_waited_for_again(
    provider, keys, seconds, mood
):
    await keys.find("old", "RS256")
    provider.mood = mood
    seconds.now += 601

    started = time.monotonic()
    await keys.find("old", "RS256")
    assert 0.9 < time.monotonic() - started < 3

    seconds.now += 10
    started = time.monotonic()
    await keys.find("old", "RS256")
    assert time.monotonic() - started < 0.5
    async with asyncio.timeout(5):
        while provider.hits < 3:  # noqa: ASYNC110 - asked again, behind everybody's back
            await asyncio.sleep(0.01)


async def test_proxies_of_the_environment_are_not_used(provider, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    await PublishedKeys(provider.url).find("old", "RS256")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[]}', b'{"keys":[1,null]}', b"\xff"]
)
def test_a_body_without_a_usable_key_is_no_key_set(body):
    with pytest.raises(UnusableKeySet):
        key_set(body)
