"""Whether this process is alive, and whether it should be sent requests."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse

from db.database import CONNECTION_LOST, Database
from services.events import Doorbell

log = structlog.get_logger("app.health")

AWAY = (*CONNECTION_LOST, asyncpg.PostgresError, OSError, TimeoutError)

CONNECTED: Final = "News of other processes arrives at once."
ALONE: Final = (
    "Nothing carries news between processes: that of others is found by looking every second."
)
DOWN: Final = (
    "News of other processes is found by looking every second. This process serves on, late by a "
    "second at most, and keeps trying to connect; its log says what is in the way."
)


async def schema_revision(database: Database) -> str | None:
    """The schema that the database is at. A round trip, so it also shows that it answers."""
    async with database.system() as connection:
        found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return found


@dataclass(frozen=True, slots=True)
class Readiness:
    """``checks`` maps a check's name to None, or to what is wrong."""

    checks: dict[str, str | None]
    doorbell: Doorbell | None = None

    @property
    def ready(self) -> bool:
        return not any(self.checks.values())

    def body(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "ready": self.ready,
            "checks": {
                name: {"ok": wrong is None} | ({} if wrong is None else {"reason": wrong})
                for name, wrong in self.checks.items()
            },
        }
        if self.doorbell is not None:
            shown["doorbell"] = described(self.doorbell)
        return shown


def described(doorbell: Doorbell) -> dict[str, Any]:
    """Of no weight for being ready: without it a process is slower, not broken."""
    seconds = time.monotonic() - doorbell.since
    meaning = ALONE if doorbell.backend == "memory" else CONNECTED
    return {
        "state": "connected" if doorbell.connected else "down",
        "backend": doorbell.backend,
        "since": (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "rebuilds": doorbell.rebuilds,
        "meaning": meaning if doorbell.connected else DOWN,
    }


class Health:
    """The answers of ``/livez`` and ``/readyz``.

    ``revision`` asks the database for its schema's revision, and has ``bound`` to answer; however
    many probes come at once, it is asked once. ``draining`` says that this process is about to
    end: no requests should come any more. ``doorbell`` is described, whatever its state.
    ``parts`` are more checks, of the process itself: what is wrong by name, or None.
    """

    def __init__(
        self,
        *,
        revision: Callable[[], Awaitable[str | None]],
        expected: str,
        draining: Callable[[], bool] = lambda: False,
        doorbell: Doorbell | None = None,
        parts: Callable[[], Mapping[str, str | None]] = dict,
        bound: timedelta = timedelta(seconds=2),
    ) -> None:
        self._revision = revision
        self._expected = expected
        self._draining = draining
        self._doorbell = doorbell
        self._parts = parts
        self._bound = bound.total_seconds()
        self._asking: asyncio.Task[dict[str, str | None]] | None = None
        self._was_ready: bool | None = None

    async def livez(self, request: Request) -> PlainTextResponse:
        """That it answers at all is the answer: the event loop turns."""
        return PlainTextResponse("ok\n", headers={"cache-control": "no-store"})

    async def readyz(self, request: Request) -> JSONResponse:
        found = await self.readiness()
        if found.ready != self._was_ready:
            say = log.info if found.ready else log.warning
            say("health.ready" if found.ready else "health.unready", checks=found.checks)
            self._was_ready = found.ready
        return JSONResponse(
            found.body(), 200 if found.ready else 503, headers={"cache-control": "no-store"}
        )

    async def readiness(self) -> Readiness:
        if self._draining():
            # the database may be closing already: its state is of no interest any more
            return Readiness({"draining": "This process is about to end."})
        checks = await asyncio.shield(self._database_checks())
        return Readiness({"draining": None, **checks, **self._parts()}, self._doorbell)

    def _database_checks(self) -> asyncio.Task[dict[str, str | None]]:
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask(), name="readiness")
            self._asking.add_done_callback(self._asked)
        return self._asking

    def _asked(self, task: asyncio.Task[dict[str, str | None]]) -> None:
        self._asking = None

    async def _ask(self) -> dict[str, str | None]:
        try:
            async with asyncio.timeout(self._bound):
                found = await self._revision()
        except asyncpg.UndefinedTableError:
            found = None
        except AWAY as error:
            # probes need no token, so they are told the kind of the trouble and no more
            log.debug("health.database_away", exc_info=error)
            reason = f"The database doesn't answer ({type(error).__name__})."
            return {"database": reason, "schema": "unknown"}
        if found == self._expected:
            return {"database": None, "schema": None}
        return {
            "database": None,
            "schema": f"The database is at {found or 'none'}; this release needs {self._expected}.",
        }
