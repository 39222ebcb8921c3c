"""For how long an attempt is ours, by this process's own clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lease:
    """``until`` is the event loop's time, which goes on while the process sleeps. Taken before the
    database was asked, it is never later than the database's own."""

    def __init__(self, until: float) -> None:
        self._until = until
        self._limit: asyncio.Timeout | None = None

    @property
    def ended(self) -> bool:
        return asyncio.get_running_loop().time() >= self._until

    def extend(self, until: float) -> None:
        self._until = until
        if self._limit is not None:
            self._limit.reschedule(until)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """What is done in the block is cut off when it ends: others may be doing it by then.

        Raises TimeoutError, also when it has ended before anything is done.
        """
        if self.ended:
            raise TimeoutError
        async with asyncio.timeout_at(self._until) as limit:
            self._limit = limit
            try:
                yield
            finally:
                self._limit = None
