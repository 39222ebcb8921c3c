"""`baton demo`."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from app.commands.failing import told
from app.commands.token import minted_for
from app.demo import story, world
from app.settings import load
from app.settings.fields import own_name


def demo(
    url: Annotated[
        str | None, typer.Option(help="Where the server is; BATON_HOST and BATON_PORT otherwise.")
    ] = None,
) -> None:
    """Tell the story live against a running server: escalate, live arrival, claim race, claim."""
    with told():
        settings = load()
        tokens = {
            email: minted_for(settings, email)
            for tenant in world.TENANTS
            for email in (tenant.email_of(person.login) for person in tenant.people)
        }
    base = url or f"http://{own_name(settings.host)}:{settings.port}"
    outcome = asyncio.run(story.tell(base, tokens, Console()))
    raise typer.Exit(outcome.exit_status)
