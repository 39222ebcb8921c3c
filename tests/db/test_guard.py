"""A database that would run the service with too much power, or at another schema, is refused."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from db import guard
from db.database import Database
from db.embedded import APP_ROLE, OWNER_ROLE
from db.guard import UnsafeDatabase
from db.migrate import head
from tests.harness.postgres import Cluster

ROLES = {
    "guard_super": "SUPERUSER",
    "guard_bypass": "BYPASSRLS",
    "guard_heir": f"IN ROLE {OWNER_ROLE}",
    "guard_distant_heir": "NOINHERIT IN ROLE guard_heir",
    "guard_ally": "NOINHERIT IN ROLE guard_bypass",
    "guard_stranger": "",
}
WAY_OUT = "BATON_DATABASE_OWNER_URL for `baton migrate`"


@pytest.fixture(scope="module", autouse=True)
def roles(cluster: Cluster, database_name: str) -> Iterator[None]:
    for role, powers in ROLES.items():
        cluster.as_superuser(
            f"CREATE ROLE {role} LOGIN {powers}",
            f"GRANT CONNECT ON DATABASE {database_name} TO {role}",
        )
    yield
    for role in reversed(ROLES):
        cluster.as_superuser(f"REVOKE ALL ON DATABASE {database_name} FROM {role}")
        cluster.as_superuser(f"DROP ROLE {role}")


@pytest.fixture
async def owner(owner_dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(owner_dsn)
    yield connection
    await connection.close()


async def check(dsn: str, revision: str | None = None) -> None:
    database = Database(dsn, max_connections=1)
    await database.open()
    try:
        await guard.check(database, expected_revision=revision or head())
    finally:
        await database.close()


async def test_the_services_own_role_passes(dsn):
    await check(dsn)


@pytest.mark.parametrize(
    ("role", "why"),
    [
        ("guard_super", "signs in as superuser 'guard_super'"),
        ("guard_bypass", "'guard_bypass' has BYPASSRLS"),
        (OWNER_ROLE, f"'{OWNER_ROLE}' owns Baton's tables"),
        ("guard_heir", "'guard_heir' owns Baton's tables, or belongs to a role that does"),
        ("guard_distant_heir", "'guard_distant_heir' owns Baton's tables, or belongs"),
    ],
)
async def test_a_role_that_isolation_would_not_bind_is_refused_with_the_way_out(
    cluster, database_name, role, why
):
    with pytest.raises(UnsafeDatabase) as refused:
        await check(cluster.dsn(database_name, role))
    assert why in str(refused.value)
    assert WAY_OUT in str(refused.value)


async def test_a_role_that_may_become_such_a_one_is_refused(cluster, database_name):
    with pytest.raises(UnsafeDatabase, match="REVOKE guard_bypass FROM guard_ally"):
        await check(cluster.dsn(database_name, "guard_ally"))


async def test_a_lesser_role_put_on_after_signing_in_hides_nothing(cluster, database_name):
    dressed = f"{cluster.dsn(database_name, 'guard_super')}&role={APP_ROLE}"
    with pytest.raises(UnsafeDatabase, match="superuser 'guard_super'"):
        await check(dressed)


async def test_the_owner_of_the_function_that_policies_ask_is_refused(
    cluster, database_name, owner, dsn
):
    """It could make the function answer with any account."""
    definition = await owner.fetchval("SELECT pg_get_functiondef('app_account()'::regprocedure)")
    assert "app_account" in definition
    await owner.execute(f"GRANT CREATE ON SCHEMA public TO {APP_ROLE}")
    admin = await asyncpg.connect(cluster.dsn(database_name, "postgres"))
    try:
        await admin.execute(f"ALTER FUNCTION app_account() OWNER TO {APP_ROLE}")
        with pytest.raises(UnsafeDatabase, match="owns Baton's"):
            await check(dsn)
    finally:
        await admin.execute(f"ALTER FUNCTION app_account() OWNER TO {OWNER_ROLE}")
        await admin.execute(f"REVOKE CREATE ON SCHEMA public FROM {APP_ROLE}")
        await admin.close()


@pytest.mark.parametrize("closed", ["table", "schema"])
async def test_a_role_without_rights_is_told_who_gives_them(cluster, database_name, owner, closed):
    if closed == "schema":
        await owner.execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    try:
        with pytest.raises(UnsafeDatabase, match=r"'guard_stranger' has no rights.*baton migrate"):
            await check(cluster.dsn(database_name, "guard_stranger"))
    finally:
        await owner.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


async def test_an_older_schema_is_refused_with_what_to_run(dsn):
    with pytest.raises(
        UnsafeDatabase, match=rf"at schema {head()}, .* needs 9999\. Run `baton mig"
    ):
        await check(dsn, "9999")


async def test_a_newer_schema_is_refused_and_migrating_is_not_advised(dsn, owner):
    await owner.execute("UPDATE alembic_version SET version_num = 'f00d'")
    try:
        with pytest.raises(UnsafeDatabase, match=r"at schema f00d.*newer.*Start that") as refused:
            await check(dsn)
    finally:
        await owner.execute("UPDATE alembic_version SET version_num = $1", head())
    assert "baton migrate" not in str(refused.value)


async def test_a_database_without_tables_is_refused_with_what_to_run(cluster):
    with pytest.raises(UnsafeDatabase, match=r"at schema none, .*baton migrate"):
        await check(cluster.dsn("postgres"))


async def test_an_old_server_is_refused(dsn, monkeypatch):
    monkeypatch.setattr(guard, "OLDEST_SERVER", 990000)
    with pytest.raises(UnsafeDatabase, match="needs 15 or newer"):
        await check(dsn)
