"""The `baton` command."""

import gc
import sys
from importlib import import_module
from typing import Any, Final

import typer

COMMANDS: Final = {
    "serve": "serve:serve",
    "web": "serve:web",
    "worker": "worker:worker",
    "migrate": "migrate:migrate",
    "demo": "demo:demo",
    "token": "token:token",
    "schema": "schema:schema",
    "doctor": "doctor:doctor",
    "rotate-keys": "keys:rotate_keys",
    "account": "account:account",
    "engineer": "engineer:engineer",
    "documents": "documents:documents",
}
"""In the order of the help: the module here, and what it calls the command."""


def main() -> None:
    program(*sys.argv[1:2])()


def program(asked: str | None = None) -> typer.Typer:
    """With the command that is asked for, or with all of them, to choose from.

    Most of the time that a command takes is for importing what it stands on, a sixth of that for
    the collector, who finds nothing: what is imported stays.
    """
    made = typer.Typer(
        name="baton",
        help="Baton: a call for help is never dropped.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        callback=lambda: None,  # or one command alone would be the program itself
    )
    gc.disable()
    for name in [asked] if asked in COMMANDS else COMMANDS:
        command = _imported(COMMANDS[name])
        if isinstance(command, typer.Typer):
            made.add_typer(command, name=name, no_args_is_help=True)
        else:
            made.command(name)(command)
    gc.enable()
    return made


def _imported(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(import_module(f"app.commands.{module}"), name)
