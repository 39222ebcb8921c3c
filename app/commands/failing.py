"""How commands end when something is not as it has to be: one message, no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import sqlalchemy.exc

from app.databases import NoDatabase
from app.listening import CannotListen
from app.settings import SettingsError
from app.trusting import DocumentsRefused
from db.embedded import EmbeddedServerError
from db.guard import UnsafeDatabase
from db.problems import forget_values
from services.problems import Problem

EXPECTED = (
    SettingsError,
    NoDatabase,
    CannotListen,
    UnsafeDatabase,
    EmbeddedServerError,
    DocumentsRefused,
    Problem,
)


@contextmanager
def told() -> Iterator[None]:
    """Exit with 1 and the message of a failure that the operator can do something about."""
    try:
        yield
    except EXPECTED as error:
        _end(str(error))
    except (OSError, asyncpg.PostgresError, sqlalchemy.exc.DBAPIError) as error:
        cause = getattr(error, "orig", None) or error
        if isinstance(cause.__cause__, asyncpg.PostgresError):
            cause = cause.__cause__  # SQLAlchemy's has its words already
        forget_values(cause)
        _end(f"The database can't be used: {type(cause).__name__}: {cause}")


def _end(message: str) -> None:
    sys.stderr.write(f"baton: {message}\n")
    raise SystemExit(1)
