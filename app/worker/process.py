"""Running a worker: deliveries are carried out, and nothing but probes is answered."""

import asyncio
import signal
import socket
from contextlib import AsyncExitStack

import structlog
import uvloop

from app.databases import shared
from app.listening import listen
from app.observability.metrics import Metrics
from app.observability.watching import watch
from app.service import broadcast_url, options_of, outgoing_of, vault_of
from app.settings import Settings
from app.worker.answering import answering, application
from app.worker.assembling import assessor_of, carrier_of
from db import guard
from db.database import Database
from db.migrate import head
from services.events import Doorbell

log = structlog.stdlib.get_logger("app.worker")


def run(settings: Settings) -> None:
    """Carry out deliveries until a signal, then end what is under way. Returns after a clean stop.

    Raises NoDatabase, UnsafeDatabase, CannotListen, and what the database raises when it can't be
    reached.
    """
    listening = None
    if settings.worker_port is not None:
        listening = listen(settings.worker_host, settings.worker_port, "BATON_WORKER_")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(settings, listening))


async def _work(settings: Settings, listening: socket.socket | None) -> None:
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
        metrics = Metrics()
        carrier = carrier_of(
            settings,
            database,
            doorbell,
            vault=vault_of(settings),
            outgoing=outgoing,
            options=options_of(settings),
            metrics=metrics,
        )
        assessor = assessor_of(settings, database, doorbell, metrics)
        watch(metrics, database=database, carrier=carrier, assessor=assessor, doorbell=doorbell)
        await doorbell.start()
        stack.push_async_callback(doorbell.stop)
        where = {}
        if listening is not None:
            # before the carrier, so that it answers until that has drained
            app = application(database, carrier, assessor, doorbell, metrics, draining=stop.is_set)
            where["url"] = await stack.enter_async_context(answering(app, listening))
        await carrier.start()
        stack.push_async_callback(carrier.stop)
        await assessor.start()
        stack.push_async_callback(assessor.stop)
        log.info("ready", **where)
        await stop.wait()
        log.info("draining", running=carrier.running)
    log.info("stopped")
