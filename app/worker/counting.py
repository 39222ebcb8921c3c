"""A number about all accounts, counted now and then for whoever watches."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from services.events.pages import TRANSIENT

logger = logging.getLogger(__name__)

T = TypeVar("T")

COUNTING: Final = 10.0  # seconds from one count to the next


class Counted(Generic[T]):
    """``last`` is as of the last time it was counted; None while the database can't tell."""

    def __init__(self, what: str, count: Callable[[], Awaitable[T]]) -> None:
        self.last: T | None = None
        self._what = what
        self._count = count

    async def keep_counting(self) -> None:
        while True:
            try:
                self.last = await self._count()
            except TRANSIENT:
                self.last = None
            except Exception:
                logger.exception("%s can't be counted", self._what)
            await asyncio.sleep(COUNTING)
