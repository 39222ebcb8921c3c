"""Whether this process is alive, and whether it should be sent requests."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse

from db.database import CONNECTION_LOST, Database

log = structlog.get_logger("app.health")

AWAY = (*CONNECTION_LOST, asyncpg.PostgresError, OSError, TimeoutError)


async def schema_revision(database: Database) -> str | None:
    """The schema that the database is at. A round trip, so it also shows that it answers."""
    async with database.system() as connection:
        found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
        return found


@dataclass(frozen=True, slots=True)
class Readiness:
    """``checks`` maps a check's name to None, or to what is wrong."""

    checks: dict[str, str | None]
    doorbell: bool | None = None

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
            # slower, not broken: every process looks for news by itself each second
            shown["doorbell"] = "connected" if self.doorbell else "degraded"
        return shown


class Health:
    """The answers of ``/livez`` and ``/readyz``.

    ``revision`` asks the database for its schema's revision, and has ``bound`` to answer; however
    many probes come at once, it is asked once. ``draining`` says that this process is about to
    end: no requests should come any more. ``doorbell`` says whether news arrive at once.
    """

    def __init__(
        self,
        *,
        revision: Callable[[], Awaitable[str | None]],
        expected: str,
        draining: Callable[[], bool] = lambda: False,
        doorbell: Callable[[], bool] | None = None,
        bound: timedelta = timedelta(seconds=2),
    ) -> None:
        self._revision = revision
        self._expected = expected
        self._draining = draining
        self._doorbell = doorbell
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
        doorbell = self._doorbell() if self._doorbell is not None else None
        return Readiness({"draining": None, **checks}, doorbell)

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
