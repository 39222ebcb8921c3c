"""Putting every stored secret under the newest key, so that older ones can be thrown away."""

from dataclasses import dataclass
from uuid import UUID

from db.database import Database, Row, Transaction
from services import accounts
from services.integrations.problems import VaultLocked
from services.integrations.vault import Vault


@dataclass(frozen=True, slots=True)
class Rotated:
    """Integrations: put under the newest key, found there, and readable with no key at all."""

    resealed: int = 0
    current: int = 0
    locked: int = 0

    def __add__(self, other: "Rotated") -> "Rotated":
        return Rotated(
            self.resealed + other.resealed,
            self.current + other.current,
            self.locked + other.locked,
        )


async def rotate(database: Database, vault: Vault) -> Rotated:
    """Every integration of every account, each account in a transaction of its own.

    May be interrupted and repeated: what is under the newest key already is left as it is. What an
    administrator saves meanwhile is not lost. What no key fits is counted and left alone.
    """
    rotated = Rotated()
    async for account_id in accounts.every(database):
        rotated += await _rotate_account(database, vault, account_id)
    return rotated


async def _rotate_account(database: Database, vault: Vault, account_id: UUID) -> Rotated:
    async with database.transaction(account_id) as tx:
        rows = await tx.fetch("SELECT id, secrets FROM integration ORDER BY id FOR UPDATE")
        return sum([await _rotate_row(tx, vault, row) for row in rows], Rotated())


async def _rotate_row(tx: Transaction, vault: Vault, row: Row) -> Rotated:
    try:
        sealed = vault.resealed(row["secrets"])
    except VaultLocked:
        return Rotated(locked=1)
    if sealed is None:
        return Rotated(current=1)
    # neither version nor updated_at: nothing has changed for who looks at it
    await tx.execute("UPDATE integration SET secrets = $2 WHERE id = $1", row["id"], sealed)
    return Rotated(resealed=1)
