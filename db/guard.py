"""Refusing a database that would run us with more power than isolation can survive."""

from db.database import Database, Row
from db.migrate import refuse_newer
from db.problems import UnsafeDatabase
from db.roles import FUNCTIONS, PRIVILEGES

__all__ = ["UnsafeDatabase", "check"]

OLDEST_SERVER = 150000  # PostgreSQL 15, the oldest that is tested

WHO_WE_ARE = """
    SELECT rolname AS name, rolsuper, rolbypassrls,
           current_setting('server_version_num')::int AS version,
           (SELECT min(mighty.rolname) FROM pg_roles mighty
            WHERE (mighty.rolsuper OR mighty.rolbypassrls)
              AND pg_has_role(me.oid, mighty.oid, 'MEMBER')) AS may_become,
           EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('public')
                   AND relname = ANY ($1) AND pg_has_role(me.oid, relowner, 'MEMBER'))
           OR EXISTS (SELECT FROM pg_proc WHERE pronamespace = to_regnamespace('public')
                      AND oid::regprocedure::text = ANY ($2)
                      AND pg_has_role(me.oid, proowner, 'MEMBER')) AS owns,
           (SELECT has_schema_privilege(relnamespace, 'USAGE')
                   AND has_table_privilege(c.oid, 'SELECT') FROM pg_class c
            WHERE relnamespace = to_regnamespace('public')
              AND relname = 'alembic_version') AS let_in
    -- whom the connection signed in as: current_user may have been set to something lesser
    FROM pg_roles me WHERE rolname = session_user
"""


async def check(database: Database, *, expected_revision: str) -> None:
    """Look at the role, the server and the schema before the first request.

    Row-level security is void for a superuser, for a role with BYPASSRLS and for the owner of the
    tables (who may switch it off), so none of them may be the service's role, nor one it may
    become with SET ROLE.
    Raises UnsafeDatabase.
    """
    async with database.system() as connection:
        me = await connection.fetchrow(WHO_WE_ARE, list(PRIVILEGES), list(FUNCTIONS))
        if me is None:
            raise UnsafeDatabase("The database does not say which role we are.")
        _refuse_power(me)
        _refuse_stranger(me)
        revision: str | None = None
        if me.let_in:
            revision = await connection.fetchval("SELECT version_num FROM public.alembic_version")
    _refuse_revision(revision, expected_revision)


def _refuse_power(me: Row) -> None:
    if me.version < OLDEST_SERVER:
        raise UnsafeDatabase(
            f"The server is PostgreSQL {me.version // 10000}; Baton needs 15 or newer."
        )
    way_out = (
        "Row-level security would not hold for it. Put a role of its own into "
        "BATON_DATABASE_URL, and this one into BATON_DATABASE_OWNER_URL for `baton migrate`, "
        "which creates the other."
    )
    if me.rolsuper:
        raise UnsafeDatabase(f"BATON_DATABASE_URL signs in as superuser {me.name!r}. {way_out}")
    if me.rolbypassrls:
        raise UnsafeDatabase(f"The role {me.name!r} has BYPASSRLS. {way_out}")
    if me.owns:
        raise UnsafeDatabase(
            f"The role {me.name!r} owns Baton's tables, or belongs to a role that does. {way_out}"
        )
    if me.may_become:
        raise UnsafeDatabase(
            f"The role {me.name!r} belongs to {me.may_become!r}, which row-level security does "
            f"not bind. Take that away with: REVOKE {me.may_become} FROM {me.name}"
        )


def _refuse_stranger(me: Row) -> None:
    if me.let_in is False:
        raise UnsafeDatabase(
            f"The role {me.name!r} has no rights on Baton's tables. Run `baton migrate` with this "
            "BATON_DATABASE_URL, and BATON_DATABASE_OWNER_URL set to the owner's URL: it grants "
            "them."
        )


def _refuse_revision(revision: str | None, expected: str) -> None:
    if revision == expected:
        return
    refuse_newer(revision)
    raise UnsafeDatabase(
        f"The database is at schema {revision or 'none'}, this release needs {expected}. Run "
        "`baton migrate` with BATON_DATABASE_OWNER_URL set to the owner's URL (and this release's "
        "code), then start again."
    )
