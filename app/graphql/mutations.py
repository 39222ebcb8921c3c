"""Mutations run to their end, whether their client waits or not."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class Mutations:
    """Those of one transport that are running. The loop itself would hold their tasks weakly."""

    def __init__(self) -> None:
        self.running: set[asyncio.Task[Any]] = set()

    def start(self, mutation: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(mutation)
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        return task

    async def finish(self, within: timedelta) -> None:
        """Wait for what is running; what is not done in time goes on."""
        if self.running:
            await asyncio.wait(set(self.running), timeout=within.total_seconds())
