"""`baton engineer`."""

import asyncio
from typing import Annotated

import typer

from app.commands.failing import told
from app.databases import shared
from app.settings import Settings, load
from db.database import Database
from services import accounts, engineers

Email = Annotated[str, typer.Argument(help="Their e-mail address, as their tokens have it.")]
Account = Annotated[str, typer.Option(help="The slug of the account.")]

engineer = typer.Typer(help="Remove somebody from an account, or let them in again.")


@engineer.command()
def deactivate(email: Email, *, account: Account) -> None:
    """Keep somebody out: tokens are refused, live streams end within a second."""
    _set_active(email, account, active=False)


@engineer.command()
def activate(email: Email, *, account: Account) -> None:
    """Let somebody in again who was kept out."""
    _set_active(email, account, active=True)


def _set_active(email: str, account: str, *, active: bool) -> None:
    with told():
        names = asyncio.run(_change(load(serving=False), email, account, active=active))
    for name in names:
        typer.echo(f"{name} {'may sign in again' if active else 'is kept out'}.")


async def _change(settings: Settings, email: str, account: str, *, active: bool) -> list[str]:
    async with shared(settings) as access:
        database = Database(access.dsn, max_connections=2)
        await database.open()
        try:
            account_id = await accounts.named(database, account)
            async with database.transaction(account_id) as tx:
                rows = await engineers.set_active(tx, email, active=active)
            return [f"{row['name']} <{row['email']}>" for row in rows]
        finally:
            await database.close()
