"""One try of one delivery, from the letter to what became of it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from uuid import UUID, uuid4

from app.worker.lease import Lease
from db.database import Database, Transaction
from db.models.vocabulary import AttemptOutcome, DeliveryChannel
from services.deliveries import finishing
from services.deliveries.taking import Taken
from services.events.backoff import delays
from services.events.pages import TRANSIENT
from services.integrations import notices
from services.integrations.content import letter
from services.integrations.protocol import Channel, Letter, NotSent, Refused, Sent, TryAgain
from services.options import Options

logger = logging.getLogger(__name__)

T = TypeVar("T")

Channels = Callable[[Transaction, Taken], Awaitable[Channel]]
"""Finds the channel of a delivery. Raises NotSent when there is none."""

Observe = Callable[[DeliveryChannel, AttemptOutcome], None]
Ring = Callable[[UUID, int], None]
"""(account, number of its event): said after COMMIT."""

FIRST_RETRY: Final = 0.05  # seconds
LONGEST_RETRY: Final = 1.0
PREPARING: Final = 10.0  # seconds, which is less than a lease: nothing has happened yet
OVERSLEPT: Final = "The worker could not hold on to it: nobody knows whether it arrived."
WRITING: Final = 60.0  # it may have arrived, and whoever takes over repeats it


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
        self._database = database
        self._channels = channels
        self._options = options
        self._observe = observe
        self._ring = ring

    async def attempt(self, taken: Taken, lease: Lease) -> None:
        """One attempt, and its outcome written down if the delivery is still ours by then. Nothing
        is sent after ``lease``.

        Raises what the database raises when the outcome can't be written: the lease then ends, and
        the attempt counts as lost.
        """
        try:
            sent = await self._send(taken, lease)
        except Refused as refusal:
            outcome, finish = AttemptOutcome.REFUSED, _refusing(taken, refusal)
        except NotSent as failure:
            outcome, finish = AttemptOutcome.FAILED, _retrying(taken, failure)
        else:
            outcome, finish = AttemptOutcome.SENT, _sending(taken, sent)
        ours = await self._write(taken, finish)
        self._observe(taken.channel, outcome if ours else AttemptOutcome.LOST)
        if not ours:
            logger.warning("delivery %s was taken over; %s is not written", taken.id, outcome.value)

    async def _send(self, taken: Taken, lease: Lease) -> Sent:
        """Raises NotSent, whatever went wrong."""
        limit = taken.schedule.timeout.total_seconds()
        try:
            told, channel = await self._prepare(taken)
            # outside the transaction: a slow vendor holds no connection
            async with lease.held(), asyncio.timeout(limit):
                return await channel.send(told, taken.earlier)
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

    async def _prepare(self, taken: Taken) -> tuple[Letter, Channel]:
        async def prepare(tx: Transaction) -> tuple[Letter, Channel]:
            return await letter(tx, taken, self._options), await self._channels(tx, taken)

        try:
            return await self._patiently(taken, prepare, PREPARING)
        except TRANSIENT as error:
            logger.warning("delivery %s: the database is away: %r", taken.id, error)
            raise TryAgain("The database was away.") from None

    async def _write(self, taken: Taken, finish: "Finish") -> bool:
        """What became of it, and what that means for its integration. What was written and not
        acknowledged is not ours the second time."""

        async def write(tx: Transaction) -> tuple[bool, int | None]:
            ended = await finish(tx)
            if ended is None or not ended.given_up or taken.integration_id is None:
                return ended is not None, None
            return True, await notices.tell(tx, taken.integration_id, self._options, now=ended.at)

        ours, told = await self._patiently(taken, write, WRITING)
        if told is not None:
            logger.warning("integration %s is disabled: it works no more", taken.integration_id)
            self._ring(taken.account_id, told)
        return ours

    async def _patiently(
        self, taken: Taken, verb: Callable[[Transaction], Awaitable[T]], patience: float
    ) -> T:
        """A transaction. A database that is away is waited for, for so many seconds."""
        pauses = delays(FIRST_RETRY, LONGEST_RETRY)
        until = time.monotonic() + patience
        while True:
            try:
                async with self._database.transaction(taken.account_id) as tx:
                    return await verb(tx)
            except TRANSIENT:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(next(pauses))


Finish = Callable[[Transaction], Awaitable[finishing.Ended | None]]


def _sending(taken: Taken, sent: Sent) -> Finish:
    return lambda tx: finishing.sent(tx, taken, sent.reference)


def _refusing(taken: Taken, refusal: NotSent) -> Finish:
    return lambda tx: finishing.refused(tx, taken, refusal.why, status=refusal.status)


def _retrying(taken: Taken, failure: NotSent) -> Finish:
    after = failure.after if isinstance(failure, TryAgain) else None
    return lambda tx: finishing.retry(tx, taken, failure.why, status=failure.status, after=after)
