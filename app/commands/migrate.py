"""`baton migrate`."""

import asyncio

import typer

from app.commands.failing import told
from app.databases import bring_up_to_date
from app.settings import load


def migrate() -> None:
    """Create or upgrade tables, policies and the service's role, as the database's owner."""
    with told():
        revision = asyncio.run(bring_up_to_date(load(serving=False)))
    typer.echo(f"The database is at schema {revision}.")
