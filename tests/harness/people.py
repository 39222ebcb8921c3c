"""Accounts with one engineer of each kind, the way sign-in would have made them."""

import itertools
from dataclasses import dataclass
from uuid import UUID

from db.database import Database
from db.ids import uuid7
from db.models.vocabulary import Role
from services.actor import Actor

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Account:
    id: UUID
    slug: str
    tier1: Actor
    tier2: Actor
    tier3: Actor
    admin: Actor
    viewer: Actor

    @property
    def everybody(self) -> tuple[Actor, ...]:
        return self.tier1, self.tier2, self.tier3, self.admin, self.viewer


async def make_account(database: Database, name: str = "acme") -> Account:
    """A new account. Its slug is unique: tests of one file share a database."""
    slug = f"{name}-{next(_numbers)}"
    account_id = uuid7()
    async with database.transaction(account_id) as tx:
        await tx.execute(
            "INSERT INTO account (id, slug, name) VALUES ($1, $2, $3)", account_id, slug, name
        )
    people = {
        kind: await make_engineer(database, account_id, f"{kind}@{slug}.test", role, tier)
        for kind, role, tier in (
            ("tier1", Role.ENGINEER, 1),
            ("tier2", Role.ENGINEER, 2),
            ("tier3", Role.ENGINEER, 3),
            ("admin", Role.ADMIN, 3),
            ("viewer", Role.VIEWER, 1),
        )
    }
    return Account(account_id, slug, **people)


async def make_engineer(
    database: Database, account_id: UUID, email: str, role: Role = Role.ENGINEER, tier: int = 2
) -> Actor:
    actor = Actor(account_id, uuid7(), role, tier, email.partition("@")[0].capitalize(), email)
    async with database.transaction(account_id) as tx:
        await tx.execute(
            "INSERT INTO engineer (account_id, id, subject, email, name, role, tier) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            account_id,
            actor.id,
            email,
            email,
            actor.name,
            role,
            tier,
        )
    return actor
