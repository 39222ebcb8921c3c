"""What somebody was let in with, looked at again when rights in their account have changed."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from app.signin import Identity, SignIn
from db.database import Database
from services import engineers
from services.actor import Actor
from services.events import Hub

logger = logging.getLogger(__name__)

CHANGED: Final = "Your rights have changed: sign in again"
RETRY: Final = 0.5  # seconds


@dataclass(eq=False, slots=True)
class Kept:
    """Somebody who is connected. ``out`` ends that, and takes the reason."""

    actor: Actor
    out: Callable[[str], None]


@dataclass(slots=True)
class Connected:
    """Of one account. ``noticed``: when rights there last changed, on time.monotonic()'s clock."""

    kept: set[Kept] = field(default_factory=set)
    noticed: float = 0.0


class Rights:
    """Ends what is live of whoever was removed, or has another role or tier by now.

    The account of whoever is connected is watched, so that a change is noticed within a poll of
    the hub, and at once when somebody rings. Then one query looks at everybody connected of that
    account. ``sign_in`` forgets its tokens at the same moment: whoever comes back is seen as they
    are now.
    """

    def __init__(self, database: Database, hub: Hub, sign_in: SignIn) -> None:
        self._database = database
        self._people = hub.people
        self._sign_in = sign_in
        self._accounts: dict[UUID, Connected] = {}
        self._due: set[UUID] = set()
        self._looking: asyncio.Task[None] | None = None
        hub.people.listen(self._changed)

    def keep(self, identity: Identity, out: Callable[[str], None]) -> Callable[[], None]:
        """Call ``out`` when the identity is no longer true. What is returned ends that."""
        account_id = identity.actor.account_id
        connected = self._accounts.get(account_id)
        if connected is None:
            connected = self._accounts[account_id] = Connected()
            self._people.watch(account_id)
        kept = Kept(identity.actor, out)
        connected.kept.add(kept)
        if identity.read_at <= connected.noticed:
            self._look_soon(account_id)  # it was heard of while they were signing in

        def left() -> None:
            connected.kept.discard(kept)
            if not connected.kept and self._accounts.get(account_id) is connected:
                del self._accounts[account_id]
                self._people.unwatch(account_id)

        return left

    async def stop(self) -> None:
        """Look no more. The hub is to be stopped first."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    def _changed(self, account_id: UUID) -> None:
        self._sign_in.forget(account_id)
        connected = self._accounts.get(account_id)
        if connected is not None:
            connected.noticed = time.monotonic()
            self._look_soon(account_id)

    def _look_soon(self, account_id: UUID) -> None:
        self._due.add(account_id)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="rights")

    async def _look(self) -> None:
        troubled = False
        while self._due:
            account_id = self._due.pop()
            try:
                await self._look_at(account_id)
                troubled = False
            except Exception as error:
                # whatever it is, nobody keeps a right for it; said once per outage
                level = logging.DEBUG if troubled else logging.WARNING
                logger.log(level, "rights can't be looked at, trying again: %r", error)
                troubled = True
                self._due.add(account_id)
                await asyncio.sleep(RETRY)

    async def _look_at(self, account_id: UUID) -> None:
        connected = self._accounts.get(account_id)
        if connected is None:
            return
        everybody = set(connected.kept)
        async with self._database.transaction(account_id) as tx:
            entitled = await engineers.entitled(tx, {kept.actor for kept in everybody})
        for kept in everybody:
            if kept.actor not in entitled:
                kept.out(CHANGED)
