"""The rows of an account: read for the judge, and moved on in time."""

from typing import Final

from db.database import Database, Row
from db.models.vocabulary import DeliveryChannel, IntegrationKind
from services.deliveries.schedules import SCHEDULES
from services.ids import Kind, public
from tests.chaos.deliveries.checker import Promised
from tests.harness.people import Account

ROWS: Final = """
    SELECT d.*, i.kind, told.numbers, told.outcomes, told.too_late
    FROM delivery d
    LEFT JOIN integration i ON i.account_id = d.account_id AND i.id = d.integration_id
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(a.number ORDER BY a.nonce, a.number), '{}') AS numbers,
            array_agg(a.outcome ORDER BY a.nonce, a.number) AS outcomes,
            count(*) FILTER (WHERE a.outcome = 'FAILED' AND a.error ~ $1) AS too_late
        FROM delivery_attempt a WHERE a.account_id = d.account_id AND a.delivery_id = d.id
    ) told
    ORDER BY d.created_at, d.id
"""

TOO_LATE: Final = "did not answer in time|no answer within|nobody knows"

# in the order in which workers lock: deliveries, integrations, the account's counter
HURRY: Final = (
    "UPDATE delivery SET next_attempt_at = now() "
    "WHERE state = 'FAILED' AND next_attempt_at > now()",
    "UPDATE integration SET not_before = NULL WHERE not_before IS NOT NULL",
    "UPDATE event_counter SET due_at = least(due_at, now())",
)


async def promised(database: Database, account: Account) -> list[Promised]:
    async with database.transaction(account.id) as tx:
        return [_promised(row) for row in await tx.fetch(ROWS, TOO_LATE)]


async def hurry(database: Database, account: Account) -> None:
    """What would be tried again later is tried now: hours of schedules are gone through at once.

    Leases are left alone: they end in their own time.
    """
    async with database.transaction(account.id) as tx:
        for statement in HURRY:
            await tx.execute(statement)


async def unfinished(database: Database, account: Account) -> tuple[int, int]:
    """How many promises are not kept and not given up yet, and how many attempts there were."""
    async with database.transaction(account.id) as tx:
        row = await tx.one(
            "SELECT count(*) FILTER (WHERE state IN ('PENDING', 'SENDING', 'FAILED')) AS open, "
            "coalesce(sum(attempts), 0) AS tried FROM delivery"
        )
        return row["open"], row["tried"]


async def under_way(database: Database, account: Account, pid: int) -> int:
    """Attempts that this worker has begun and nobody has ended."""
    async with database.transaction(account.id) as tx:
        count: int = await tx.fetchval(
            "SELECT count(*) FROM delivery_attempt WHERE ended_at IS NULL AND worker LIKE $1",
            f"%:{pid}",
        )
        return count


def _promised(row: Row) -> Promised:
    channel, kind = DeliveryChannel(row["channel"]), row["kind"]
    schedule = SCHEDULES.get((channel, kind and IntegrationKind(kind)))
    handoff = public(Kind.HANDOFF, row["handoff_id"])
    return Promised(
        id=public(Kind.DELIVERY, row["id"]),
        handoff=handoff,
        channel=channel.value,
        state=row["state"],
        name=_name(channel, row, handoff),
        reference=row["external_ref"],
        attempts=row["attempts"],
        outcomes=list(zip(row["numbers"], row["outcomes"] or (), strict=True)),
        most=0 if schedule is None else schedule.attempts,
        too_late=row["too_late"],
    )


def _name(channel: DeliveryChannel, row: Row, handoff: str) -> str:
    """What its vendor knows the effect by."""
    key: str = row["idempotency_key"]
    match channel:
        case DeliveryChannel.SLACK:
            return f"card:{key}"
        case DeliveryChannel.TEAMS:
            return key[:200]
        case DeliveryChannel.EMAIL:
            return f"<{row['id']}@desk.example>"
        case DeliveryChannel.PSA_NOTE:
            return f"{handoff}/raised"
        case _:
            return key
