"""Refusing a database that would run us with more power than isolation can survive."""

from typing import Any

from db.database import Database

OLDEST_SERVER = 150000  # PostgreSQL 15, the oldest that is tested


class UnsafeDatabase(Exception):
    """The database can't be used as it is. The message says why and what to do."""


async def check(database: Database, *, expected_revision: str) -> None:
    """Look at the role, the server and the schema before the first request.

    Row-level security is void for a superuser, for a role with BYPASSRLS and for the owner of the
    tables (who may switch it off), so none of them may be the service's role.
    Raises UnsafeDatabase.
    """
    async with database.system() as connection:
        me = await connection.fetchrow(
            """
            SELECT current_user AS name, rolsuper, rolbypassrls,
                   current_setting('server_version_num')::int AS version,
                   to_regclass('public.alembic_version') IS NOT NULL AS migrated,
                   EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                           WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
                             AND pg_has_role(current_user, c.relowner, 'MEMBER')) AS owns
            FROM pg_roles WHERE rolname = current_user
            """
        )
        _refuse_power(me)
        revision = None
        if me is not None and me["migrated"]:
            revision = await connection.fetchval("SELECT version_num FROM alembic_version")
    if revision != expected_revision:
        raise UnsafeDatabase(
            f"The database is at schema {revision or 'none'}, this release needs "
            f"{expected_revision}. Run `baton migrate` with BATON_DATABASE_OWNER_URL set to the "
            "owner's URL (and this release's code), then start again."
        )


def _refuse_power(me: Any) -> None:
    if me is None:
        raise UnsafeDatabase("The database does not say which role we are.")
    if me["version"] < OLDEST_SERVER:
        raise UnsafeDatabase(
            f"The server is PostgreSQL {me['version'] // 10000}; Baton needs 15 or newer."
        )
    way_out = (
        "Row-level security would not hold for it. Put a role of its own into "
        "BATON_DATABASE_URL, and this one into BATON_DATABASE_OWNER_URL for `baton migrate`, "
        "which creates the other."
    )
    if me["rolsuper"]:
        raise UnsafeDatabase(f"BATON_DATABASE_URL signs in as superuser {me['name']!r}. {way_out}")
    if me["rolbypassrls"]:
        raise UnsafeDatabase(f"The role {me['name']!r} has BYPASSRLS. {way_out}")
    if me["owns"]:
        raise UnsafeDatabase(f"The role {me['name']!r} owns Baton's tables. {way_out}")
