"""Writing down what became of attempts: those of an account that end together, together."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from app.worker.patience import patiently
from db.database import Database, Transaction
from services.deliveries.finishing import Ending, Finished, finish
from services.events.pages import TRANSIENT
from services.integrations import notices
from services.options import Options

logger = logging.getLogger(__name__)

Ring = Callable[[UUID, int], None]
"""(account, number of its event): said after COMMIT."""

GATHERING: Final = 0.02  # seconds that an ending waits for others of its account
AT_ONCE: Final = 128  # endings in one transaction: others wait for the account's lock meanwhile
WRITING: Final = 60.0  # it may have arrived, and whoever takes over repeats it


@dataclass(frozen=True, slots=True)
class Waiting:
    """``ours`` says in the end whether it was still ours to write down."""

    ending: Ending
    ours: "asyncio.Future[bool]"


class Endings:
    """One writer for each account that has some, for as long as it has."""

    def __init__(self, database: Database, options: Options, ring: Ring) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self._database = database
        self._options = options
        self._ring = ring
        self._waiting: dict[UUID, list[Waiting]] = {}

    async def write(self, ending: Ending) -> bool:
        """Whether the delivery was still ours. Once it has been asked for it is written, whatever
        becomes of who asked.

        Raises what the database raises when it can't be written: the lease then ends, and the
        attempt counts as lost.
        """
        waiting = Waiting(ending, asyncio.get_running_loop().create_future())
        account_id = ending.taken.account_id
        if account_id not in self._waiting:
            self._waiting[account_id] = []
            task = asyncio.create_task(self._keep_writing(account_id), name="delivery endings")
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        self._waiting[account_id].append(waiting)
        return await waiting.ours

    async def _keep_writing(self, account_id: UUID) -> None:
        try:
            while self._waiting[account_id]:
                await asyncio.sleep(GATHERING)
                together = self._waiting[account_id][:AT_ONCE]
                del self._waiting[account_id][:AT_ONCE]
                await self._write(account_id, together)
        finally:
            for each in self._waiting.pop(account_id):
                each.ours.cancel()

    async def _write(self, account_id: UUID, together: Sequence[Waiting]) -> None:
        """What was written and not acknowledged is not ours the second time."""

        async def write(tx: Transaction) -> tuple[Finished, int | None]:
            finished = await finish(tx, [each.ending for each in together])
            told = None
            for integration_id in finished.given_up:
                told = await notices.tell(tx, integration_id, self._options, now=finished.at)
            return finished, told

        try:
            finished, told = await patiently(self._database, account_id, write, WRITING)
        except Exception as error:
            if len(together) > 1 and not isinstance(error, TRANSIENT):
                # one of them can't be written, which is no reason for the others
                for each in together:
                    await self._write(account_id, [each])
                return
            for each in together:
                if not each.ours.done():
                    each.ours.set_exception(error)
            return
        for integration_id in finished.given_up:
            logger.warning("integration %s is disabled: it works no more", integration_id)
        if told is not None:
            self._ring(account_id, told)
        for each in together:
            if not each.ours.done():
                each.ours.set_result(each.ending.taken.id in finished.ours)
