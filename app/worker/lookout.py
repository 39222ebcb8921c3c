"""Looking after calls for help that nobody might have heard.

Beside the carrier, not in its turn: it is when vendors hang and every attempt is taken that nobody
hears.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

from app.worker.pulse import Pulse
from db.database import Database
from services.deliveries.work import due_accounts
from services.events import Doorbell
from services.events.pages import TRANSIENT
from services.handoffs import reaching
from services.options import Options

logger = logging.getLogger(__name__)

ACCOUNTS: Final = 100  # looked after in one round, those first whose work has waited longest


class Lookout:
    """One per carrier; any number on one database. It looks every ``poll``."""

    def __init__(
        self,
        database: Database,
        doorbell: Doorbell,
        options: Options,
        *,
        poll: timedelta = timedelta(seconds=1),
    ) -> None:
        self.pulse = Pulse()
        self._database = database
        self._doorbell = doorbell
        self._options = options
        self._poll = poll.total_seconds()

    async def keep_looking(self) -> None:
        """Until it is cancelled."""
        troubled = False
        while True:
            self.pulse.beat()
            try:
                for account_id in await due_accounts(self._database, ACCOUNTS):
                    await self._look(account_id)
                    self.pulse.beat()
            except TRANSIENT as error:
                # once per outage, not once per attempt
                level = logging.DEBUG if troubled else logging.WARNING
                logger.log(level, "unheard calls can't be looked for: %r", error)
                troubled = True
            except Exception:
                # it goes on: nobody would notice that it has stopped
                logger.exception("looking for unheard calls failed")
            else:
                troubled = False
            await asyncio.sleep(self._poll)

    async def _look(self, account_id: UUID) -> None:
        try:
            async with self._database.transaction(account_id) as tx:
                unheard = await reaching.sort_out(tx)
            for handoff_id in unheard:
                await self._declare(account_id, handoff_id)
        except TRANSIENT:
            raise
        except Exception:
            # one account's rows are no reason for another's to wait
            logger.exception("the calls of account %s can't be looked after", account_id)

    async def _declare(self, account_id: UUID, handoff_id: UUID) -> None:
        # each in a transaction of its own: its event's lock is to be short
        async with self._database.transaction(account_id) as tx:
            seq = await reaching.declare(tx, handoff_id, self._options)
        if seq is not None:
            self._doorbell.ring(account_id, seq)
