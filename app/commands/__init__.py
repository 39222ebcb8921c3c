"""The `baton` command."""

import typer

from app.commands import (
    account,
    demo,
    doctor,
    documents,
    engineer,
    keys,
    migrate,
    schema,
    serve,
    token,
    worker,
)

main = typer.Typer(
    name="baton",
    help="Baton: a call for help is never dropped.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
main.command("serve")(serve.serve)
main.command("web")(serve.web)
main.command("worker")(worker.worker)
main.command("migrate")(migrate.migrate)
main.command("demo")(demo.demo)
main.command("token")(token.token)
main.command("schema")(schema.schema)
main.command("doctor")(doctor.doctor)
main.command("rotate-keys")(keys.rotate_keys)
main.command("account")(account.account)
main.add_typer(engineer.engineer, name="engineer", no_args_is_help=True)
main.add_typer(documents.documents, name="documents", no_args_is_help=True)
