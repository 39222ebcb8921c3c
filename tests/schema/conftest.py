"""A client of the schema, with a real database and a real hub behind it."""

import pytest

from db.database import Database
from db.embedded.cluster import SUPERUSER
from services.events import Hub
from tests.harness.people import Account
from tests.harness.postgres import Cluster
from tests.schema.asking import Client
from tests.schema.lives import People


@pytest.fixture
async def client(database: Database, hub: Hub) -> Client:
    return Client(database, hub)


@pytest.fixture(scope="module")
def superuser_dsn(cluster: Cluster, database_name: str) -> str:
    return cluster.dsn(database_name, SUPERUSER)


@pytest.fixture
async def people(database: Database, account: Account) -> People:
    return await People.of(database, account)
