"""`baton serve` and `baton web`."""

from app import server
from app.commands.failing import told
from app.databases import provided, shared
from app.observability import logs
from app.settings import load


def serve() -> None:
    """Run the whole service in one process, with an embedded PostgreSQL unless there is one."""
    with told():
        settings = load()
        logs.configure(settings.log_format, settings.log_level)
        server.run(settings, provided, carrying=True)


def web() -> None:
    """Run one more web process, on the database that others use as well."""
    with told():
        settings = load()
        logs.configure(settings.log_format, settings.log_level)
        server.run(settings, shared)
