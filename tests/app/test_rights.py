"""Whoever was let in stays in only as what they were let in as."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.rights import CHANGED, Rights
from app.signin import Identity, SharedSecret, SignIn, TokenVerifier
from db.database import Database, Transaction
from db.models.vocabulary import Role
from services.actor import Actor
from services.events import Doorbell, Hub
from tests.harness.counting import Counting
from tests.harness.people import Account
from tests.harness.web import SECRET, token_of
from tests.services.events.parts import eventually

QUICK = timedelta(seconds=0.05)


class Service:
    """What a web process has of it."""

    def __init__(self, database: Database, doorbell: Doorbell, poll: timedelta) -> None:
        self.hub = Hub(database, doorbell, poll=poll)
        verifier = TokenVerifier(SharedSecret(SECRET))
        self.sign_in = SignIn(verifier, database, changed=self.hub.ring_people)
        self.rights = Rights(database, self.hub, self.sign_in)
        self.out: list[tuple[str, str]] = []

    async def come(self, actor: Actor, account: Account, **claims: Any) -> Identity:
        return await self.sign_in(token_of(actor, account, **claims))

    def keep(self, identity: Identity) -> Any:
        name = identity.actor.name
        return self.rights.keep(identity, lambda why: self.out.append((name, why)))


@asynccontextmanager
async def running(
    database: Database, doorbell: Doorbell | None = None, poll: timedelta = QUICK
) -> AsyncIterator[Service]:
    service = Service(database, doorbell or Doorbell("memory://"), poll)
    await service.hub.start()
    yield service
    await service.hub.stop()
    await service.rights.stop()


@pytest.fixture
async def service(database: Database) -> AsyncIterator[Service]:
    async with running(database) as started:
        yield started


async def change(database: Database, actor: Actor, what: str) -> None:
    async with database.transaction(actor.account_id) as tx:
        await tx.execute(f"UPDATE engineer SET {what} WHERE id = $1", actor.id)


async def settled() -> None:
    await asyncio.sleep(6 * QUICK.total_seconds())


@pytest.mark.parametrize("what", ["active = false", "role = 'ADMIN'", "tier = 3"])
async def test_who_was_removed_or_is_another_now_goes_and_everybody_else_stays(
    service: Service, database: Database, account: Account, other_account: Account, what: str
) -> None:
    service.keep(await service.come(account.tier2, account))
    service.keep(await service.come(account.tier2, account))
    service.keep(await service.come(account.tier1, account))
    service.keep(await service.come(other_account.tier2, other_account))
    await settled()
    assert service.out == []

    await change(database, account.tier2, what)

    await eventually(lambda: len(service.out) >= 2, within=2)
    await settled()
    assert service.out == [("Tier2", CHANGED)] * 2


async def test_another_name_is_no_reason_to_go(
    service: Service, database: Database, account: Account
) -> None:
    service.keep(await service.come(account.tier2, account))
    await change(database, account.tier2, "name = 'Two', email = 'two@acme.test'")
    await settled()
    assert service.out == []


async def test_who_left_is_not_called_and_their_account_no_longer_watched(
    service: Service, database: Database, account: Account
) -> None:
    left = [service.keep(await service.come(account.tier2, account)) for _ in range(2)]
    left[0]()
    assert list(service.hub.people.watched) == [account.id]
    left[1]()
    assert not service.hub.people.watched

    service.keep(await service.come(account.tier1, account))
    await change(database, account.tier2, "active = false")
    await settled()
    assert service.out == []


async def test_what_changed_between_signing_in_and_being_kept_is_found(
    database: Database, account: Account
) -> None:
    """The poll is far away: only being kept with something out of date can bring the look."""
    async with running(database, poll=timedelta(seconds=30)) as service:
        service.keep(await service.come(account.tier1, account))
        late = await service.come(account.tier2, account)
        await change(database, account.tier2, "active = false")
        service.hub.people.tell(account.id)
        await asyncio.sleep(0.2)  # looked at those who are in, and that is over
        service.keep(late)

        await eventually(lambda: service.out == [("Tier2", CHANGED)], within=2)


async def test_the_first_of_an_account_is_looked_at_even_if_nobody_watched_before(
    service: Service, database: Database, account: Account
) -> None:
    identity = await service.come(account.tier2, account)
    await change(database, account.tier2, "active = false")
    await settled()  # polls go by
    service.keep(identity)
    await eventually(lambda: service.out == [("Tier2", CHANGED)], within=2)


async def test_tokens_are_forgotten_at_the_same_moment(
    service: Service, database: Database, account: Account
) -> None:
    service.keep(await service.come(account.tier1, account))
    token = token_of(account.tier2, account)
    service.keep(await service.sign_in(token))
    await settled()
    await change(database, account.tier2, "role = 'VIEWER'")

    await eventually(lambda: bool(service.out), within=2)
    assert (await service.sign_in(token)).actor.role is Role.VIEWER


async def test_a_newer_token_at_another_process_ends_the_older_one_s_streams_at_once(
    database: Database, account: Account
) -> None:
    now = datetime.now(UTC)
    bell = Doorbell("memory://")
    far = timedelta(seconds=30)
    async with running(database, bell, far) as here, running(database, bell, far) as there:
        await eventually(lambda: bell.connected)
        here.keep(await here.come(account.tier2, account, now=now - timedelta(minutes=1)))
        newer = await there.come(account.tier2, account, role=Role.VIEWER, now=now)
        there.keep(newer)

        await eventually(lambda: here.out == [("Tier2", CHANGED)], within=1)
        assert newer.actor.role is Role.VIEWER
        await asyncio.sleep(0.2)
        assert there.out == []


async def test_however_many_are_connected_one_statement_looks_at_them(
    dsn: str, database: Database, account: Account
) -> None:
    counting = Counting(dsn)
    await counting.open()
    async with running(counting) as service:
        for _ in range(20):
            for actor in account.everybody:
                service.keep(await service.come(actor, account))
        await settled()
        counting.start()
        await change(database, account.tier2, "active = false")
        await eventually(lambda: len(service.out) == 20, within=2)
        await settled()
    await counting.close()
    assert len(counting.statements) == 1


async def test_a_database_that_is_away_at_that_moment_is_asked_until_it_is_back(
    dsn: str, database: Database, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Database):
        failures = 0

        @asynccontextmanager
        async def transaction(self, account_id: UUID) -> AsyncIterator[Transaction]:
            if self.failures:
                self.failures -= 1
                raise ConnectionResetError("gone")
            async with super().transaction(account_id) as tx:
                yield tx

    failing = Failing(dsn)
    await failing.open()
    async with running(failing) as service:
        service.keep(await service.come(account.tier2, account))
        await settled()
        failing.failures = 2
        with caplog.at_level(logging.WARNING, "app.rights"):
            await change(database, account.tier2, "active = false")
            await eventually(lambda: service.out == [("Tier2", CHANGED)], within=3)
    await failing.close()
    assert len([each for each in caplog.records if each.name == "app.rights"]) == 1
