"""One try of one delivery, from the letter to what became of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from uuid import UUID, uuid4

from app.worker.endings import Endings, Ring
from app.worker.lease import Lease
from app.worker.preparing import Channels, Prepared, Preparer, usable
from db.database import Database
from db.models.vocabulary import AttemptOutcome, DeliveryChannel
from services.deliveries import finishing
from services.deliveries.taking import Taken
from services.integrations.protocol import NotSent, Refused, Sent, TryAgain
from services.options import Options

logger = logging.getLogger(__name__)

Observe = Callable[[DeliveryChannel, AttemptOutcome], None]

OVERSLEPT: Final = "The worker could not hold on to it: nobody knows whether it arrived."


class Trier:
    """Tries deliveries, each for itself: whatever goes wrong with one is its own outcome."""

    def __init__(
        self,
        database: Database,
        channels: Channels,
        options: Options,
        observe: Observe,
        ring: Ring,
    ) -> None:
        self._endings = Endings(database, options, ring)
        self._observe = observe
        self._preparer = Preparer(database, channels, options)
        self._preparing: set[asyncio.Task[Mapping[UUID, Prepared]]] = set()

    @property
    def tasks(self) -> Sequence["asyncio.Task[object]"]:
        """What goes on beside the attempts."""
        return [*self._preparing, *self._endings.tasks]

    def prepare(self, taken: Sequence[Taken]) -> Awaitable[Mapping[UUID, Prepared]]:
        """Begin to ask for what deliveries of one account need that were taken together."""
        task = asyncio.create_task(self._preparer.prepare(taken), name="preparing deliveries")
        self._preparing.add(task)
        task.add_done_callback(self._preparing.discard)
        return task

    async def attempt(
        self, taken: Taken, lease: Lease, prepared: Awaitable[Mapping[UUID, Prepared]]
    ) -> None:
        """One attempt, and its outcome written down if the delivery is still ours by then. Nothing
        is sent after ``lease``.

        Raises what the database raises when the outcome can't be written: the lease then ends, and
        the attempt counts as lost.
        """
        try:
            sent = await self._send(taken, lease, prepared)
        except Refused as refusal:
            ending = finishing.refused(taken, refusal.why, status=refusal.status)
        except NotSent as failure:
            after = failure.after if isinstance(failure, TryAgain) else None
            ending = finishing.retry(taken, failure.why, status=failure.status, after=after)
        else:
            ending = finishing.sent(taken, sent.reference)
        outcome = ending.outcome
        ours = await self._endings.write(ending)
        self._observe(taken.channel, outcome if ours else AttemptOutcome.LOST)
        if not ours:
            logger.warning("delivery %s was taken over; %s is not written", taken.id, outcome.value)

    async def _send(
        self, taken: Taken, lease: Lease, prepared: Awaitable[Mapping[UUID, Prepared]]
    ) -> Sent:
        """Raises NotSent, whatever went wrong."""
        limit = taken.schedule.timeout.total_seconds()
        try:
            # whoever is cut off leaves the others what they wait for
            letter, channel = usable((await asyncio.shield(prepared))[taken.id])
            # outside the transaction: a slow vendor holds no connection
            async with lease.held(), asyncio.timeout(limit):
                return await channel.send(letter, taken.earlier)
        except NotSent:
            raise
        except TimeoutError:
            if lease.ended:
                raise TryAgain(OVERSLEPT) from None
            raise TryAgain(f"There was no answer within {limit:g} s.") from None
        except Exception as error:
            error_id = uuid4().hex
            logger.exception("delivery %s failed by our fault, error %s", taken.id, error_id)
            # the type alone: an error's words may hold what was to be sent, or a secret
            raise TryAgain(
                f"An error of the service's own ({type(error).__name__}, {error_id})."
            ) from None
