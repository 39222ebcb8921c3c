"""Accounts that have connected everything there is, and two that are trouble when told to be."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from benchmarks import world
from benchmarks.deliveries import vendors
from benchmarks.world import Desk
from db.database import Database
from db.models.vocabulary import IntegrationKind
from services.integrations.configuring import Draft, save
from services.integrations.vault import Vault

EFFECTS: Final = 4
"""Of one raise: a Slack card with its thread, a webhook, a ticket note and a mail."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """``count`` raises of one account that are due over its webhook, left alone until let loose.

    It is the integration that wants to be left alone: nothing else about them has to be changed.
    """

    database: Database
    account_id: UUID

    @asynccontextmanager
    async def loose(self) -> AsyncIterator[None]:
        await self._leave("NULL", due="now()")
        try:
            yield
        finally:
            await self._leave("now() + interval '1 day'", due="due_at")

    async def _leave(self, until: str, *, due: str) -> None:
        async with self.database.transaction(self.account_id) as tx:
            await tx.execute(f"UPDATE integration SET not_before = {until}")
            await tx.execute(f"UPDATE event_counter SET due_at = {due}")

    async def carried(self) -> int:
        """How many have been attempted so far."""
        async with self.database.transaction(self.account_id) as tx:
            return int(await tx.fetchval("SELECT count(*) FROM delivery_attempt"))

    async def under_way(self) -> int:
        async with self.database.transaction(self.account_id) as tx:
            return int(await tx.fetchval("SELECT count(*) FROM delivery WHERE state = 'SENDING'"))


async def ordinary(database: Database, vault: Vault, count: int) -> list[Desk]:
    return [
        await _office(database, vault, f"office{number}", vendors.HOOKS)
        for number in range(1, count + 1)
    ]


async def with_backlog(
    database: Database, vault: Vault, slug: str, hooks: str, count: int
) -> Backlog:
    desk = await _office(database, vault, slug, hooks)
    [handoff_id] = await world.waiting_handoffs(database, desk, 1)
    backlog = Backlog(database, desk.juniors[0].account_id)
    async with database.transaction(backlog.account_id) as tx:
        await tx.execute(
            "INSERT INTO event_counter (account_id, seq) VALUES ($1, 0)", tx.account_id
        )
        await tx.execute("UPDATE integration SET not_before = now() + interval '1 day'")
        await tx.execute(
            """
            INSERT INTO delivery (account_id, id, handoff_id, integration_id, channel, purpose,
                target, state, attempts, next_attempt_at, idempotency_key, created_at)
            SELECT account_id, gen_random_uuid(), $1, id, kind, 'raised', name, 'PENDING', 0,
                now() - interval '1 hour', concat_ws(':', 'backlog', n), now()
            FROM integration CROSS JOIN generate_series(1, $2) n WHERE kind = 'WEBHOOK'
            """,
            handoff_id,
            count,
        )
    return backlog


async def sessions(database: Database, desks: Sequence[Desk], each: int) -> list[list[UUID]]:
    """As many of each desk, ready to be escalated."""
    found = []
    for desk in desks:
        found += await world.active_sessions(database, desk.juniors, each)
    return found


async def _office(database: Database, vault: Vault, slug: str, hooks: str) -> Desk:
    desk = await world.make_desk(database, slug, juniors=1, seniors=1, admins=1)
    connected: list[tuple[IntegrationKind, dict[str, Any]]] = [
        (IntegrationKind.SLACK, vendors.SLACK),
        (IntegrationKind.HALOPSA, vendors.HALO),
        (
            IntegrationKind.WEBHOOK,
            {"settings": {"url": f"{hooks}/{slug}"}, "secrets": {"secret": vendors.SECRET}},
        ),
    ]
    async with database.transaction(desk.juniors[0].account_id) as tx:
        for kind, given in connected:
            draft = Draft(kind, given["settings"], given["secrets"])
            await save(tx, desk.seniors[-1], vault, draft, now=datetime.now(UTC))
        # one mail for each raise
        await tx.execute("UPDATE engineer SET mail = (role <> 'ADMIN')")
    return desk
