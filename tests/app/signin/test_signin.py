"""Signing in against the real database: who comes in, what it costs, how fast a change is seen."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import time_machine

from app.signin import (
    KeysUnavailable,
    PublishedKeys,
    SharedSecret,
    SignIn,
    SignInRefused,
    TokenExpired,
    TokenRefused,
    TokenVerifier,
    mint,
)
from db.database import Database, Transaction
from db.models.vocabulary import Role
from services.engineers import Claims, InactiveEngineer, UnknownAccount, UnknownEngineer
from tests.app.signin.provider import Provider, public, rsa, signed
from tests.harness.people import Account

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
SECRET = "a-signing-secret-of-more-than-32-bytes"


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


class Counting(TokenVerifier):
    """A verifier that knows how often it was asked."""

    asked = 0

    async def verify(self, token: str) -> Claims:
        self.asked += 1
        return await super().verify(token)


@pytest.fixture
def verifier() -> Counting:
    return Counting(SharedSecret(SECRET))


@pytest.fixture
def sign_in(verifier: Counting, database: Database) -> SignIn:
    return SignIn(verifier, database)


@pytest.fixture
def token(account: Account) -> Callable[..., str]:
    def make(**changes: Any) -> str:
        said: dict[str, Any] = {
            "subject": "idp|42",
            "account": account.slug,
            "email": "sam@acme.test",
            "name": "Sam",
            "role": Role.ENGINEER,
            "tier": 2,
            "lifetime": timedelta(hours=1),
            "now": datetime.now(UTC),
        }
        return mint(SECRET, **said | changes)

    return make


async def change(database: Database, account: Account, assignment: str) -> None:
    async with database.transaction(account.id) as tx:
        await tx.execute(f"UPDATE engineer SET {assignment} WHERE subject = 'idp|42'")


async def test_a_token_of_a_known_account_makes_its_engineer(sign_in, token, account, database):
    identity = await sign_in(token())

    actor = identity.actor
    assert (actor.account_id, actor.role, actor.tier) == (account.id, Role.ENGINEER, 2)
    assert (actor.name, actor.email) == ("Sam", "sam@acme.test")
    assert identity.account_slug == account.slug
    async with database.transaction(account.id) as tx:
        assert await tx.fetchval("SELECT id FROM engineer WHERE subject = 'idp|42'") == actor.id


async def test_a_socket_must_close_thirty_seconds_after_the_token_s_end(sign_in, token):
    identity = await sign_in(token(lifetime=timedelta(minutes=5)))

    assert identity.expires_at == NOON + timedelta(minutes=5, seconds=30)


async def test_the_token_of_a_published_key_signs_in(database, account):
    key = rsa()
    at = int(NOON.timestamp())
    claims = {"sub": "x", "account": account.slug, "email": "x@acme.test", "name": "X", "tier": 1}
    bearer = signed(key, claims | {"role": "VIEWER", "iat": at, "exp": at + 60})
    async with Provider(public(key)) as provider:
        sign_in = SignIn(TokenVerifier(PublishedKeys(provider.url)), database)

        assert (await sign_in(bearer)).actor.role is Role.VIEWER


async def test_an_unknown_account_is_refused(sign_in, token):
    with pytest.raises(UnknownAccount):
        await sign_in(token(account="nowhere"))


async def test_unknown_engineers_are_refused_where_tokens_create_none(verifier, database, token):
    with pytest.raises(UnknownEngineer):
        await SignIn(verifier, database, provision=False)(token())


async def test_a_hot_token_is_verified_and_looked_up_once(sign_in, token, verifier, database):
    bearer = token()
    first = await sign_in(bearer)
    await database.close()  # from here on the database can't be asked

    for _ in range(100):
        assert await sign_in(bearer) is first
    assert verifier.asked == 1


async def test_first_sights_of_one_token_at_once_cost_one_look_up(sign_in, token, verifier):
    bearer = token()

    identities = await asyncio.gather(*(sign_in(bearer) for _ in range(50)))

    assert len(set(map(id, identities))) == 1
    assert verifier.asked == 1


async def test_a_look_up_goes_on_when_whoever_asked_first_goes_away(sign_in, token):
    bearer = token()
    first, second = (asyncio.create_task(sign_in(bearer)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()

    assert (await second).account_slug
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_removed_engineer_is_out_after_ten_seconds(sign_in, token, database, account, noon):
    bearer = token()
    await sign_in(bearer)
    await change(database, account, "active = false")

    noon.shift(9.9)
    await sign_in(bearer)
    noon.shift(0.1)
    with pytest.raises(InactiveEngineer):
        await sign_in(bearer)


async def test_what_was_forgotten_is_seen_anew_at_once_and_nobody_else_s(
    sign_in, token, database, account, other_account
):
    bearer, foreign = token(), token(account=other_account.slug)
    await sign_in(bearer)
    stranger = await sign_in(foreign)
    await change(database, account, "role = 'VIEWER'")

    sign_in.forget(account.id)

    assert (await sign_in(bearer)).actor.role is Role.VIEWER
    assert await sign_in(foreign) is stranger


class Slow(Database):
    """What it has read it gives away when the gate is open."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.gate = asyncio.Event()
        self.read = asyncio.Event()

    @asynccontextmanager
    async def transaction(self, account_id: UUID) -> AsyncIterator[Transaction]:
        async with super().transaction(account_id) as tx:
            yield tx
        self.read.set()
        await self.gate.wait()


@pytest.fixture
async def slow(dsn: str) -> AsyncIterator[Slow]:
    database = Slow(dsn)
    await database.open()
    yield database
    await database.close()


async def known(sign_in, bearer, slow) -> asyncio.Task[Any]:
    """A look-up that has read what is about to be changed."""
    looking = asyncio.create_task(sign_in(bearer))
    await slow.read.wait()
    return looking


async def test_a_look_up_from_before_a_change_is_not_remembered(
    slow, verifier, token, database, account
):
    sign_in, bearer = SignIn(verifier, slow), token()
    before = await known(sign_in, bearer, slow)
    await change(database, account, "role = 'VIEWER'")
    sign_in.forget(account.id)
    slow.gate.set()

    assert (await before).actor.role is Role.ENGINEER
    assert (await sign_in(bearer)).actor.role is Role.VIEWER


async def test_a_look_up_from_before_a_change_is_not_joined(
    *, slow, verifier, token, database, account, caplog
):
    sign_in, bearer = SignIn(verifier, slow), token()
    before = await known(sign_in, bearer, slow)
    await change(database, account, "role = 'VIEWER'")
    sign_in.forget(account.id)
    after = asyncio.create_task(sign_in(bearer))
    await asyncio.sleep(0.05)
    slow.gate.set()

    assert (await before).actor.role is Role.ENGINEER
    assert (await after).actor.role is Role.VIEWER
    assert not sign_in._under_way
    assert caplog.records == []


async def test_a_token_with_another_role_is_told_to_whoever_keeps_live_streams(
    verifier, database, token, account, noon
):
    changed: list[UUID] = []
    sign_in = SignIn(verifier, database, changed=changed.append)
    await sign_in(token())
    noon.shift(2)
    await sign_in(token(name="Samantha"))
    assert changed == []
    noon.shift(2)
    await sign_in(token(role=Role.VIEWER))
    assert changed == [account.id]


async def test_a_memory_from_the_future_counts_for_nothing(sign_in, token, database, account, noon):
    """The clock was put back: ten seconds must not become an hour."""
    bearer = token(now=NOON - timedelta(hours=2), lifetime=timedelta(hours=12))
    await sign_in(bearer)
    await change(database, account, "active = false")

    noon.shift(-3600)
    with pytest.raises(InactiveEngineer):
        await sign_in(bearer)


async def test_role_and_tier_follow_the_newest_token(sign_in, token, noon):
    old = token(role=Role.ADMIN, tier=3)
    assert (await sign_in(old)).actor.role is Role.ADMIN
    noon.shift(2)
    assert (await sign_in(token(role=Role.VIEWER, tier=1))).actor.role is Role.VIEWER

    noon.shift(10)
    actor = (await sign_in(old)).actor
    assert (actor.role, actor.tier) == (Role.VIEWER, 1)


async def test_expiry_is_looked_at_even_for_a_remembered_token(sign_in, token, noon):
    bearer = token(lifetime=timedelta(seconds=5))
    noon.shift(30)
    await sign_in(bearer)

    noon.shift(4.9)
    await sign_in(bearer)
    noon.shift(0.1)
    with pytest.raises(TokenExpired):
        await sign_in(bearer)
    with pytest.raises(TokenExpired):
        await sign_in(bearer)


async def test_a_refusal_is_not_remembered(sign_in, token, database, account):
    bearer = token()
    await sign_in(bearer)
    await change(database, account, "active = false")
    other = token(name="Sam again")
    for _ in range(2):
        with pytest.raises(InactiveEngineer):
            await sign_in(other)

    await change(database, account, "active = true")

    assert (await sign_in(other)).actor.email == "sam@acme.test"


async def test_a_database_that_is_away_is_no_refusal_and_not_remembered(dsn, verifier, token):
    database = Database(dsn)
    await database.open()
    sign_in, bearer = SignIn(verifier, database), token()
    await database.close()
    with pytest.raises(asyncpg.InterfaceError):
        await sign_in(bearer)

    await database.open()
    assert (await sign_in(bearer)).actor.name == "Sam"
    await database.close()


async def test_the_memory_is_bounded_and_forgets_what_was_not_used_longest(
    verifier, database, token
):
    sign_in = SignIn(verifier, database, capacity=3)
    tokens = [token(name=f"Sam {number}") for number in range(4)]
    for bearer in tokens[:3]:
        await sign_in(bearer)
    await sign_in(tokens[0])
    await sign_in(tokens[3])

    asked = verifier.asked
    for bearer in (tokens[0], tokens[2], tokens[3]):
        await sign_in(bearer)
    assert verifier.asked == asked
    await sign_in(tokens[1])
    assert verifier.asked == asked + 1


async def test_tokens_that_differ_in_one_character_are_different_tokens(sign_in, token):
    bearer = token()
    await sign_in(bearer)

    for changed in (bearer[:-4] + "AAAA", bearer.replace(".", ".A", 1), bearer + "A", ""):
        with pytest.raises(TokenRefused):
            await sign_in(changed)


async def test_every_refusal_is_counted_by_its_reason(verifier, database, token):
    reasons: Counter[str] = Counter()
    sign_in = SignIn(verifier, database, refused=lambda reason: reasons.update([reason]))

    for bearer in ("", "x", token(account="nowhere"), token(lifetime=timedelta(hours=-1)), token()):
        try:
            await sign_in(bearer)
        except SignInRefused:
            continue

    assert reasons == {"TokenRefused": 2, "UnknownAccount": 1, "TokenExpired": 1}


async def test_keys_that_can_not_be_fetched_are_a_reason_of_their_own(database):
    reasons: list[str] = []
    nowhere = TokenVerifier(PublishedKeys("http://127.0.0.1:9/keys"))

    with pytest.raises(KeysUnavailable):
        await SignIn(nowhere, database, refused=reasons.append)(signed(rsa(), {}))
    assert reasons == ["KeysUnavailable"]
