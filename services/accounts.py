"""Tenants."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

from db.database import Database, Row, Transaction
from db.ids import uuid7
from services.problems import InvalidInput

AT_ONCE: Final = 500  # accounts that are asked for at a time

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


async def create(database: Database, slug: str, name: str) -> UUID:
    """A new account; its engineers come with their first tokens. Raises InvalidInput."""
    if not SLUG.fullmatch(slug):
        raise InvalidInput(
            "slug", "An account's slug has 1 to 63 lower-case letters, digits and inner dashes."
        )
    account_id = uuid7()
    async with database.transaction(account_id) as tx:
        made = await tx.fetchval(
            "INSERT INTO account (id, slug, name) VALUES ($1, $2, $3) "
            "ON CONFLICT (slug) DO NOTHING RETURNING id",
            account_id,
            slug,
            name,
        )
    if made is None:
        raise InvalidInput("slug", f"There is an account {slug!r} already.")
    return account_id


async def require_readiness(tx: Transaction, minimum: int) -> None:
    """What a session of the transaction's account must score before it can be escalated.

    From 1 to 100, or 0 for nothing; from the next escalation on. Raises InvalidInput.
    """
    if not 0 <= minimum <= 100:
        raise InvalidInput("minimum", f"A minimum readiness is from 0 to 100, not {minimum}.")
    await tx.execute(
        "UPDATE account SET minimum_readiness = $2 WHERE id = $1", tx.account_id, minimum or None
    )


async def every(database: Database) -> AsyncIterator[UUID]:
    """All that there are, for what an operator asks about the whole installation."""
    last = UUID(int=0)
    while found := await _after(database, last):
        for account_id in found:
            yield account_id
        last = found[-1]


async def _after(database: Database, last: UUID) -> list[UUID]:
    async with database.system() as connection:
        rows = await connection.fetch("SELECT id FROM accounts_after($1, $2) AS id", last, AT_ONCE)
    return [row["id"] for row in rows]


async def by_slug(database: Database, slug: str) -> UUID | None:
    async with database.system() as connection:
        found: UUID | None = await connection.fetchval("SELECT id FROM account_by_slug($1)", slug)
    return found


async def named(database: Database, slug: str) -> UUID:
    """As ``by_slug``, of an account that somebody names. Raises InvalidInput."""
    account_id = await by_slug(database, slug)
    if account_id is None:
        raise InvalidInput("account", f"There is no account {slug!r}.")
    return account_id


async def by_ids(tx: Transaction, ids: Sequence[UUID]) -> Sequence[Row]:
    """Of the transaction's own account only: row-level security hides the others."""
    return await tx.fetch("SELECT * FROM account WHERE id = ANY ($1)", ids)
