"""Real parts for every test: a PostgreSQL of its own, entered as the least-privileged role."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from db.database import Database
from db.embedded import OWNER_ROLE
from services.events import Doorbell, Hub
from tests.harness.people import Account, make_account
from tests.harness.postgres import Cluster, running_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture(scope="module")
def database_name(cluster: Cluster) -> Iterator[str]:
    """A migrated database for this test file alone."""
    name = cluster.new_database()
    yield name
    cluster.drop_database(name)


@pytest.fixture(scope="module")
def dsn(cluster: Cluster, database_name: str) -> str:
    """As the service's role."""
    return cluster.dsn(database_name)


@pytest.fixture(scope="module")
def owner_dsn(cluster: Cluster, database_name: str) -> str:
    return cluster.dsn(database_name, OWNER_ROLE)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    opened = Database(dsn, max_connections=24)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def hub(database: Database) -> AsyncIterator[Hub]:
    """It polls so seldom that only a ring can explain what comes."""
    started = Hub(database, Doorbell("memory://"), poll=timedelta(seconds=30))
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
async def account(database: Database) -> Account:
    return await make_account(database)


@pytest.fixture
async def other_account(database: Database) -> Account:
    return await make_account(database, "globex")
