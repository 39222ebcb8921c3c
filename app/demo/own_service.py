"""A service of the demo's own: a child process on an empty database, gone when the demo is."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from app.demo import world
from app.demo.client import StoryStopped
from app.settings.fields import PREFIX, env_name
from app.signin import mint
from db.embedded.account import Account
from db.embedded.layout import Layout
from db.embedded.process import Child

STARTING: Final = 120  # seconds: a database is created first
STOPPING: Final = 30  # seconds
POLL: Final = 0.05  # seconds
PASSABLE: Final = 0o711  # for the account that PostgreSQL runs as, when we are root
LAST_WORDS: Final = 5  # lines


@dataclass(frozen=True, slots=True)
class OwnService:
    """``url`` is where it listens, without a path."""

    url: str
    secret: str = field(repr=False)

    def token(self, email: str) -> str:
        """For somebody of the demo world."""
        found = world.find(email)
        if found is None:
            raise ValueError(f"{email} is nobody of the demo.")
        tenant, person = found
        return mint(
            self.secret,
            subject=email,
            account=tenant.slug,
            email=email,
            name=person.name,
            role=person.role,
            tier=person.tier,
            lifetime=timedelta(hours=1),
            now=datetime.now(UTC),
        )


@asynccontextmanager
async def running(settings: Mapping[str, str]) -> AsyncIterator[OwnService]:
    """`baton serve` with the demo world and these settings, whatever our own environment says.

    Call it in the main thread. Raises StoryStopped with the service's last words when it does not
    start.
    """
    secret = secrets.token_urlsafe(32)
    with _place() as place:
        data = place / "data"
        own = {"data_dir": str(data), "host": "127.0.0.1", "port": "0", "demo": "true"}
        own |= {"auth_secret": secret, "log_format": "json"}
        environment = _without_settings() | {
            env_name(k): v for k, v in (own | dict(settings)).items()
        }
        log = place / "log"
        with log.open("wb") as file:
            account = Account(os.geteuid(), os.getegid(), dropped=False)
            child = Child([sys.executable, "-m", "app", "serve"], account, file, environment)
        try:
            yield OwnService(await _ready(child, log), secret)
        finally:
            await child.stop(patience=STOPPING)
            shutil.rmtree(Layout(data).sockets, ignore_errors=True)


@contextmanager
def _place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="baton-demo-") as name:
        place = Path(name)
        place.chmod(PASSABLE)
        yield place


def _without_settings() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.upper().startswith(PREFIX)}


async def _ready(child: Child, log: Path) -> str:
    try:
        async with asyncio.timeout(STARTING):
            while not child.exited:
                for entry in _entries(log):
                    if entry.get("event") == "ready":
                        return str(entry["url"]).removesuffix("/graphql")
                await asyncio.sleep(POLL)
    except TimeoutError:
        raise StoryStopped(
            f"The service was not ready after {STARTING} seconds:\n{_last_words(log)}"
        ) from None
    raise StoryStopped(f"The service did not start:\n{_last_words(log)}")


def _entries(log: Path) -> Iterator[dict[str, object]]:
    for line in _lines(log):
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def _last_words(log: Path) -> str:
    return "\n".join(_lines(log)[-LAST_WORDS:]) or "it said nothing."


def _lines(log: Path) -> list[str]:
    return log.read_text("utf-8", errors="replace").splitlines()
