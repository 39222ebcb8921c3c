"""`baton account`."""

import asyncio
from typing import Annotated

import typer

from app.commands.failing import told
from app.databases import shared
from app.settings import Settings, load
from db.database import Database
from services import accounts
from services.problems import InvalidInput


def account(
    slug: Annotated[str, typer.Argument(help="How tokens name it: the claim `account`.")],
    name: Annotated[
        str | None,
        typer.Argument(help="How people name it; leave it out for one that is there already."),
    ] = None,
    *,
    minimum_readiness: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=100,
            help="What a session must score before it can be escalated; 0 for nothing.",
        ),
    ] = None,
) -> None:
    """Create an account, or set what it asks for. Its engineers come with their first tokens."""
    with told():
        if name is None and minimum_readiness is None:
            raise InvalidInput(
                "name", "Give a name to create the account, or --minimum-readiness to set it."
            )
        asyncio.run(_save(load(serving=False), slug, name, minimum_readiness))
    if name is not None:
        typer.echo(f"Created. Try: baton token you@example.com --account {slug} --role ADMIN")
    if minimum_readiness == 0:
        typer.echo("A session can be escalated whatever it scores.")
    elif minimum_readiness is not None:
        typer.echo(f"A session must score {minimum_readiness} of 100 before it can be escalated.")


async def _save(settings: Settings, slug: str, name: str | None, minimum: int | None) -> None:
    async with shared(settings) as access:
        database = Database(access.dsn, max_connections=2)
        await database.open()
        try:
            if name is not None:
                account_id = await accounts.create(database, slug, name)
            else:
                account_id = await accounts.named(database, slug)
            if minimum is not None:
                async with database.transaction(account_id) as tx:
                    await accounts.require_readiness(tx, minimum)
        finally:
            await database.close()
