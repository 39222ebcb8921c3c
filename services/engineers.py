"""People, made and kept current from the claims of their tokens."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.database import Database, Row, Transaction
from db.ids import uuid7
from db.models.vocabulary import Role
from services.actor import Actor
from services.problems import NotAllowed, Problem


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. ``account`` is the account's slug."""

    subject: str
    account: str
    email: str
    name: str
    role: Role
    tier: int
    issued_at: datetime
    expires_at: datetime


class SignInRefused(Exception):
    """The token is genuine, but nobody here may use it. The message says why."""


class UnknownAccount(SignInRefused):
    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no account {slug!r} in this installation.")


class UnknownEngineer(SignInRefused):
    def __init__(self) -> None:
        super().__init__(
            "You are not an engineer of this account yet, and engineers are not created from "
            "tokens here. Ask an administrator."
        )


class InactiveEngineer(SignInRefused):
    def __init__(self) -> None:
        super().__init__("Your access to this account was removed. Ask an administrator.")


class NoSuchEngineer(Problem):
    def __init__(self, email: str) -> None:
        super().__init__(f"Nobody in this account has the e-mail address {email!r}.")


async def sign_in(
    database: Database,
    claims: Claims,
    *,
    provision: bool = True,
    changed: Callable[[UUID], None] = lambda account_id: None,
) -> Actor:
    """The engineer a token speaks for; created when new and ``provision`` allows it.

    Role, tier, name and e-mail follow the newest token by its `iat`: an older one still in use
    can't bring an old role back. ``changed`` is told the account, after COMMIT, when the role or
    tier of somebody who was known is another now.
    Raises UnknownAccount, UnknownEngineer or InactiveEngineer.
    """
    async with database.system() as connection:
        account_id = await connection.fetchval("SELECT id FROM account_by_slug($1)", claims.account)
    if account_id is None:
        raise UnknownAccount(claims.account)
    async with database.transaction(account_id) as tx:
        row = known = await _known(tx, claims.subject)
        if row is None and not provision:
            raise UnknownEngineer
        if row is None or _is_older(row["claims_issued_at"], claims.issued_at):
            await _write(tx, claims)
            row = await _known(tx, claims.subject)
    if known is not None and row is not None and _rights(known) != _rights(row):
        changed(account_id)
    if row is None or not row["active"]:
        raise InactiveEngineer
    return Actor(account_id, row["id"], Role(row["role"]), row["tier"], row["name"], row["email"])


async def set_active(tx: Transaction, email: str, *, active: bool) -> Sequence[Row]:
    """Let everybody of the account with this e-mail address in again, or keep them out.

    What they own and hold stays theirs. Returns the engineers. Raises NoSuchEngineer.
    """
    rows = await tx.fetch(
        "UPDATE engineer SET active = $2, updated_at = now() WHERE lower(email) = lower($1) "
        "RETURNING *",
        email.strip(),
        active,
    )
    if not rows:
        raise NoSuchEngineer(email)
    return rows


async def active(tx: Transaction, email: str) -> Actor | None:
    """Who has this e-mail address and may sign in; None as well when several have it."""
    rows = await tx.fetch(
        "SELECT * FROM engineer WHERE lower(email) = lower($1) AND active", email.strip()
    )
    if len(rows) != 1:
        return None
    [row] = rows
    role = Role(row["role"])
    return Actor(tx.account_id, row["id"], role, row["tier"], row["name"], row["email"])


async def entitled(tx: Transaction, actors: Collection[Actor]) -> set[Actor]:
    """Those whose role and tier are still what they came with, and who have not been removed."""
    rows = await tx.fetch(
        "SELECT id, role, tier FROM engineer WHERE id = ANY ($1) AND active",
        [actor.id for actor in actors],
    )
    rights = {row["id"]: _rights(row) for row in rows}
    return {actor for actor in actors if rights.get(actor.id) == (actor.role, actor.tier)}


async def by_ids(tx: Transaction, ids: Sequence[UUID]) -> Sequence[Row]:
    return await tx.fetch("SELECT * FROM engineer WHERE id = ANY ($1)", ids)


async def prefer(tx: Transaction, actor: Actor, *, mail: bool) -> None:
    """Whether the actor wants mail about handoffs that are raised from now on.

    Raises NotAllowed.
    """
    if actor.role == Role.VIEWER:
        raise NotAllowed("Viewers are not sent mail.")
    await tx.execute(
        "UPDATE engineer SET mail = $2, updated_at = now() WHERE id = $1 AND mail <> $2",
        actor.id,
        mail,
    )


def _rights(row: Row) -> tuple[str, int]:
    return row["role"], row["tier"]


def _is_older(known: datetime | None, issued: datetime) -> bool:
    return known is None or known < issued


async def _known(tx: Transaction, subject: str) -> Row | None:
    return await tx.fetchrow("SELECT * FROM engineer WHERE subject = $1", subject)


async def _write(tx: Transaction, claims: Claims) -> None:
    # the condition is checked again here: a newer token may have been written meanwhile
    await tx.execute(
        """
        INSERT INTO engineer (account_id, id, subject, email, name, role, tier, claims_issued_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (account_id, subject) DO UPDATE
        SET email = excluded.email, name = excluded.name, role = excluded.role,
            tier = excluded.tier, claims_issued_at = excluded.claims_issued_at, updated_at = now()
        WHERE engineer.claims_issued_at IS NULL
           OR engineer.claims_issued_at < excluded.claims_issued_at
        """,
        tx.account_id,
        uuid7(),
        claims.subject,
        claims.email,
        claims.name,
        claims.role,
        claims.tier,
        claims.issued_at,
    )
