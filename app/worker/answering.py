"""What an operator may ask a worker: /livez, /readyz and /metrics, on a port of its own."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Final

import uvicorn
from starlette.routing import Route

from app.observability.health import Health, schema_revision
from app.observability.metrics import Metrics, MetricsEndpoint
from app.rest import Rest
from app.server import configured
from app.worker.alive import alive
from app.worker.assessor import Assessor
from app.worker.carrier import Carrier
from db.database import Database
from db.migrate import head
from services.events import Doorbell

CLOSING: Final = timedelta(seconds=2)
NOTHING_HERE: Final = "There is nothing here: a worker answers /livez, /readyz and /metrics."


def application(
    database: Database,
    carrier: Carrier,
    assessor: Assessor,
    doorbell: Doorbell,
    metrics: Metrics,
    *,
    draining: Callable[[], bool],
) -> Rest:
    health = Health(
        revision=lambda: schema_revision(database),
        expected=head(),
        draining=draining,
        doorbell=doorbell,
        parts=lambda: alive(carrier, assessor),
    )
    return Rest(
        [
            Route("/livez", health.livez),
            Route("/readyz", health.readyz),
            Route("/metrics", MetricsEndpoint(metrics)),
        ],
        nothing_here=NOTHING_HERE,
    )


@contextlib.asynccontextmanager
async def answering(app: Rest, listening: socket.socket) -> AsyncIterator[str]:
    """Its address. It answers while the block runs, and what is asked then is answered to the end.

    Raises OSError when the socket can't be listened on.
    """
    server = _Server(configured(app, CLOSING))
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="probes")
    standing = asyncio.create_task(server.standing.wait())
    try:
        await asyncio.wait({serving, standing}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        host, port = listening.getsockname()[:2]
        yield f"http://{'[' + host + ']' if ':' in host else host}:{port}"
    finally:
        standing.cancel()
        server.should_exit = True
        _, late = await asyncio.wait({serving}, timeout=2 * CLOSING.total_seconds())
        for task in late:
            task.cancel()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.standing = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.standing.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the worker's own handlers stop it
