"""What ADMINs connect, change and switch off. Secrets go in and never come out.

Source: docs/integrations/README.md, "Connecting".
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from db.database import Row, Transaction
from db.ids import uuid7
from db.models.vocabulary import IntegrationKind, Role
from services.actor import Actor
from services.integrations.kinds import KINDS, Document, checked, field_of
from services.integrations.problems import IntegrationChanged, IntegrationNotFound, VaultLocked
from services.integrations.vault import Vault
from services.problems import InvalidInput, NotAllowed
from services.text import TITLE, optional

WEBHOOKS: Final = 10
"""Of one account, at most: each is told of every handoff."""

SHOWN: Final = (
    "account_id, id, kind, name, settings, enabled, disabled_reason, version, last_success_at, "
    "last_failure_at, last_error, failing_since, not_before, created_at, updated_at"
)
"""Columns that may leave: all but the secrets."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What to connect. Without ``id`` it is a new webhook, or the account's one of that kind.

    ``secrets`` that are left out keep their value, and None takes one away.
    """

    kind: IntegrationKind
    settings: Document
    secrets: Document
    name: str | None = None
    id: UUID | None = None
    expected_version: int | None = None


async def save(tx: Transaction, actor: Actor, vault: Vault, draft: Draft, *, now: datetime) -> Row:
    """Connect, or change what is connected. Settings are replaced as a whole.

    It counts as untried afterwards; whether it is enabled stays as it is. Of those who connect the
    same kind at the same moment, one connects and the other changes. Returns the row without its
    secrets. Raises NotAllowed, InvalidInput, IntegrationNotFound, IntegrationChanged or
    VaultLocked.
    """
    _must_be_admin(actor)
    draft = replace(draft, name=optional(field_of(draft.kind, "name"), draft.name, TITLE))
    known = await _found(tx, draft)
    if known is None:
        connected = await _connect(tx, vault, draft, now)
        if connected is not None:
            return connected
        known = await _found(tx, draft)  # somebody was faster
    if known is None:
        raise IntegrationNotFound
    return await _change(tx, vault, draft, known, now)


async def disable(
    tx: Transaction,
    actor: Actor,
    integration_id: UUID,
    *,
    now: datetime,
    expected_version: int | None = None,
) -> Row:
    """Nothing is told over it until it is enabled again. Disabling it twice changes nothing.

    Returns the row without its secrets. Raises NotAllowed, IntegrationNotFound or
    IntegrationChanged.
    """
    known = await _taken(tx, actor, integration_id, expected_version)
    if not known["enabled"]:
        return known
    row = await tx.one(
        "UPDATE integration SET enabled = false, disabled_reason = $2, version = version + 1, "
        f"updated_at = $3 WHERE id = $1 RETURNING {SHOWN}",
        integration_id,
        f"Disabled by {actor.name}.",
        now,
    )
    await _look_again(tx)
    return row


async def enable(
    tx: Transaction,
    actor: Actor,
    integration_id: UUID,
    *,
    now: datetime,
    expected_version: int | None = None,
) -> Row:
    """It is tried again, whatever became of it before; otherwise as ``disable``."""
    known = await _taken(tx, actor, integration_id, expected_version)
    if known["enabled"]:
        return known
    row = await tx.one(
        "UPDATE integration SET enabled = true, disabled_reason = NULL, failing_since = NULL, "
        "not_before = NULL, version = version + 1, updated_at = $2 "
        f"WHERE id = $1 RETURNING {SHOWN}",
        integration_id,
        now,
    )
    await _look_again(tx)
    return row


async def listing(tx: Transaction, actor: Actor) -> Sequence[Row]:
    """Everything that is connected, in the order it was, without secrets. Raises NotAllowed."""
    _must_be_admin(actor)
    return await tx.fetch(f"SELECT {SHOWN} FROM integration ORDER BY id")


async def by_id(tx: Transaction, actor: Actor, integration_id: UUID) -> Row:
    """Without its secrets. Raises NotAllowed or IntegrationNotFound."""
    _must_be_admin(actor)
    row = await tx.fetchrow(f"SELECT {SHOWN} FROM integration WHERE id = $1", integration_id)
    if row is None:
        raise IntegrationNotFound
    return row


async def with_secrets(tx: Transaction, ids: Collection[UUID]) -> Sequence[Row]:
    """Those that are there, for whoever sends something over them, or checks what came from them;
    never to be shown."""
    return await tx.fetch(
        "SELECT * FROM integration WHERE account_id = $1 AND id = ANY ($2)", tx.account_id, ids
    )


async def by_ids(tx: Transaction, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """Those that are there, without secrets; nothing for whoever is no ADMIN."""
    if actor.role is not Role.ADMIN:
        return ()
    return await tx.fetch(f"SELECT {SHOWN} FROM integration WHERE id = ANY ($1)", ids)


# ------------------------------------------------------------------ the steps


def _must_be_admin(actor: Actor) -> None:
    if actor.role is not Role.ADMIN:
        raise NotAllowed("Only administrators can look at integrations and change them.")


def _must_be_version(known: Row, expected: int | None) -> None:
    if expected not in (None, known["version"]):
        raise IntegrationChanged({name: known[name] for name in SHOWN.split(", ")})


async def _taken(
    tx: Transaction, actor: Actor, integration_id: UUID, expected_version: int | None
) -> Row:
    """Locked, so that it stays as it is until the transaction ends."""
    _must_be_admin(actor)
    known = await tx.fetchrow(
        f"SELECT {SHOWN} FROM integration WHERE id = $1 FOR UPDATE", integration_id
    )
    if known is None:
        raise IntegrationNotFound
    _must_be_version(known, expected_version)
    return known


async def _found(tx: Transaction, draft: Draft) -> Row | None:
    """What the draft is of, locked and with its secrets. None where it connects anew."""
    if draft.id is None and draft.kind is IntegrationKind.WEBHOOK:
        return None
    known = await tx.fetchrow(
        f"SELECT {SHOWN}, secrets FROM integration WHERE "
        + ("id = $1" if draft.id else "kind = $1")
        + " FOR UPDATE",
        draft.id or draft.kind,
    )
    if known is not None and known["kind"] != draft.kind:
        raise InvalidInput(
            field_of(draft.kind, "id"), "What is connected stays of its kind. Connect another."
        )
    return known


async def _connect(tx: Transaction, vault: Vault, draft: Draft, now: datetime) -> Row | None:
    """None when the account has one of this kind."""
    if draft.id is not None or draft.expected_version is not None:
        raise IntegrationNotFound
    settings, secrets = checked(draft.kind, draft.settings, draft.secrets)
    if draft.kind is IntegrationKind.WEBHOOK:
        await _must_have_room(tx)
    return await tx.fetchrow(
        "INSERT INTO integration "
        "(account_id, id, kind, name, settings, secrets, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $7) "
        f"ON CONFLICT (account_id, kind) WHERE kind <> 'WEBHOOK' DO NOTHING RETURNING {SHOWN}",
        tx.account_id,
        uuid7(),
        draft.kind,
        draft.name or KINDS[draft.kind].title,
        settings,
        vault.seal(secrets),
        now,
    )


async def _must_have_room(tx: Transaction) -> None:
    webhooks = await tx.fetchval("SELECT count(*) FROM integration WHERE kind = 'WEBHOOK'")
    if webhooks >= WEBHOOKS:
        raise InvalidInput(
            field_of(IntegrationKind.WEBHOOK),
            f"There are {webhooks} webhooks, and no account has more. Change one that isn't needed "
            "any more.",
        )


async def _change(tx: Transaction, vault: Vault, draft: Draft, known: Row, now: datetime) -> Row:
    _must_be_version(known, draft.expected_version)
    kept = _kept(vault, known)
    settings, secrets = checked(draft.kind, draft.settings, {**kept, **draft.secrets})
    _must_not_lead_astray(draft, known["settings"], settings, kept)
    row = await tx.one(
        f"""
        UPDATE integration SET name = coalesce($2, name), settings = $3, secrets = $4,
            version = version + 1, updated_at = $5, last_success_at = NULL,
            last_failure_at = NULL, last_error = NULL, failing_since = NULL, not_before = NULL
        WHERE id = $1 RETURNING {SHOWN}
        """,
        known["id"],
        draft.name,
        settings,
        vault.seal(secrets),
        now,
    )
    await _look_again(tx)
    return row


async def _look_again(tx: Transaction) -> None:
    """What waited because of how the integration was may be due now."""
    # last: every writer of the account waits for this row
    await tx.execute(
        "UPDATE event_counter SET due_at = least(due_at, now()) WHERE account_id = $1",
        tx.account_id,
    )


def _kept(vault: Vault, known: Row) -> Document:
    """The secrets so far. Nothing when no key fits: then all have to be entered again."""
    try:
        return vault.open(known["secrets"])
    except VaultLocked:
        return {}


def _must_not_lead_astray(
    draft: Draft, before: Document, settings: Document, kept: Document
) -> None:
    """Secrets are write-only for ADMINs, too: a new address must not have them sent to it."""
    moved = any(before.get(place) != settings[place] for place in KINDS[draft.kind].places)
    if moved and not kept.keys() <= draft.secrets.keys():
        raise InvalidInput(
            field_of(draft.kind),
            "The address is another one now. Enter the secrets again, so that they don't go where "
            "they were not meant to.",
        )
