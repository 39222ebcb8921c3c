"""Running a worker: deliveries are carried out, and nothing is listened on."""

import asyncio
import signal
from contextlib import AsyncExitStack

import structlog
import uvloop

from app.databases import shared
from app.observability.metrics import Metrics
from app.service import broadcast_url, options_of, outgoing_of, vault_of
from app.settings import Settings
from app.worker.assembling import carrier_of
from db import guard
from db.database import Database
from db.migrate import head
from services.events import Doorbell

log = structlog.stdlib.get_logger("app.worker")


def run(settings: Settings) -> None:
    """Carry out deliveries until a signal, then end what is under way. Returns after a clean stop.

    Raises NoDatabase, UnsafeDatabase, and what the database raises when it can't be reached.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with shared(settings) as access, AsyncExitStack() as stack:
        database = Database(access.dsn, max_connections=settings.database_pool)
        await database.open()
        stack.push_async_callback(database.close)
        await guard.check(database, expected_revision=head())
        outgoing = outgoing_of(settings)
        stack.push_async_callback(outgoing.aclose)
        doorbell = Doorbell(broadcast_url(settings, access))
        carrier = carrier_of(
            settings,
            database,
            doorbell,
            vault=vault_of(settings),
            outgoing=outgoing,
            options=options_of(settings),
            metrics=Metrics(),
        )
        await doorbell.start()
        stack.push_async_callback(doorbell.stop)
        await carrier.start()
        stack.push_async_callback(carrier.stop)
        log.info("ready")
        await stop.wait()
        log.info("draining", running=carrier.running)
    log.info("stopped")
