"""Bringing a database to the schema this code was written for, as its owner."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db import roles
from db.problems import NewerSchema

T = TypeVar("T")

ADVISORY_LOCK = 0x6261746F6E  # "baton": one migration at a time, whoever starts it


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; there is no ini file to keep in step."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.attributes["connection"] = connection
    return made


def head() -> str:
    """The revision this code was written for."""
    revision = ScriptDirectory.from_config(config()).get_current_head()
    if revision is None:
        raise RuntimeError("db/migrations holds no migration")
    return revision


def refuse_newer(revision: str | None) -> None:
    """Raises NewerSchema when ``revision`` is not one of this code's migrations."""
    if revision is None:
        return
    try:
        ScriptDirectory.from_config(config()).get_revision(revision)
    except CommandError:
        raise NewerSchema(revision) from None


async def migrate(owner_dsn: str, *, app_role: str, app_password: str | None = None) -> str:
    """Create or upgrade the tables, then give ``app_role`` exactly what the service needs.

    Safe to repeat and to start from several places at once. Returns the revision reached.
    Raises NewerSchema, and sqlalchemy.exc.DBAPIError when the owner may not do it. In both cases
    nothing has been changed.
    """
    return await _as_owner(
        owner_dsn, lambda connection: _upgrade(connection, app_role, app_password)
    )


async def downgrade(owner_dsn: str, revision: str) -> None:
    """Go back to ``revision`` ("base" for none at all). Data of what is dropped is lost."""

    def down(connection: Connection) -> None:
        command.downgrade(config(connection), revision)

    await _as_owner(owner_dsn, down)


async def _as_owner(owner_dsn: str, work: Callable[[Connection], T]) -> T:
    # asyncpg reads the URL itself: SQLAlchemy would hand it `sslmode` and the like as keywords
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(owner_dsn),
        poolclass=NullPool,
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SET LOCAL lock_timeout = '20s'"))
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, app_role: str, app_password: str | None) -> str:
    refuse_newer(_revision(connection))
    roles.ensure(connection, app_role, app_password)
    command.upgrade(config(connection), "head")
    roles.grant(connection, app_role)
    return _revision(connection) or ""


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
