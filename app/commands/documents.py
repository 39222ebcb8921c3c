"""`baton documents`."""

from pathlib import Path
from typing import Annotated

import typer

from app import trusting
from app.commands.failing import told
from app.settings import load

documents = typer.Typer(help="Trust documents, which clients then ask for by their id.")


@documents.command()
def add(
    files: Annotated[
        list[Path],
        typer.Argument(help="What graphql-codegen, relay-compiler or Apollo has written."),
    ],
) -> None:
    """Trust what is in these files, if all of it fits the schema. What was trusted before stays."""
    with told():
        kept = load(serving=False).documents_file
        new, now = trusting.add(kept, files)
    typer.echo(f"{new} added, {now} are trusted: {kept}. Running processes know within a second.")


@documents.command("list")
def list_() -> None:
    """Say which there are. Exits with 1 when one does not fit the schema any more."""
    with told():
        kept = load(serving=False).documents_file
        found = trusting.documents_of(kept, missing=True)
    if not found:
        typer.echo(f"There are none in {kept}.", err=True)
    fitting = list(trusting.fittings(found))
    for each in fitting:
        typer.echo(f"{each.id}  {each.wrong or ', '.join(each.operations)}")
    if any(each.wrong for each in fitting):
        raise typer.Exit(1)


@documents.command()
def remove(
    ids: Annotated[list[str] | None, typer.Argument(help="Of documents that are trusted.")] = None,
    *,
    file: Annotated[
        Path | None, typer.Option(help="All that are in this file, as it was added.")
    ] = None,
) -> None:
    """Trust them no more: clients that still ask for them are refused."""
    with told():
        kept = load(serving=False).documents_file
        gone = [*(ids or ()), *(trusting.documents_of(file) if file else ())]
        if not gone:
            raise trusting.DocumentsRefused("Say which: ids, or --file FILE.")
        left = trusting.remove(kept, gone)
    typer.echo(f"{left} are left in {kept}. Running processes know within a second.")
