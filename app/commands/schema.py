"""`baton schema`."""

from pathlib import Path
from typing import Annotated

import typer

from schema.schema import sdl


def schema(
    output: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
    check: Annotated[
        Path | None, typer.Option(help="Say whether this file is what the code has.")
    ] = None,
) -> None:
    """Print the contract of the API in GraphQL's schema definition language."""
    printed = sdl()
    if check is not None:
        if not check.exists() or check.read_text() != printed:
            typer.echo(f"{check} is not what the code has. Run: make schema", err=True)
            raise typer.Exit(1)
    elif output is not None:
        output.write_text(printed)
    else:
        typer.echo(printed, nl=False)
