"""`baton doctor`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import typer
from rich.console import Console
from rich.table import Table

from app.commands.failing import told
from app.databases import NoDatabase, shared
from app.observability import redact
from app.service import broadcast_url
from app.settings import Settings, load
from app.trusting import DocumentsRefused, documents_of, fittings
from db import guard
from db.database import CONNECTION_LOST, Database
from db.discretion import indiscreet
from db.guard import UnsafeDatabase
from db.migrate import head
from services.assessments.taking import oldest_due
from services.deliveries.work import Backlog, backlog, oldest_running
from services.events import Doorbell

NOBODY_WORKS = 60.0  # seconds that something may be due while somebody carries it out
HEARD_WITHIN = 5.0  # seconds that the doorbell has to hear itself
WITHOUT_DOORBELL = "until it is back, news of other processes comes late by a second at most"


@dataclass(frozen=True, slots=True)
class Finding:
    """``good`` may come with a warning: nothing is broken, and yet somebody should look."""

    what: str
    good: bool
    said: str
    warned: bool = False


def doctor() -> None:
    """Say what is configured and what is reachable. Exits with 1 when something is not."""
    with told():
        settings = load()
    console = Console()
    table = Table("setting", "value", "", title="Settings")
    for name, value, is_default in settings.describe():
        table.add_row(name, value, "default" if is_default else "")
    console.print(table)
    findings = asyncio.run(_examine(settings))
    for finding in findings:
        console.print(f"{finding.what}: {_mark(finding)} ", end="")
        console.print(finding.said, markup=False)
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)


def _mark(finding: Finding) -> str:
    if not finding.good:
        return "[red]not ok[/]"
    return "[yellow]warning[/]" if finding.warned else "[green]ok[/]"


async def _examine(settings: Settings) -> list[Finding]:
    return [finding async for finding in _findings(settings)]


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    yield _documents(settings)
    try:
        async with shared(settings) as access:
            database = Database(access.dsn, max_connections=2)
            await database.open()
            try:
                await guard.check(database, expected_revision=head())
                yield Finding("database", good=True, said=f"reachable, schema {head()}")
                yield _log(await indiscreet(database))
                yield _deliveries(await backlog(database), await oldest_running(database))
                yield _assessments(await oldest_due(database))
            finally:
                await database.close()
            yield await _doorbell(broadcast_url(settings, access))
    except (NoDatabase, UnsafeDatabase, OSError, *CONNECTION_LOST) as error:
        yield Finding("database", good=False, said=str(error) or type(error).__name__)


def _documents(settings: Settings) -> Finding:
    try:
        found = documents_of(settings.documents_file, missing=True)
    except DocumentsRefused as error:
        return Finding("trusted documents", good=False, said=str(error))
    only = settings.trusted_documents == "require"
    outgrown = sum(1 for each in fittings(found) if each.wrong)
    said = f"there are {len(found)}, and {'nothing else is' if only else 'others are'} carried out"
    if outgrown:
        said += f"; {outgrown} of them do not fit this release's schema: `baton documents list`"
    return Finding("trusted documents", bool(found) or not only, said, warned=outgrown > 0)


def _log(indiscreet: list[str]) -> Finding:
    if not indiscreet:
        return Finding("database's log", good=True, said="repeats nothing that people write")
    said = (
        f"what people write gets into it: set {' and '.join(indiscreet)} to 0 for this role "
        "(docs/operations.md)"
    )
    return Finding("database's log", good=True, said=said, warned=True)


def _deliveries(found: Backlog, running: timedelta) -> Finding:
    waiting = found.oldest.total_seconds()
    good = waiting <= NOBODY_WORKS
    if good:
        said = "nothing waits for a worker for long"
    else:
        said = (
            f"{found.accounts} accounts have had something due for {waiting:.0f} s at most: does a "
            "`baton serve` or a `baton worker` run?"
        )
    said += f"; the oldest attempt has been under way for {running.total_seconds():.0f} s"
    return Finding("deliveries", good=good, said=f"{said}; {found.dead} stand given up")


def _assessments(oldest: timedelta) -> Finding:
    waiting = oldest.total_seconds()
    if waiting <= NOBODY_WORKS:
        return Finding("assessments", good=True, said="none waits for a worker for long")
    said = f"one has waited for {waiting:.0f} s: does a `baton serve` or a `baton worker` run?"
    return Finding("assessments", good=False, said=said)


async def _doorbell(url: str) -> Finding:
    doorbell = Doorbell(url)
    await doorbell.start()
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARD_WITHIN):
            while not (doorbell.connected or doorbell.trouble):  # noqa: ASYNC110 - no event for it
                await asyncio.sleep(0.05)
    good, trouble = doorbell.connected, doorbell.trouble or f"silent for {HEARD_WITHIN:g} s"
    await doorbell.stop()
    said = "hears itself" if good else f"{redact(trouble).rstrip('.')}; {WITHOUT_DOORBELL}"
    return Finding(f"doorbell ({doorbell.backend})", good=good, said=said)
