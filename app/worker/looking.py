"""Looking for work, again and again, whatever the database does meanwhile."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from app.worker.pulse import Pulse
from services.events.backoff import delays
from services.events.pages import TRANSIENT

logger = logging.getLogger(__name__)

COALESCING: Final = 0.01  # seconds that a ring waits for others
FIRST_RETRY: Final = 0.05
LONGEST_RETRY: Final = 1.0


async def keep_looking(
    what: str,
    look: Callable[[], Awaitable[None]],
    pulse: Pulse,
    *,
    woken: asyncio.Event,
    poll: float,
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """``look`` whenever ``woken`` is set, and every ``poll`` seconds in any case, until
    ``stopping`` or cancelled. ``what`` is looked for, in the plural."""
    pauses = delays(FIRST_RETRY, LONGEST_RETRY)
    troubled = False
    while not stopping():
        pulse.beat()
        woken.clear()
        try:
            await look()
        except TRANSIENT as error:
            # once per outage, not once per attempt
            level = logging.DEBUG if troubled else logging.WARNING
            logger.log(level, "%s can't be looked for: %r", what, error)
            troubled = True
            await asyncio.sleep(next(pauses))
        except Exception:
            # it goes on: nobody would notice that it has stopped
            logger.exception("looking for %s failed", what)
            await asyncio.sleep(LONGEST_RETRY)
        else:
            pauses, troubled = delays(FIRST_RETRY, LONGEST_RETRY), False
            with suppress(TimeoutError):
                async with asyncio.timeout(poll):
                    await woken.wait()
                    await asyncio.sleep(COALESCING)
