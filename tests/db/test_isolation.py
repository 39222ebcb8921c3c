"""Accounts are kept apart by PostgreSQL itself: what its catalogue says, and what it then does.

Everything is asked as the role the service runs as.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from db.database import Database, Row
from db.embedded import APP_ROLE, OWNER_ROLE
from db.models import TENANT_TABLES, metadata
from db.roles import DOORS, PRIVILEGES
from tests.harness.people import Account
from tests.harness.rows import insert, insert_all, one_of_each

KEPT_APART = ("account", *TENANT_TABLES)
CHANGEABLE = tuple(t for t in TENANT_TABLES if "UPDATE" in PRIVILEGES[t])
WHOLLY_CHANGEABLE = tuple(t for t in CHANGEABLE if "UPDATE (" not in PRIVILEGES[t])
UNCHANGEABLE = ("snapshot", "event", "documentation", "idempotency_key", "account")

REFERENCES = sorted(
    (table.name, column.name)
    for table in metadata.tables.values()
    for key in table.foreign_key_constraints
    for column in key.columns
    if column.name != "account_id"
)

POINTS_AT_NO_TABLE = {
    ("handoff", "batch_id"),  # at one another: handoffs raised together
    ("idempotency_key", "result_id"),  # at a handoff, a session or a step
}

REFUSED = asyncpg.InsufficientPrivilegeError  # what a policy's WITH CHECK says, too


@pytest.fixture
async def single(dsn: str) -> AsyncIterator[Database]:
    """One connection only, so that whatever leaks is seen by the next to use it."""
    opened = Database(dsn, max_connections=1)
    await opened.open()
    yield opened
    await opened.close()


async def ask(database: Database, sql: str, *args: Any) -> list[Row]:
    """As nobody's account: the catalogue is open to everyone."""
    async with database.system() as connection:
        return list(await connection.fetch(sql, *args))


async def count(database: Database, account: Account, table: str, owner: Account) -> int:
    """How many of ``owner``'s rows ``account`` sees."""
    column = "id" if table == "account" else "account_id"
    async with database.transaction(account.id) as tx:
        found: int = await tx.fetchval(
            f"SELECT count(*) FROM {table} WHERE {column} = $1", owner.id
        )
    return found


async def fill(database: Database, account: Account) -> None:
    async with database.transaction(account.id) as tx:
        await insert_all(tx, one_of_each(account))


# -- what the catalogue says


async def test_the_database_holds_the_tables_of_this_code_and_nothing_else(database):
    found = await ask(
        database,
        """
        SELECT relkind::text AS kind, array_agg(relname::text ORDER BY relname) AS names
        FROM pg_class WHERE relnamespace = 'public'::regnamespace GROUP BY relkind
        """,
    )
    by_kind = {row.kind: row.names for row in found}
    assert by_kind["r"] == sorted(PRIVILEGES) == sorted([*metadata.tables, "alembic_version"])
    # a view would need security_invoker, a sequence or materialised view knows no policy
    assert by_kind.keys() == {"r", "i"}


async def test_no_table_lies_outside_the_schema_that_is_looked_at(database):
    assert not await ask(
        database,
        """
        SELECT nspname FROM pg_namespace
        WHERE nspname <> 'public' AND nspname <> 'information_schema' AND nspname !~ '^pg_'
        """,
    )


async def test_row_level_security_is_enabled_and_forced_on_every_tenant_table(database):
    tables = await ask(
        database,
        """
        SELECT relname AS name, relrowsecurity AS enabled, relforcerowsecurity AS forced
        FROM pg_class c
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
          AND (relname = 'account' OR EXISTS (
              SELECT 1 FROM pg_attribute WHERE attrelid = c.oid AND attname = 'account_id'))
        ORDER BY relname
        """,
    )
    assert [table.name for table in tables] == sorted(KEPT_APART)
    assert [table.name for table in tables if not (table.enabled and table.forced)] == []


async def test_every_tenant_table_has_one_policy_and_it_compares_the_account_both_ways(database):
    policies = await ask(
        database,
        """
        SELECT polrelid::regclass::text AS table, polcmd::text AS command, polpermissive,
               pg_get_expr(polqual, polrelid) AS using, pg_get_expr(polwithcheck, polrelid) AS check
        FROM pg_policy WHERE polroles = '{0}'
        """,
    )
    found = {policy.table: tuple(policy.values())[1:] for policy in policies}
    assert len(found) == len(policies)
    assert found == {
        table: ("*", True, f"({column} = app_account())", f"({column} = app_account())")
        for table in KEPT_APART
        for column in ["id" if table == "account" else "account_id"]
    }


async def test_only_the_owner_has_another_policy_and_only_to_read_what_the_doors_show(database):
    policies = await ask(
        database,
        """
        SELECT polrelid::regclass::text AS table, polcmd::text AS command,
               ARRAY(SELECT rolname::text FROM pg_roles WHERE oid = ANY (polroles)) AS roles
        FROM pg_policy WHERE polroles <> '{0}' ORDER BY 1
        """,
    )
    assert [tuple(policy.values()) for policy in policies] == [
        ("account", "r", [OWNER_ROLE]),
        ("event_counter", "r", [OWNER_ROLE]),
    ]


async def test_no_foreign_key_can_leave_the_account(database):
    keys = await ask(
        database,
        """
        SELECT conrelid::regclass::text AS table, confrelid::regclass::text AS target,
               ARRAY(SELECT a.attname || '=' || b.attname
                     FROM unnest(conkey, confkey) AS pair (mine, theirs)
                     JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = mine
                     JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = theirs) AS pairs
        FROM pg_constraint WHERE contype = 'f'
        """,
    )
    assert keys
    for key in keys:
        carried = "account_id=id" if key.target == "account" else "account_id=account_id"
        assert carried in key.pairs, f"{key.table}: {key.pairs} → {key.target}"


async def test_every_column_that_names_a_row_is_a_reference(database):
    named = await ask(
        database,
        """
        SELECT table_name::text AS table, column_name::text AS column
        FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name ~ '_id$' AND column_name <> 'account_id'
        """,
    )
    assert {(row.table, row.column) for row in named} == {*REFERENCES} | POINTS_AT_NO_TABLE


async def test_primary_keys_begin_with_the_account_and_unique_keys_hold_it(database):
    """A unique key without it would tell whether another account has such a row."""
    indexes = await ask(
        database,
        """
        SELECT indexrelid::regclass::text AS name, indisprimary AS primary,
               ARRAY(SELECT attname::text FROM unnest(indkey) WITH ORDINALITY AS k (n, place)
                     JOIN pg_attribute ON attrelid = indrelid AND attnum = n ORDER BY place)
               AS columns
        FROM pg_index WHERE indisunique AND indrelid::regclass::text = ANY ($1)
        """,
        TENANT_TABLES,
    )
    assert sum(index.primary for index in indexes) == len(TENANT_TABLES)
    for index in indexes:
        assert "account_id" in index.columns, index.name
        assert not index.primary or index.columns[0] == "account_id", index.name


async def test_the_services_role_has_no_power_of_its_own(database):
    (role,) = await ask(
        database,
        """
        SELECT rolname = session_user AS mine, rolsuper OR rolbypassrls OR rolcreaterole
               OR rolcreatedb OR rolreplication AS mighty,
               EXISTS (SELECT 1 FROM pg_auth_members WHERE member = r.oid) AS belongs,
               EXISTS (SELECT 1 FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass
                       AND refobjid = r.oid AND deptype = 'o') AS owns,
               has_database_privilege(oid, current_database(), 'CREATE, TEMPORARY') AS creates,
               has_schema_privilege(oid, 'public', 'CREATE') AS creates_here
        FROM pg_roles r WHERE rolname = current_user
        """,
    )
    assert role == (True, False, False, False, False, False)


GRANTS = """
    SELECT name, string_agg(privilege_type, ', ' ORDER BY privilege_type) AS privileges
    FROM (
        SELECT oid::regclass::text AS name, relacl AS acl FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT attrelid::regclass || '.' || attname, attacl FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        UNION ALL
        SELECT oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
    ) AS secured, aclexplode(acl)
    WHERE grantee = (CASE $1 WHEN 'PUBLIC' THEN 0 ELSE $1::regrole::oid END)
    GROUP BY name
"""


async def test_the_services_role_may_do_what_the_list_says_and_nothing_more(database):
    found = {row.name: row.privileges for row in await ask(database, GRANTS, APP_ROLE)}
    listed = dict.fromkeys((*DOORS, "app_account()"), "EXECUTE")
    for table, privileges in PRIVILEGES.items():
        listed |= spelled_out(table, privileges)
    assert found == listed


def spelled_out(table: str, privileges: str) -> dict[str, str]:
    """As PostgreSQL keeps them: of the table, and of its columns one by one."""
    by_name: dict[str, list[str]] = {}
    for privilege, columns in re.findall(r"(\w+)(?: \(([^)]*)\))?", privileges):
        for column in columns.split(", "):
            by_name.setdefault(f"{table}.{column}" if column else table, []).append(privilege)
    return {name: ", ".join(sorted(granted)) for name, granted in by_name.items()}


async def test_everybody_else_may_do_nothing(database):
    assert await ask(database, GRANTS, "PUBLIC") == []
    (opened,) = await ask(
        database,
        """
        SELECT EXISTS (SELECT 1 FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'public'
                       AND grantee = 0 AND privilege_type = 'CREATE') AS schema,
               EXISTS (SELECT 1 FROM aclexplode(coalesce(datacl, acldefault('d', datdba)))
                       WHERE grantee = 0) AS database
        FROM pg_database WHERE datname = current_database()
        """,
    )
    assert opened == (False, False)


async def test_the_doors_are_the_only_functions_that_act_as_the_owner(database):
    functions = await ask(
        database,
        """
        SELECT oid::regprocedure::text AS name, prosecdef AS as_owner, proconfig AS settings,
               pg_get_userbyid(proowner) AS owner
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        """,
    )
    doors = {function.name: function for function in functions if function.as_owner}
    assert doors.keys() == set(DOORS)
    for door in doors.values():
        assert door.owner == OWNER_ROLE
        # else the caller's own path would say what the names in it mean
        assert door.settings == ["search_path=pg_catalog"]


# -- what PostgreSQL does


@pytest.mark.parametrize("table", KEPT_APART)
async def test_without_an_account_nothing_is_seen_and_nothing_is_written(database, account, table):
    await fill(database, account)
    assert await ask(database, f"SELECT * FROM {table}") == []
    row = {"id": account.id, "slug": "new", "name": "New"}
    if table != "account":
        row = dict(one_of_each(account))[table]
    async with database.system() as connection:
        with pytest.raises(REFUSED, match="row-level security"):
            await insert(connection, table, row)


@pytest.mark.parametrize("table", KEPT_APART)
async def test_another_accounts_rows_are_there_and_not_to_be_seen(
    database, account, other_account, table
):
    await fill(database, account)
    assert await count(database, account, table, account) > 0
    assert await count(database, other_account, table, account) == 0


@pytest.mark.parametrize("table", CHANGEABLE)
async def test_another_accounts_rows_cannot_be_changed(database, account, other_account, table):
    column = "account_id" if table in WHOLLY_CHANGEABLE else "seq"
    await fill(database, account)
    async with database.transaction(other_account.id) as tx:
        changed = await tx.execute(
            f"UPDATE {table} SET {column} = {column} WHERE account_id = $1", account.id
        )
    assert changed == "UPDATE 0"


@pytest.mark.parametrize("table", TENANT_TABLES)
async def test_a_row_cannot_be_put_into_another_account(database, account, other_account, table):
    with pytest.raises(REFUSED, match="row-level security"):
        async with database.transaction(account.id) as tx:
            await insert(tx, table, dict(one_of_each(other_account))[table])


@pytest.mark.parametrize("table", WHOLLY_CHANGEABLE)
async def test_a_row_cannot_be_moved_into_another_account(database, account, other_account, table):
    await fill(database, account)
    with pytest.raises(REFUSED, match="row-level security"):
        async with database.transaction(account.id) as tx:
            await tx.execute(f"UPDATE {table} SET account_id = $1", other_account.id)


@pytest.mark.parametrize(("table", "column"), REFERENCES)
async def test_a_reference_to_another_accounts_row_is_refused_though_the_row_exists(
    database, account, other_account, table, column
):
    """PostgreSQL looks past row-level security when it checks a foreign key."""
    mine, theirs = one_of_each(account), one_of_each(other_account)
    async with database.transaction(other_account.id) as tx:
        await insert_all(tx, theirs)
    dict(mine)[table][column] = dict(theirs)[table][column]
    with pytest.raises(asyncpg.ForeignKeyViolationError, match=column):
        async with database.transaction(account.id) as tx:
            await insert_all(tx, mine)


@pytest.mark.parametrize("table", UNCHANGEABLE)
@pytest.mark.parametrize(
    "statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"]
)
async def test_what_is_written_for_good_cannot_be_rewritten(database, account, table, statement):
    column = "id" if table == "account" else "account_id"
    with pytest.raises(REFUSED, match="permission denied"):
        async with database.transaction(account.id) as tx:
            await tx.execute(statement.format(table, column))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event_counter SET horizon = seq",
        "UPDATE event_counter SET kept_since = '-infinity'",
        "UPDATE event_counter SET account_id = account_id",
        "INSERT INTO event_counter (account_id, seq, horizon) VALUES (app_account(), 0, 0)",
        "DELETE FROM event_counter",
    ],
)
async def test_how_far_back_the_log_is_promised_is_not_the_services_to_say(
    database, account, statement
):
    with pytest.raises(REFUSED, match="permission denied"):
        async with database.transaction(account.id) as tx:
            await tx.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SET LOCAL row_security = off; SELECT count(*) FROM session",
        f"SET LOCAL ROLE {OWNER_ROLE}",
        f"SET LOCAL SESSION AUTHORIZATION {OWNER_ROLE}",
        "ALTER TABLE session DISABLE ROW LEVEL SECURITY",
        "CREATE POLICY wide ON session USING (true)",
        "CREATE OR REPLACE FUNCTION app_account() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
        "CREATE TEMPORARY TABLE session ()",
    ],
)
async def test_the_services_role_cannot_lift_the_fence(database, account, statement):
    with pytest.raises(REFUSED):
        async with database.transaction(account.id) as tx:
            await tx.execute(statement)


async def test_the_owner_sees_no_account_but_the_one_it_is_set_to(
    database, owner_dsn, account, other_account
):
    for one in (account, other_account):
        await fill(database, one)
    owner = await asyncpg.connect(owner_dsn)
    try:
        for table in set(TENANT_TABLES) - {"event_counter"}:  # which a door looks at
            assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0
    finally:
        await owner.close()


@pytest.mark.parametrize("end", ["commit", "rollback", "cancel", "error"])
async def test_an_account_does_not_outlive_its_transaction(single, account, other_account, end):
    await fill(single, account)
    inside = asyncio.Event()

    async def work() -> None:
        async with single.transaction(account.id) as tx:
            assert await tx.fetchval("SELECT app_account()") == account.id
            inside.set()
            if end == "rollback":
                raise LookupError
            if end == "error":
                await tx.execute("SELECT 1 / 0")
            if end == "cancel":
                await tx.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(work())
    await inside.wait()
    if end == "cancel":
        await asyncio.sleep(0.02)
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert await ask(single, "SELECT app_account() AS a") == [(None,)]
    assert await ask(single, "SELECT * FROM session") == []
    assert await count(single, other_account, "session", account) == 0


# -- the doors


async def test_a_slug_opens_one_account_and_tells_nothing_else(database, account, other_account):
    by_slug = "SELECT * FROM account_by_slug($1)"
    (found,) = await ask(database, by_slug, account.slug)
    assert dict(found) == {"id": account.id, "slug": account.slug, "name": "acme"}
    for wrong in ("nobody", "%", "", account.slug.upper(), None, "' OR true --"):
        assert await ask(database, by_slug, wrong) == []


async def test_the_heads_of_the_logs_asked_for_are_told_and_no_others(
    database, account, other_account
):
    for one in (account, other_account):
        await fill(database, one)
    heads = "SELECT account_id, seq FROM event_heads($1)"
    assert await ask(database, heads, [account.id]) == [(account.id, 1)]
    for nobodys in ([], [account.tier1.id], None, [None]):
        assert await ask(database, heads, nobodys) == []
