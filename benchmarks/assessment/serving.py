"""A `baton serve` that is measured: it answers requests and asks the model in one process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.contestants.roster import (
    Contestant,
    open_signed_in,
    settings,
    signed_in,
    tokens_of,
)
from benchmarks.contestants.starting import Server, end, free_port, ready, start
from benchmarks.cores import starting_on
from benchmarks.world import Desk


@asynccontextmanager
async def serving(
    name: str, desk: Desk, dsn: str, place: Path, core: int | None, **more: str
) -> AsyncIterator[Server]:
    """Ready, and kept to ``core``. ``more`` are settings. Raises DidNotStart."""
    tokens = tokens_of([desk])
    contestant = Contestant(
        name,
        lambda dsn, port: ("-m", "app", "serve"),
        lambda dsn, port: (
            settings(dsn, port) | {f"BATON_{name.upper()}": value for name, value in more.items()}
        ),
        signed_in(tokens),
        open_signed_in(tokens),
        "none",
    )
    port, log = free_port(), place / f"{name}.log"
    with starting_on(core):
        process = start(contestant, dsn, port, log)
    server = Server(
        name, process.pid, port, log, contestant.request, contestant.opening, "none", desk
    )
    try:
        await ready(process, server)
        yield server
    finally:
        process.terminate()
        end(process)
