"""What is to be sent and over what, for deliveries that were taken together."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

from app.worker.patience import patiently
from db.database import Database, Transaction
from services.deliveries.taking import Taken
from services.events.pages import TRANSIENT
from services.integrations.content import letters
from services.integrations.protocol import Channel, Letter, NotSent, TryAgain
from services.options import Options

logger = logging.getLogger(__name__)

Channels = Callable[[Transaction, Sequence[Taken]], Awaitable[Mapping[UUID, Channel | NotSent]]]
"""Finds the channel of each delivery, by its id, or why there is none."""

Prepared = tuple[Letter, Channel] | Exception
"""Or why it can't be sent: NotSent, or a fault of ours."""

PREPARING: Final = 10.0  # seconds, which is less than a lease: nothing has happened yet


class Preparer:
    """Asks the database once for all that was taken together: the effects of one raise tell the
    same."""

    def __init__(self, database: Database, channels: Channels, options: Options) -> None:
        self._database = database
        self._channels = channels
        self._options = options

    async def prepare(self, taken: Sequence[Taken]) -> Mapping[UUID, Prepared]:
        """By the ids of deliveries of one account. Whatever goes wrong with one is its own."""
        try:
            return await patiently(self._database, taken[0].account_id, self._of(taken), PREPARING)
        except TRANSIENT as error:
            logger.warning("%d deliveries: the database is away: %r", len(taken), error)
            return {each.id: TryAgain("The database was away.") for each in taken}
        except Exception as error:
            if len(taken) == 1:
                return {taken[0].id: error}
            logger.warning("of %d deliveries one can't be prepared: %r", len(taken), error)
            alone = [await self.prepare([each]) for each in taken]
            return {id_: prepared for each in alone for id_, prepared in each.items()}

    def _of(
        self, taken: Sequence[Taken]
    ) -> Callable[[Transaction], Awaitable[Mapping[UUID, Prepared]]]:
        async def prepare(tx: Transaction) -> Mapping[UUID, Prepared]:
            told = await letters(tx, taken, self._options)
            over = await self._channels(tx, taken)
            return {each.id: _prepared(told[each.id], over[each.id]) for each in taken}

        return prepare


def usable(prepared: Prepared) -> tuple[Letter, Channel]:
    """Raises what is in the way."""
    if isinstance(prepared, Exception):
        raise prepared
    return prepared


def _prepared(letter: Letter, channel: Channel | NotSent) -> Prepared:
    return channel if isinstance(channel, NotSent) else (letter, channel)
