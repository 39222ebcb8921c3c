"""An end put to the work of one task: by time, or because nobody waits for it any more."""

from __future__ import annotations

import asyncio
from enum import Enum
from types import TracebackType
from typing import Final, Self

from starlette.types import Receive

LOOK_AFTER: Final = 0.05
"""Seconds until somebody watches for the client: what is answered sooner is not worth a task."""


class Cut(Enum):
    TIME = "time is up"
    LEFT = "the client left"


class CutShort(Exception):
    def __init__(self, why: Cut) -> None:
        super().__init__(why.value)
        self.why = why


class Deadline:
    """Cancels the block it surrounds, which then raises CutShort.

    ``with Deadline(10) as deadline`` costs one timer; ``watch`` one more, and a task only for what
    takes long.
    """

    __slots__ = ("before", "look", "loop", "task", "timer", "watcher", "why")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # only called from coroutines
        self.task = task
        self.before = task.cancelling()
        self.why: Cut | None = None
        self.loop = asyncio.get_running_loop()
        self.timer = self.loop.call_later(seconds, self.cut, Cut.TIME)
        self.look: asyncio.TimerHandle | None = None
        self.watcher: asyncio.Task[None] | None = None

    def watch(self, receive: Receive) -> None:
        """Cut when the client leaves. The request's body must have been read: its messages and the
        client's leaving come through the same ``receive``."""
        self.look = self.loop.call_later(LOOK_AFTER, self.start_watching, receive)

    def start_watching(self, receive: Receive) -> None:
        self.watcher = self.loop.create_task(self.watching(receive))

    async def watching(self, receive: Receive) -> None:
        message = await receive()
        if message["type"] == "http.disconnect":
            self.cut(Cut.LEFT)

    def cut(self, why: Cut) -> None:
        if self.why is None:
            self.why = why
            self.task.cancel()

    def lift(self) -> None:
        """From here on nothing is cut: what runs now runs to its end."""
        self.timer.cancel()
        if self.look is not None:
            self.look.cancel()
        if self.watcher is not None:
            self.watcher.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.lift()
        if (
            self.why is not None
            and self.task.uncancel() <= self.before
            and kind is asyncio.CancelledError
        ):
            raise CutShort(self.why) from None
