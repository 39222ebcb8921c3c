"""Real `baton worker` processes: killed, put to sleep, stopped, their connections cut."""

import asyncio
import signal

import pytest
from cryptography.fernet import Fernet

from app.demo.vendors.base import Fault
from app.demo.vendors.webhook import FakeReceiver
from db.database import Database
from db.models.vocabulary import IntegrationKind
from services.integrations.configuring import Draft, save
from services.integrations.vault import Vault
from tests.app.worker.carrying import eventually
from tests.harness.postgres import terminate
from tests.harness.story import NOON
from tests.harness.web import running
from tests.services.deliveries.parts import attempts, deliveries, only, raise_one, run, set_all

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMsIHllcyE="
HOOKS = "https://hooks.acme.test"
LEASE_ENDS = "lease_until = now() - interval '1 second'"


@pytest.fixture
def receiver():
    vendor = FakeReceiver(SECRET)
    with vendor.serving() as served:
        vendor.origin = served.origin
        yield vendor


@pytest.fixture
async def worker(database, dsn, account, receiver):
    """Starts workers that may reach the receiver, which the account has connected."""
    key = Fernet.generate_key().decode()
    draft = Draft(IntegrationKind.WEBHOOK, {"url": f"{HOOKS}/"}, {"secret": SECRET})
    await run(database, account, save, account.admin, Vault([key]), draft, now=NOON)
    route = f"{HOOKS}={receiver.origin}"
    settings = {"database_url": dsn, "secret_keys": key, "outgoing_routes": route}
    return lambda command="worker": running(command, auth_secret="x" * 32, **settings)


@pytest.fixture
def cut(cluster, database_name):
    """Ends every connection of the service, as a restart of PostgreSQL does."""
    return lambda: terminate(cluster, database_name, "baton")


def sent(database, account, count=1):
    async def ask():
        rows = await deliveries(database, account)
        return [row["state"] for row in rows] == ["SENT"] * count

    return ask


@pytest.mark.parametrize("command", ["worker", "serve"])
async def test_what_is_promised_is_carried_out_until_the_process_is_told_to_end(
    database, account, receiver, worker, command
):
    with worker(command) as process:
        await raise_one(database, account)
        await eventually(sent(database, account))
        assert process.stop() == 0
    assert len(receiver.received) == 1
    assert "stopped" in [entry["event"] for entry in process.said]


async def test_what_a_killed_worker_had_is_sent_by_the_next_under_the_same_key(
    database, account, receiver, worker
):
    receiver.faults.append(Fault.HANG)
    with worker() as first:
        await raise_one(database, account)
        await eventually(lambda: receiver.asked)
        first.kill()
    await set_all(database, account, LEASE_ENDS)
    with worker():
        await eventually(sent(database, account))
    assert len({asked.headers["webhook-id"] for asked in receiver.asked}) == 1
    row = await only(database, account)
    outcomes = [each["outcome"] for each in await attempts(database, account, row["id"])]
    assert outcomes == ["LOST", "SENT"]


async def test_a_worker_that_wakes_after_its_lease_cannot_overwrite_its_successor(
    database, account, receiver, worker
):
    """Its attempt fails while it sleeps. When it learns of that, its successor is in the middle of
    another: the row is SENDING, as the sleeper knew it, and only the token is another's.

    The successor is there before, asleep, so that the sleeper wakes too soon after its start to
    look for its lease before it writes.
    """

    async def standing():
        """The row, but for its lease, which whoever has it renews."""
        return dict(await only(database, account)) | {"lease_until": None}

    receiver.faults.extend([Fault.HANG, Fault.HANG])
    receiver.hanging = 0.5
    with worker() as successor:
        successor.process.send_signal(signal.SIGSTOP)
        with worker() as sleeper:
            await raise_one(database, account)
            await eventually(lambda: receiver.asked)
            receiver.hanging = 60
            sleeper.process.send_signal(signal.SIGSTOP)
            await set_all(database, account, LEASE_ENDS)
            successor.process.send_signal(signal.SIGCONT)
            await eventually(lambda: len(receiver.asked) == 2)
            taken = await standing()
            sleeper.process.send_signal(signal.SIGCONT)

            async def written_or_refused():
                refused = any("taken over" in entry["event"] for entry in sleeper.said)
                return refused or await standing() != taken

            await eventually(written_or_refused)
        assert await standing() == taken
        assert (taken["state"], taken["attempts"]) == ("SENDING", 2)
        outcomes = [each["outcome"] for each in await attempts(database, account, taken["id"])]
        assert outcomes == ["LOST", None]
        successor.kill()


async def test_connections_that_are_cut_lose_nothing(database, dsn, cut, account, worker):
    """As when PostgreSQL restarts: again and again, in the middle of the work."""
    for _ in range(20):
        await raise_one(database, account)
    await set_all(database, account, "next_attempt_at = now() + interval '1 hour'")
    with worker() as process:
        await set_all(database, account, "next_attempt_at = now()")
        for _ in range(30):
            await cut()
            await asyncio.sleep(0.05)
        assert process.process.poll() is None
        fresh = Database(dsn)  # ours was cut as well
        await fresh.open()
        await eventually(sent(fresh, account, 20), within=40)
        await fresh.close()
