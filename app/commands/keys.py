"""`baton rotate-keys`."""

import asyncio

import typer

from app.commands.failing import told
from app.databases import shared
from app.service import vault_of
from app.settings import Settings, load
from db.database import Database
from services.integrations.rotating import Rotated, rotate


def rotate_keys() -> None:
    """Encrypt every stored secret with the newest key of BATON_SECRET_KEYS.

    May be interrupted and repeated. Afterwards the older keys can be removed, unless it says that
    something could not be read, which makes it exit with 1.
    """
    with told():
        rotated = asyncio.run(_rotate(load(serving=False)))
    typer.echo(
        f"Integrations: {rotated.resealed} encrypted anew, {rotated.current} had the newest key."
    )
    if rotated.locked:
        typer.echo(
            f"{rotated.locked} can't be read with any of the keys: add the one they were encrypted "
            "with to the end of BATON_SECRET_KEYS, or enter their secrets again.",
            err=True,
        )
        raise typer.Exit(1)


async def _rotate(settings: Settings) -> Rotated:
    async with shared(settings) as access:
        database = Database(access.dsn, max_connections=2)
        await database.open()
        try:
            return await rotate(database, vault_of(settings))
        finally:
            await database.close()
