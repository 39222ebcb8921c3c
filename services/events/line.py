"""One connection to the doorbell's backend, used until it breaks and never repaired.

The only place that touches broadcaster. It never reconnects, never tells that it went deaf, runs
listening and publishing over one connection that cannot do both at once, hides failures of
subscribing behind a KeyError, and may wait for ever. So: two Broadcast objects, one for listening
and one for publishing, a bound on every call, and a new Line after any failure.
Source: docs/decisions/0003-event-log.md.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from broadcaster import Broadcast

T = TypeVar("T")

CHANNEL: Final = "baton_events"
APPLICATION: Final = "baton doorbell"
OPENING: Final = 5.0  # seconds
PUBLISHING: Final = 3.0
CLOSING: Final = 1.0

POSTGRES: Final = ("postgres", "postgresql")
REDIS: Final = ("redis", "rediss")
SCHEMES: Final = ("memory", *POSTGRES, *REDIS)


class LineBroken(Exception):
    """The backend can't be used over this line any more. The message says what was seen."""


class Line:
    """``open`` first; then ``hear`` and ``say``, each from one task; ``close`` in any state."""

    def __init__(self, url: str) -> None:
        self._ears = Broadcast(url)
        # memory:// is nothing but a queue inside the object, so there both must be one
        self._mouth = self._ears if urlsplit(url).scheme == "memory" else Broadcast(url)
        self._subscription: AbstractAsyncContextManager[Any] | None = None
        self._heard: Any = None

    async def open(self) -> None:
        """Connect and subscribe. Raises LineBroken."""
        for broadcast in self._broadcasts:
            await bounded(broadcast.connect(), OPENING)
        subscription = self._ears.subscribe(CHANNEL)
        self._heard = await bounded(subscription.__aenter__(), OPENING)
        self._subscription = subscription

    async def say(self, message: str) -> None:
        """Publish. Raises LineBroken."""
        await bounded(self._mouth.publish(CHANNEL, message), PUBLISHING)

    async def hear(self) -> str:
        """The next message. Waits for ever on a line that is deaf without knowing it."""
        return str((await self._heard.get()).message)

    async def broken(self) -> None:
        """Return when the library's own tasks or connections have ended.

        They tell nobody, so this looks at its private parts. Without them a broken line is still
        found by its silence, some seconds later.
        """
        ends = [end for broadcast in self._broadcasts for end in _ends(broadcast)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        """Give everything back, within a few seconds whatever the backend does."""
        if self._subscription is not None:
            with suppress(LineBroken):
                await bounded(self._subscription.__aexit__(None, None, None), CLOSING)
        await asyncio.gather(*(_bury(broadcast) for broadcast in self._broadcasts))

    @property
    def _broadcasts(self) -> tuple[Broadcast, ...]:
        return (self._ears,) if self._mouth is self._ears else (self._ears, self._mouth)


def usable(url: str) -> str:
    """``url``, with a name for PostgreSQL's activity view.

    Raises ValueError for one that can't serve. It is not in the message: it may hold a password.
    """
    try:
        scheme = urlsplit(url).scheme
        can_serve = scheme in SCHEMES and bool(Broadcast(url))
    except ValueError:
        can_serve = False
    if not can_serve:
        choice = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise ValueError(f"The doorbell can't use this URL. It takes a well-formed one of {choice}")
    if scheme not in POSTGRES or "application_name=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}application_name={quote(APPLICATION)}"


def backend_of(url: str) -> str:
    """What a usable URL leads to, as people call it: nothing of the URL is in it."""
    scheme = urlsplit(url).scheme
    return "PostgreSQL" if scheme in POSTGRES else "Redis" if scheme in REDIS else "memory"


async def bounded(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """Wait for ``work`` for so long and no longer. Raises LineBroken for whatever it raises.

    In a task of its own, because broadcaster turns a cancellation during subscribing into a
    KeyError: our caller's own cancellation must not be swallowed, and a bound must hold even then.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        # of one that has failed as well: when we are cancelled, its error is not raised below
        task.add_done_callback(_look_at)
        if not task.done():
            task.cancel()
    if not task.done():
        raise LineBroken(f"no answer within {seconds:g} s")
    if task.cancelled():  # by the library, not by us
        raise LineBroken("given up by the library")
    try:
        return task.result()
    except Exception as error:
        # the KeyError of a failed subscription has the reason as its context
        reason = (isinstance(error, KeyError) and error.__context__) or error
        # not its repr(): that of redis leaves out what happened
        raise LineBroken(f"{type(reason).__name__}: {reason}") from error


def _look_at(task: "asyncio.Task[Any]") -> None:
    """Nobody else will, and asyncio reports errors that nobody looked at."""
    if not task.cancelled():
        task.exception()


def _ends(broadcast: Broadcast) -> Iterator["asyncio.Future[Any]"]:
    """Tasks and connections of a connected Broadcast that should never end."""
    backend = broadcast._backend
    for task in (broadcast._listener_task, getattr(backend, "_listener", None)):
        if isinstance(task, asyncio.Task):
            yield task
    connection: Any = getattr(backend, "_conn", None)
    if hasattr(connection, "add_termination_listener"):
        terminated: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        connection.add_termination_listener(
            lambda _: None if terminated.done() else terminated.set_result(None)
        )
        yield terminated


async def _bury(broadcast: Broadcast) -> None:
    """Broadcast.disconnect() raises, or skips the connection, when its task has failed."""
    backend = broadcast._backend
    for task in (getattr(broadcast, "_listener_task", None), getattr(backend, "_listener", None)):
        if isinstance(task, asyncio.Task):
            task.cancel()
            task.add_done_callback(_look_at)
    connection: Any = getattr(backend, "_conn", None)
    try:
        with suppress(LineBroken):
            await bounded(backend.disconnect(), CLOSING)
    finally:
        if hasattr(connection, "terminate"):
            connection.terminate()
