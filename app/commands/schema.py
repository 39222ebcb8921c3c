"""`baton schema`."""

import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from schema.compatibility import breaks, hasty, undated
from schema.schema import sdl

RELEASE: Final = re.compile(r"schema-(\d+)\.(\d+)\.(\d+)\.graphql")


def schema(
    output: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
    check: Annotated[
        Path | None, typer.Option(help="Say whether this file is what the code has.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Say what clients of the last release in this folder would lose."),
    ] = None,
    release: Annotated[
        Path | None, typer.Option(help="Keep it in this folder as what this version promises.")
    ] = None,
) -> None:
    """Print the contract of the API in GraphQL's schema definition language."""
    printed = sdl()
    if check is not None:
        if not check.exists() or check.read_text() != printed:
            refuse(f"{check} is not what the code has. Run: make schema")
    elif against is not None:
        compare(against, printed)
    elif release is not None:
        freeze(release, printed)
    elif output is not None:
        output.write_text(printed)
    else:
        typer.echo(printed, nl=False)


def compare(folder: Path, printed: str) -> None:
    last = last_release(folder)
    if last is None:
        refuse(f"There is no release in {folder}. Run: make schema-release")
    today = datetime.now(UTC).date()
    objections = [*breaks(last.read_text(), printed, today=today), *undated(printed)]
    if objections:
        refuse(f"Clients of {last} would break (docs/versioning.md):", *objections)


def freeze(folder: Path, printed: str) -> None:
    """Under the same version again it can only grow: what breaks its clients is refused."""
    last = last_release(folder)
    released = None if last is None else last.read_text()
    today = datetime.now(UTC).date()
    objections = [*undated(printed), *hasty(released, printed, today=today)]
    if released is not None:
        objections += breaks(released, printed, today=today)
    if objections:
        refuse("This can't be released (docs/versioning.md):", *objections)
    file = folder / f"schema-{version('baton')}.graphql"
    file.write_text(printed)
    typer.echo(file)


def last_release(folder: Path) -> Path | None:
    """By number, not by date."""
    numbered = {
        tuple(map(int, match.groups())): file
        for file in folder.iterdir()
        if (match := RELEASE.fullmatch(file.name))
    }
    return numbered[max(numbered)] if numbered else None


def refuse(*why: str) -> NoReturn:
    for line in why:
        typer.echo(line, err=True)
    raise typer.Exit(1)
