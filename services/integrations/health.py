"""How an integration fares, as its deliveries tell."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from db.database import Columns, Transaction
from services.redaction import redact

GIVEN_UP_AFTER: Final = timedelta(days=5)
"""Of nothing but failures, a webhook is disabled. Source: docs/integrations/webhook.md."""

LONGEST_ERROR: Final = 500
NOTED: Final = timedelta(seconds=1)


class Health(StrEnum):
    UNTRIED = "UNTRIED"
    HEALTHY = "HEALTHY"
    FAILING = "FAILING"
    DISABLED = "DISABLED"


def health(integration: Columns) -> Health:
    if not integration["enabled"]:
        return Health.DISABLED
    if integration["failing_since"] is not None:
        return Health.FAILING
    return Health.UNTRIED if integration["last_success_at"] is None else Health.HEALTHY


async def hold(tx: Transaction, integration_ids: Collection[UUID]) -> None:
    """Before several are marked one after the other: whoever does so takes them in one order."""
    await tx.execute(
        "SELECT FROM integration WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE", integration_ids
    )


async def mark_success(
    tx: Transaction, integration_ids: Collection[UUID], *, now: datetime
) -> None:
    """They work. When they failed last, and why, is kept to be looked at.

    Written down once in NOTED: many who succeed at the same time need not wait for one row.
    """
    await tx.execute(
        """
        UPDATE integration i SET
            last_success_at = greatest(i.last_success_at, $2), failing_since = NULL
        FROM (
            SELECT id FROM integration WHERE id = ANY ($1)
              AND (failing_since IS NOT NULL OR last_success_at IS NULL
                OR last_success_at < $2::timestamptz - $3::interval)
            ORDER BY id FOR NO KEY UPDATE
        ) AS unsaid
        WHERE i.id = unsaid.id
        """,
        integration_ids,
        now,
        NOTED,
    )


async def mark_failure(
    tx: Transaction,
    integration_id: UUID,
    why: str,
    *,
    now: datetime,
    after: timedelta | None = None,
) -> bool:
    """It does not work. ``why`` has its secrets taken out, and ``after`` is how long the vendor
    asked to be left alone: a longer wait that it asked for before still holds.

    Returns whether it was a webhook's last: after five days without one success it is disabled.
    """
    given_up: bool | None = await tx.fetchval(
        """
        UPDATE integration SET
            last_failure_at = greatest(last_failure_at, $2),
            last_error = $3,
            failing_since = coalesce(failing_since, $2),
            not_before = greatest(not_before, $4),
            enabled = enabled AND NOT hopeless,
            disabled_reason = CASE WHEN hopeless THEN $6 ELSE disabled_reason END,
            version = version + hopeless::int,
            updated_at = CASE WHEN hopeless THEN $2 ELSE updated_at END
        FROM (
            SELECT id AS its_id,
                kind = 'WEBHOOK' AND enabled AND coalesce(failing_since <= $5, false) AS hopeless
            FROM integration WHERE id = $1 FOR NO KEY UPDATE
        ) AS known
        WHERE id = its_id
        RETURNING hopeless
        """,
        integration_id,
        now,
        redact(why).text[:LONGEST_ERROR],
        None if after is None else now + after,
        now - GIVEN_UP_AFTER,
        f"Disabled after {GIVEN_UP_AFTER.days} days in which nothing was accepted. Check the "
        "address, then enable it again.",
    )
    return bool(given_up)
