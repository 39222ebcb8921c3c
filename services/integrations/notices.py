"""Telling an account's ADMINs that the service has disabled an integration by itself.

Source: docs/deliveries.md, "Giving up a webhook".
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from db.database import Columns, Row, Transaction
from db.ids import uuid7
from db.models.vocabulary import EventType, Role
from services import deliveries, events, notifications
from services.actor import Actor
from services.options import Options

# Frozen: whoever reads it an hour later may have changed the integration by then.
NOTICE: Final = """
    INSERT INTO notice (account_id, id, integration_id, version, name, failing_since, error,
        created_at)
    SELECT account_id, $3, id, version, name, failing_since, last_error, $4
    FROM integration WHERE account_id = $1 AND id = $2 AND NOT enabled
    RETURNING *
"""

ADMINS: Final = "SELECT id FROM engineer WHERE account_id = $1 AND active AND role = 'ADMIN'"


async def tell(tx: Transaction, integration_id: UUID, options: Options, *, now: datetime) -> int:
    """In the transaction in which ``health.mark_failure`` has disabled it: every ADMIN hears of it
    in their bell, and by mail if they want mail.

    Once for each time that it is disabled: more are refused by the database. Must be the last of
    its transaction. Returns the event's number, to ring with after COMMIT.
    """
    notice = await tx.one(NOTICE, tx.account_id, integration_id, uuid7(), now)
    about = EventType.INTEGRATION_DISABLED
    if options.mail:
        await deliveries.mail_admins(tx, None, "disabled", notice_id=notice["id"], now=now)
    bell = await notifications.tell(
        tx,
        [row["id"] for row in await tx.fetch(ADMINS, tx.account_id)],
        None,
        notice_id=notice["id"],
        actor=None,
        about=about,
        title=title(notice),
        now=now,
    )
    return await events.record(
        tx, about, None, None, now=now, notified=bell.engineers, notifications=bell.items
    )


async def by_ids(tx: Transaction, actor: Actor, ids: Sequence[UUID]) -> Sequence[Row]:
    """Nothing for whoever is no ADMIN."""
    if actor.role is not Role.ADMIN:
        return ()
    return await tx.fetch("SELECT * FROM notice WHERE id = ANY ($1)", ids)


def title(notice: Columns) -> str:
    return f"Disabled after days of failure: the webhook “{notice['name']}”"


def paragraphs(notice: Columns) -> tuple[str, ...]:
    """Since when, why, and what to do."""
    return (
        f"Everything that was sent over the webhook “{notice['name']}” has failed since "
        f"{_time(notice['failing_since'])}. Baton gave it up on {_time(notice['created_at'])}: "
        "nothing is sent over it any more.",
        f"What went wrong the last time: {notice['error']}",
        "What to do: put the receiver right, or the address or secret that is entered here "
        "(saveIntegration). See whether a message arrives (testIntegration), then switch the "
        "webhook on again (enableIntegration). What was to be sent in between is not sent later; "
        "what was given up can be sent again (redeliver).",
    )


def _time(moment: datetime) -> str:
    return moment.strftime("%d %B %Y, %H:%M UTC").lstrip("0")
