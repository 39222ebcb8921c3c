"""What an account has connected, as its ADMINs see and change it."""

from collections.abc import Sequence
from uuid import UUID

from db.database import Row, Transaction
from resolvers.changing import changed
from resolvers.context import Context
from resolvers.ids import known
from services.ids import Kind
from services.integrations import configuring, health, notices, testing
from services.integrations.configuring import Draft
from services.integrations.testing import Tried
from services.problems import NotAllowed, Problem


async def listing(context: Context) -> Sequence[Row]:
    """Nothing for whoever is no ADMIN: there is nothing that they may know of."""
    try:
        async with context.database.transaction(context.actor.account_id) as tx:
            return await configuring.listing(tx, context.actor)
    except NotAllowed:
        return ()


async def save(context: Context, draft: Draft) -> Row | Problem:
    async def change(tx: Transaction) -> Row:
        vault = context.desk.vault
        return await configuring.save(tx, context.actor, vault, draft, now=context.clock())

    return await changed(context, change)


async def disable(context: Context, integration: str, version: int | None) -> Row | Problem:
    async def change(tx: Transaction) -> Row:
        return await configuring.disable(
            tx, context.actor, _id(integration), now=context.clock(), expected_version=version
        )

    return await changed(context, change)


async def enable(context: Context, integration: str, version: int | None) -> Row | Problem:
    async def change(tx: Transaction) -> Row:
        return await configuring.enable(
            tx, context.actor, _id(integration), now=context.clock(), expected_version=version
        )

    return await changed(context, change)


async def test(context: Context, integration: str, ticket: str | None) -> Tried | Problem:
    """Send a message over it, and note how that went."""

    async def wanted(tx: Transaction) -> Row:
        return await testing.to_try(tx, context.actor, _id(integration))

    found = await changed(context, wanted)
    if isinstance(found, Problem):
        return found
    actor, now = context.actor, context.clock()
    tried = await testing.attempt(
        context.desk, actor, found, ticket=ticket, link=context.options.link_base, now=now
    )
    told = None
    async with context.database.transaction(actor.account_id) as tx:
        if tried.accepted:
            await health.mark_success(tx, [found["id"]], now=now)
        elif await health.mark_failure(tx, found["id"], tried.said, now=now):
            told = await notices.tell(tx, found["id"], context.options, now=now)
    if told is not None:
        context.hub.ring(actor.account_id, told)
    return tried


def _id(integration: str) -> UUID:
    return known(integration, Kind.INTEGRATION)
