"""Each verb in a transaction of its own, as a resolver opens it, and what there is afterwards."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from db.database import Database, Row, Transaction
from services.actor import Actor
from services.handoffs.cancelling import cancel
from services.handoffs.claiming import Claimed, claim
from services.handoffs.declining import decline
from services.handoffs.escalating import Escalated
from services.handoffs.reassigning import reassign
from services.handoffs.releasing import release
from services.handoffs.resolving import Resolved, resolve
from services.handoffs.returning import return_
from services.handoffs.transitions import Guard, Moved
from tests.harness.people import Account
from tests.harness.story import NOON
from tests.model.tables import EVERYTHING

LATER = NOON + timedelta(minutes=10)

Verb = Callable[..., Awaitable[Moved]]


class Desk:
    """What engineers do to one handoff, ten minutes after it was raised."""

    def __init__(self, database: Database, raised: Escalated) -> None:
        self.database = database
        self.handoff_id: UUID = raised.handoff["id"]
        self.session_id: UUID = raised.session["id"]

    async def claim(
        self, actor: Actor, key: str | None = None, version: int | None = None
    ) -> Claimed:
        async with self.database.transaction(actor.account_id) as tx:
            return await claim(tx, actor, self.handoff_id, now=LATER, guard=Guard(key, version))

    async def decline(self, actor: Actor, reason: str = "On leave", **guard: Any) -> Moved:
        return await self._move(decline, actor, reason, **guard)

    async def reassign(self, actor: Actor, to: Actor | UUID, **guard: Any) -> Moved:
        target_id = to.id if isinstance(to, Actor) else to
        return await self._move(reassign, actor, target_id, **guard)

    async def cancel(self, actor: Actor, **guard: Any) -> Moved:
        return await self._move(cancel, actor, **guard)

    async def release(self, actor: Actor, reason: str = "Pulled away", **guard: Any) -> Moved:
        return await self._move(release, actor, reason, **guard)

    async def return_(self, actor: Actor, guidance: str = "Renew it", **guard: Any) -> Moved:
        return await self._move(return_, actor, guidance, **guard)

    async def resolve(
        self, actor: Actor, resolution: str = "Renewed", version: int | None = None
    ) -> Resolved:
        async with self.database.transaction(actor.account_id) as tx:
            return await resolve(
                tx, actor, self.session_id, resolution, now=LATER, expected_version=version
            )

    async def _move(
        self,
        verb: Verb,
        actor: Actor,
        *args: Any,
        key: str | None = None,
        version: int | None = None,
    ) -> Moved:
        guard = Guard(key, version)
        async with self.database.transaction(actor.account_id) as tx:
            return await verb(tx, actor, self.handoff_id, *args, now=LATER, guard=guard)

    async def handoff(self, actor: Actor) -> Row:
        async with self.database.transaction(actor.account_id) as tx:
            return await tx.one("SELECT * FROM handoff WHERE id = $1", self.handoff_id)

    async def session(self, actor: Actor) -> Row:
        async with self.database.transaction(actor.account_id) as tx:
            return await tx.one("SELECT * FROM session WHERE id = $1", self.session_id)

    async def follow_ups(self, actor: Actor) -> list[Row]:
        """What was promised outside since it was raised."""
        async with self.database.transaction(actor.account_id) as tx:
            return list(
                await tx.fetch(
                    "SELECT * FROM delivery WHERE handoff_id = $1 AND purpose <> 'raised' "
                    "ORDER BY purpose, engineer_id",
                    self.handoff_id,
                )
            )


async def everything(database: Database, account: Account) -> Any:
    """All rows of the account: what a refusal must not change."""
    async with database.transaction(account.id) as tx:
        return await tx.fetchval(EVERYTHING, account.id)


async def event_of(database: Database, account: Account, seq: int | None) -> tuple[Row, set[str]]:
    """The event, and who was told of it, by the bell and by the event alike."""
    names = {actor.id: actor.name for actor in account.everybody}
    async with database.transaction(account.id) as tx:
        event = await tx.one("SELECT * FROM event WHERE seq = $1", seq)
        items = await tx.fetch(
            "SELECT * FROM notification WHERE handoff_id = $1 AND about = $2 AND id = ANY ($3)",
            event["handoff_id"],
            event["type"],
            event["notifications"],
        )
    rung = {(item["engineer_id"], item["id"]) for item in items}
    assert rung == set(zip(event["notified"], event["notifications"], strict=True))
    assert len(items) == len({engineer_id for engineer_id, _ in rung})
    return event, {names[engineer_id] for engineer_id, _ in rung}


class Interrupted:
    """A real transaction in which something else happens before its ``at``-th statement."""

    def __init__(self, tx: Transaction, at: int, happens: Callable[[], Awaitable[None]]) -> None:
        self._tx, self._at, self._happens = tx, at, happens
        self.account_id = tx.account_id

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any) -> Any:
            self._at -= 1
            if self._at == 0:
                await self._happens()
            return await getattr(self._tx, name)(*args)

        return call
