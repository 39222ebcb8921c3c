"""`baton demo`."""

import asyncio
import signal
from collections.abc import Mapping
from typing import Annotated, Final

import typer
from rich.console import Console

from app.commands.failing import told
from app.commands.token import minted_for
from app.demo import delivering, outside, story, world
from app.demo.report import Outcome
from app.demo.vendors.faults import Fault
from app.settings import load
from app.settings.fields import own_name

WIDTH: Final = 100  # columns
INTERRUPTED: Final = 130  # what shells say of a program that Ctrl-C has ended


def demo(
    url: Annotated[
        str | None, typer.Option(help="Where the server is; BATON_HOST and BATON_PORT otherwise.")
    ] = None,
    vendors: Annotated[
        bool,
        typer.Option(
            "--vendors",
            help="Start a service and fake vendors for it instead, and watch cards, mails, "
            "webhooks and ticket notes arrive.",
        ),
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VENDOR=FAULT",
            help=f"With --vendors: this one fails once first. {', '.join(outside.CHANNELS)}; "
            f"{', '.join(outside.FAULTS)}. May be given for several.",
        ),
    ] = None,
) -> None:
    """Tell the story live against a running server: escalate, live arrival, claim race, claim."""
    if vendors:
        _vendors(url, fault or [])
    if fault:
        raise typer.BadParameter("It is for --vendors.", param_hint="--fault")
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


def _vendors(url: str | None, given: list[str]) -> None:
    if url is not None:
        raise typer.BadParameter("--vendors starts a server of its own.", param_hint="--url")
    try:
        faults = outside.faults_of(given)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from None
    try:
        outcome = asyncio.run(_delivering(faults))
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo("Stopped, and everything that was started is gone.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(outcome.exit_status)


async def _delivering(faults: Mapping[str, Fault]) -> Outcome:
    """SIGTERM cancels it as Ctrl-C does, so that what it has started is stopped."""
    if (task := asyncio.current_task()) is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    console = Console()
    room = min(WIDTH, console.width) if console.is_terminal else WIDTH
    return await delivering.tell(faults, Console(width=room))
