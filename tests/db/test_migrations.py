"""Bringing a database to this code's schema: whole, once, repeatable, and as the models say."""

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from db import guard
from db.database import Database
from db.embedded import APP_ROLE, OWNER_ROLE, EmbeddedServer
from db.ids import uuid7
from db.migrate import downgrade, head, migrate
from db.models import metadata
from db.problems import NewerSchema
from tests.harness.people import make_account
from tests.harness.postgres import QUICK, Cluster

_numbers = itertools.count(1)

# Columns and constraints, as PostgreSQL itself words them: what alembic's comparison leaves out
# (checks, expressions of indexes, generated columns) is in here as well.
TABLES = """
    SELECT format('%s.%s', attrelid::regclass, attname) AS name,
           format('%s null=%s default=%s generated=%s', format_type(atttypid, atttypmod),
                  NOT attnotnull, pg_get_expr(adbin, adrelid), attgenerated) AS says
    FROM pg_attribute
    JOIN pg_class c ON c.oid = attrelid AND relkind = 'r'
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT format('%s: %s', conrelid::regclass, conname), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
"""
SECURITY = """
    SELECT relname::text AS name,
           format('enabled=%s forced=%s acl=%s', relrowsecurity, relforcerowsecurity,
                  ARRAY(SELECT a::text FROM unnest(relacl) a ORDER BY 1)) AS says
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i'
    UNION ALL
    SELECT format('grants on %s.%s', attrelid::regclass, attname), attacl::text
    FROM pg_attribute WHERE attrelid > 16383 AND attacl <> '{}'
    UNION ALL
    SELECT format('%s on %s', polname, polrelid::regclass),
           format('%s %s %s %s', polcmd, polroles, pg_get_expr(polqual, polrelid),
                  pg_get_expr(polwithcheck, polrelid))
    FROM pg_policy
    UNION ALL
    SELECT oid::regprocedure::text,
           pg_get_functiondef(oid) || ARRAY(SELECT a::text FROM unnest(proacl) a ORDER BY 1)::text
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT nspname, nspacl::text FROM pg_namespace WHERE nspname = 'public'
"""


@pytest.fixture
def empty_dsn(cluster: Cluster) -> Iterator[str]:
    """Of a database without tables, as its owner."""
    name = f"empty_{next(_numbers)}"
    cluster.as_superuser(f"CREATE DATABASE {name} TEMPLATE template0 OWNER {OWNER_ROLE}")
    yield cluster.dsn(name, OWNER_ROLE)
    cluster.drop_database(name)


async def ask(dsn: str, sql: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(sql)
    finally:
        await connection.close()


async def ask_in_account(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL app.account_id = '{uuid7()}'")
            for statement in statements:
                await connection.execute(statement)
    finally:
        await connection.close()


async def described(dsn: str, *, security: bool = True) -> dict[str, str]:
    sql = f"{TABLES} UNION ALL {SECURITY}" if security else TABLES
    rows = {row["name"]: row["says"] for row in await ask(dsn, sql)}
    return {name: says for name, says in rows.items() if "alembic_version" not in name}


async def test_up_down_and_up_again_ends_where_it_began(empty_dsn):
    before = await described(empty_dsn)
    assert await migrate(empty_dsn, app_role=APP_ROLE) == head()
    first = await described(empty_dsn)

    await downgrade(empty_dsn, "base")
    left = await described(empty_dsn)
    assert left.keys() == before.keys() == {"public"}
    assert await ask(empty_dsn, "SELECT * FROM alembic_version") == []

    await migrate(empty_dsn, app_role=APP_ROLE)
    assert await described(empty_dsn) == first


async def test_the_models_and_the_migrations_make_the_same_tables(owner_dsn, empty_dsn):
    engine = create_async_engine(make_url(empty_dsn).set(drivername="postgresql+asyncpg"))
    try:
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
    finally:
        await engine.dispose()
    modelled = await described(empty_dsn, security=False)
    migrated = await described(owner_dsn, security=False)
    assert len(modelled) > 100
    assert migrated == modelled


async def test_migrations_that_start_at_once_wait_for_each_other(empty_dsn):
    reached = await asyncio.gather(*(migrate(empty_dsn, app_role=APP_ROLE) for _ in range(4)))
    assert reached == [head()] * 4


async def test_a_repeated_migration_changes_nothing_and_keeps_every_row(
    database, owner_dsn, account
):
    before = await described(owner_dsn)
    assert await migrate(owner_dsn, app_role=APP_ROLE) == head()
    assert await described(owner_dsn) == before
    async with database.transaction(account.id) as tx:
        assert await tx.fetchval("SELECT count(*) FROM engineer") == len(account.everybody)


@pytest.mark.parametrize(
    "damage",
    [
        f"GRANT UPDATE, DELETE ON snapshot TO {APP_ROLE}",
        f"GRANT UPDATE (data) ON event TO {APP_ROLE}",
        f"REVOKE INSERT ON event FROM {APP_ROLE}",
        "GRANT SELECT ON session TO PUBLIC",
        "GRANT EXECUTE ON FUNCTION account_by_slug(text) TO PUBLIC",
        f"REVOKE EXECUTE ON FUNCTION app_account() FROM {APP_ROLE}",
        f"GRANT CREATE ON SCHEMA public TO {APP_ROLE}",
        f"REVOKE ALL ON SCHEMA public FROM {APP_ROLE}",
    ],
)
async def test_a_migration_puts_right_what_was_granted_by_hand(owner_dsn, damage):
    before = await described(owner_dsn)
    await ask(owner_dsn, damage)
    assert await described(owner_dsn) != before

    await migrate(owner_dsn, app_role=APP_ROLE)

    assert await described(owner_dsn) == before


async def test_logs_that_were_there_before_there_was_retention_are_looked_at(empty_dsn):
    await migrate(empty_dsn, app_role=APP_ROLE)
    await downgrade(empty_dsn, "0002")
    await ask_in_account(
        empty_dsn,
        "INSERT INTO account (id, slug, name) VALUES (app_account(), 'old', 'Old')",
        "INSERT INTO event_counter (account_id, seq) VALUES (app_account(), 7)",
    )
    await migrate(empty_dsn, app_role=APP_ROLE)
    prune = "SELECT prune_events('10 years', 1000)"
    assert await ask(empty_dsn, prune) == [(0,)]
    assert await ask(empty_dsn, prune) == [(None,)]


async def test_snapshots_that_were_there_before_say_what_they_left_out(empty_dsn):
    await migrate(empty_dsn, app_role=APP_ROLE)
    await downgrade(empty_dsn, "0004")
    await ask_in_account(
        empty_dsn,
        "ALTER TABLE snapshot DROP CONSTRAINT snapshot_account_id_handoff_id_fkey",
        """
        INSERT INTO snapshot (account_id, handoff_id, problem_summary, step_count, timeline,
            hypotheses_open, hypotheses_ruled_out)
        VALUES (app_account(), gen_random_uuid(), 'cut', 7, jsonb_build_array(
                jsonb_build_object('detail', repeat('x', 3999) || '…'), '{"detail": null}'::jsonb),
            '["a", "b"]', '["c"]'),
            (app_account(), gen_random_uuid(), 'whole', 0, '[]', '[]', '[]')
        """,
    )
    await migrate(empty_dsn, app_role=APP_ROLE)
    told = "SELECT problem_summary, branch_count, left_out FROM snapshot ORDER BY 1"
    assert await ask(empty_dsn, told) == []  # its owner is bound again
    await ask(empty_dsn, "ALTER TABLE snapshot NO FORCE ROW LEVEL SECURITY")
    found = [tuple(row) for row in await ask(empty_dsn, told)]
    assert found == [("cut", 3, '{"steps": 5, "details": 1}'), ("whole", 0, "{}")]


async def test_a_database_of_a_newer_release_is_left_alone(empty_dsn):
    await migrate(empty_dsn, app_role=APP_ROLE)
    await ask(empty_dsn, "UPDATE alembic_version SET version_num = 'f00d'")
    before = await described(empty_dsn)
    with pytest.raises(NewerSchema, match=r"at schema f00d.*newer.*Start that release"):
        await migrate(empty_dsn, app_role=APP_ROLE)
    assert await described(empty_dsn) == before


# -- an external server: roles with passwords, and an owner who is no superuser


class External:
    """A server that asks for passwords, with a database whose owner may make roles."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server

    def dsn(self, role: str, password: str) -> str:
        url = make_url(self._server.dsn(role, "support")).set(password=password)
        return url.render_as_string(hide_password=False)

    @property
    def owner(self) -> str:
        return self.dsn("dba", "owner's")


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory anyone may pass: the server may run as another account."""
    with tempfile.TemporaryDirectory(prefix="bt-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture
async def external(place: Path) -> AsyncIterator[External]:
    entrance = place / "pg_hba.conf"
    entrance.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    server = EmbeddedServer(place / "data", {**QUICK, "hba_file": str(entrance)})
    await server.start()
    try:
        superuser = server.dsn("postgres", "postgres")
        await ask(superuser, "CREATE ROLE dba LOGIN CREATEROLE PASSWORD 'owner''s'")
        await ask(superuser, "CREATE DATABASE support OWNER dba")
        yield External(server)
    finally:
        await server.stop()


async def test_on_an_external_server_the_services_role_is_made_with_its_password(external):
    password = 'it\'s "100%" \\:odd $1'
    for _ in range(2):
        await migrate(external.owner, app_role="Baton App", app_password=password)

    database = Database(external.dsn("Baton App", password), max_connections=2)
    await database.open()
    try:
        await guard.check(database, expected_revision=head())
        account = await make_account(database)
        async with database.transaction(account.id) as tx:
            assert await tx.fetchval("SELECT count(*) FROM engineer") == len(account.everybody)
    finally:
        await database.close()
    for wrong in ("", "it's"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await Database(external.dsn("Baton App", wrong)).open()
    belongs_to = """
        SELECT FROM pg_auth_members JOIN pg_roles r ON r.oid = member WHERE rolname = 'Baton App'
    """
    assert await ask(external.owner, belongs_to) == []


async def test_a_migration_that_fails_leaves_neither_tables_nor_role(external):
    await ask(external.owner, "CREATE TABLE snapshot ()")  # in the way of the last to be made
    with pytest.raises(DBAPIError, match="snapshot"):
        await migrate(external.owner, app_role="baton_app")
    tables = """
        SELECT relname FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    """
    assert await ask(external.owner, tables) == [("snapshot",)]
    assert await ask(external.owner, "SELECT FROM pg_roles WHERE rolname = 'baton_app'") == []


async def test_the_owners_url_may_ask_for_tls_as_psql_does(owner_dsn):
    assert await migrate(f"{owner_dsn}&sslmode=prefer", app_role=APP_ROLE) == head()


async def test_accounts_that_were_written_before_were_written_at_a_raise(empty_dsn):
    await migrate(empty_dsn, app_role=APP_ROLE)
    await downgrade(empty_dsn, "0005")
    await ask_in_account(
        empty_dsn,
        "ALTER TABLE documentation DROP CONSTRAINT documentation_account_id_session_id_fkey",
        """
        INSERT INTO documentation (account_id, id, session_id, version, markdown)
        VALUES (app_account(), gen_random_uuid(), gen_random_uuid(), 1, '# Mail')
        """,
    )
    await migrate(empty_dsn, app_role=APP_ROLE)
    await ask(empty_dsn, "ALTER TABLE documentation NO FORCE ROW LEVEL SECURITY")
    assert await ask(empty_dsn, "SELECT kind FROM documentation") == [("RAISED",)]
