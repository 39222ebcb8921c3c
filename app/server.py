"""Running a web process: from the settings to the last socket closed."""

import asyncio
import contextlib
import gc
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import structlog
import uvicorn
import uvloop
from starlette.types import ASGIApp

from app.asgi import WebApp
from app.databases import Access
from app.listening import listen
from app.reception import Reception
from app.service import opened
from app.settings import Settings
from app.wire import MAX_MESSAGE, WireProtocol

log = structlog.stdlib.get_logger("app.server")

FILES_BESIDE_SOCKETS = 256  # database connections, logs, imports

Provide = Callable[[Settings], contextlib.AbstractAsyncContextManager[Access]]


def run(settings: Settings, provide: Provide, *, carrying: bool = False) -> None:
    """Serve until a signal, then drain and close everything. Returns after a clean stop.

    ``provide`` opens the database. ``carrying``: deliveries are carried out here too.
    Raises what the database and the service raise when they can't start, and CannotListen.
    """
    listening = listen(settings.host, settings.port, "BATON_")  # first: it fails fastest
    allow_open_files(settings.socket_limit)
    # the postmaster's parent-death signal follows the thread that starts it: the main one
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, provide, listening, carrying=carrying))


def allow_open_files(sockets: int) -> None:
    """Raise the soft limit, usually 1,024, to what ``sockets`` need, or the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = sockets + FILES_BESIDE_SOCKETS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if wanted < sockets:
        log.warning("open files limit sockets", sockets=sockets, files=wanted)


async def _serve(
    settings: Settings, provide: Provide, listening: socket.socket, *, carrying: bool
) -> None:
    stopping = Stopping()
    with stopping.by_signals():
        await stopping.unless_asked(
            _until_stopped(settings, provide, listening, stopping, carrying=carrying)
        )


async def _until_stopped(
    settings: Settings,
    provide: Provide,
    listening: socket.socket,
    stopping: "Stopping",
    *,
    carrying: bool,
) -> None:
    async with (
        provide(settings) as access,
        opened(settings, access, carrying=carrying) as service,
    ):
        app = WebApp(service)
        server = Server(app, settings)
        stopping.server = server
        await server.serve(sockets=[listening])


class Stopping:
    """What Ctrl-C and SIGTERM do: a start is given up, a running server drains; twice, it hurries.

    Uvicorn's own handling would raise the signal again before PostgreSQL has stopped.
    """

    def __init__(self) -> None:
        self.asked = False
        self.server: Server | None = None
        self._starting: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def by_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, self.ask)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def ask(self) -> None:
        if self.server is not None:
            self.server.stop(hurry=self.asked)
        elif self._starting is not None and not self.asked:
            self._starting.cancel()
        self.asked = True

    async def unless_asked(self, work: Awaitable[None]) -> None:
        self._starting = asyncio.ensure_future(work)
        try:
            await self._starting
        except asyncio.CancelledError:
            if not self.asked:
                raise


def configured(app: ASGIApp, drain: timedelta) -> uvicorn.Config:
    """How uvicorn serves ``app`` here, on the loop that runs. ``drain`` is how long requests under
    way have to finish."""
    return uvicorn.Config(
        app,
        interface="asgi3",
        loop="none",
        http=Reception,
        ws=WireProtocol,
        # pings are the transport's: a client that slept through these is closed with 1011, and
        # never comes back
        ws_ping_interval=None,
        ws_per_message_deflate=False,  # doubles the cost of a delivery, and a Wire has none
        ws_max_size=MAX_MESSAGE,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(drain.total_seconds())),
    )


class Server(uvicorn.Server):
    """Uvicorn, told how to serve sockets that must neither die of a sleep nor block a deploy."""

    def __init__(self, app: WebApp, settings: Settings) -> None:
        self._web = app
        super().__init__(configured(app, settings.drain_timeout))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # Stopping does

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        spare_the_collector()
        host, port = (sockets or [])[0].getsockname()[:2]
        log.info("ready", url=f"http://{'[' + host + ']' if ':' in host else host}:{port}/graphql")

    def stop(self, *, hurry: bool) -> None:
        self._web.service.draining = True
        self.should_exit = True
        self.force_exit = hurry

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        log.info("draining")
        await self._web.close_sockets()
        await super().shutdown(sockets)
        await self._web.finish()
        log.info("stopped")


def spare_the_collector() -> None:
    """What is there at start stays: collections needn't look at it again, nor come as often.

    With the stock thresholds they take a third of the time of a large answer, and make the worst
    one in a hundred three times as slow (docs/benchmarks.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
