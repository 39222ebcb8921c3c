"""Coming by a database: PostgreSQL run by us, by another process of ours, or by the operator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from sqlalchemy.engine import URL, make_url

from app.settings import Settings
from db.embedded import APP_ROLE, DATABASE, OWNER_ROLE, EmbeddedServer, bootstrap
from db.migrate import head, migrate


class NoDatabase(Exception):
    """There is no database to work with. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to get in. ``server`` is the embedded one when this process runs it."""

    dsn: str
    server: EmbeddedServer | None = None


@asynccontextmanager
async def provided(settings: Settings) -> AsyncIterator[Access]:
    """The operator's database, or an embedded one that is started here and brought up to date.

    The operator's is never migrated at run time: that takes its owner, whom the service is not.
    Raises what EmbeddedServer.start and migrate raise.
    """
    if settings.database_url is not None:
        yield Access(settings.database_url.get_secret_value())
        return
    server = EmbeddedServer(settings.data_dir)
    await server.start()
    try:
        await bootstrap(server)
        await migrate(server.dsn(OWNER_ROLE, DATABASE), app_role=APP_ROLE)
        yield Access(server.dsn(APP_ROLE, DATABASE), server)
    finally:
        await server.stop()


@asynccontextmanager
async def shared(settings: Settings) -> AsyncIterator[Access]:
    """The operator's database, or the embedded one that a running `baton serve` has started.

    Raises NoDatabase when nobody runs it.
    """
    if settings.database_url is not None:
        yield Access(settings.database_url.get_secret_value())
        return
    dsn = EmbeddedServer(settings.data_dir).dsn(APP_ROLE, DATABASE)
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise NoDatabase(
            f"No embedded database runs in {settings.data_dir} ({error}). Start `baton serve` "
            "there first, or set BATON_DATABASE_URL to a server of your own."
        ) from None
    await connection.close()
    yield Access(dsn)


async def bring_up_to_date(settings: Settings) -> str:
    """`baton migrate`: tables, policies and the service's role, as the owner.

    Returns the revision reached. Raises NoDatabase when the owner's URL is missing, and what
    migrate raises.
    """
    if settings.database_url is None:
        async with provided(settings):
            return head()
    if settings.database_owner_url is None:
        raise NoDatabase(
            "BATON_DATABASE_OWNER_URL is not set. Migrating takes the owner of the database; "
            "BATON_DATABASE_URL names the role that the service runs as, which is created."
        )
    app = make_url(settings.database_url.get_secret_value())
    if app.username is None:
        raise NoDatabase("BATON_DATABASE_URL names no role: put it before the @.")
    owner = make_url(settings.database_owner_url.get_secret_value())
    if _place(app) != _place(owner):
        raise NoDatabase(
            "BATON_DATABASE_URL and BATON_DATABASE_OWNER_URL name different databases. They must "
            "differ in role and password only."
        )
    return await migrate(
        owner.render_as_string(hide_password=False),
        app_role=app.username,
        app_password=app.password,
    )


def _place(url: URL) -> tuple[object, ...]:
    return url.host, url.port or 5432, url.database, url.query.get("host")
