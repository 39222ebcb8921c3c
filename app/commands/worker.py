"""`baton worker`."""

from app.commands.failing import told
from app.observability import logs
from app.settings import load
from app.worker import process


def worker() -> None:
    """Carry out deliveries, as one of any number of workers on the same database."""
    with told():
        settings = load(serving=False)
        logs.configure(settings.log_format, settings.log_level)
        process.run(settings)
