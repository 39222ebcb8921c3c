"""The roles and the database of a new cluster."""

import asyncpg

from db.embedded.cluster import SUPERUSER
from db.embedded.server import EmbeddedServer

OWNER_ROLE = "baton_owner"
APP_ROLE = "baton_app"
DATABASE = "baton"

ROLE = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION"


async def bootstrap(server: EmbeddedServer) -> None:
    """Create what is missing and put right what was changed; safe to repeat.

    The superuser is used here and nowhere else: row-level security is void for it, so neither
    migrations (OWNER_ROLE) nor the service (APP_ROLE) may be it. Rights on tables come with the
    migrations. Raises asyncpg.PostgresError or OSError.
    """
    connection = await asyncpg.connect(server.dsn(SUPERUSER, SUPERUSER))
    try:
        await _roles_and_database(connection)
    finally:
        await connection.close()
    connection = await asyncpg.connect(server.dsn(SUPERUSER, DATABASE))
    try:
        async with connection.transaction():
            await _schema(connection)
    finally:
        await connection.close()


async def _roles_and_database(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    for role in (OWNER_ROLE, APP_ROLE):
        known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
        await connection.execute(f"{'ALTER' if known else 'CREATE'} ROLE {role} {ROLE}")
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
        await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE} ENCODING 'UTF8'")


async def _schema(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await connection.execute(
        f"""
        REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;  -- TEMPORARY among them
        GRANT CONNECT ON DATABASE {DATABASE} TO {APP_ROLE};
        ALTER SCHEMA public OWNER TO {OWNER_ROLE};
        REVOKE CREATE ON SCHEMA public FROM PUBLIC;
        GRANT USAGE ON SCHEMA public TO {APP_ROLE};
        """
    )
