"""`baton account`."""

import asyncio
from typing import Annotated

import typer

from app.commands.failing import told
from app.databases import shared
from app.settings import Settings, load
from db.database import Database
from services import accounts


def account(
    slug: Annotated[str, typer.Argument(help="How tokens name it: the claim `account`.")],
    name: Annotated[str, typer.Argument(help="How people name it.")],
) -> None:
    """Create an account. Its engineers come with their first tokens."""
    with told():
        asyncio.run(_create(load(serving=False), slug, name))
    typer.echo(f"Created. Try: baton token you@example.com --account {slug} --role ADMIN")


async def _create(settings: Settings, slug: str, name: str) -> None:
    async with shared(settings) as access:
        database = Database(access.dsn, max_connections=2)
        await database.open()
        try:
            await accounts.create(database, slug, name)
        finally:
            await database.close()
