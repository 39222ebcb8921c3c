"""Having a delivery sent again because somebody says so."""

from uuid import UUID

from db.database import Row, Transaction
from db.models.vocabulary import DeliveryState, Role
from services.actor import Actor
from services.deliveries.problems import DeliveryNotFound, DeliveryNotRepeatable
from services.problems import NotAllowed


async def redeliver(tx: Transaction, actor: Actor, delivery_id: UUID) -> Row:
    """Send it again, soon, with all its attempts before it. For ADMINs.

    One that was given up, was sent, or waits for another attempt. It gets another nonce, so that a
    receiver who knows the first does not take this one for a repeat; what marks a ticket's note
    stays, so that a note that is there already is found. Returns the row as it is then.

    Raises NotAllowed, DeliveryNotFound or DeliveryNotRepeatable.
    """
    if actor.role != Role.ADMIN:
        raise NotAllowed("Only ADMINs can have a delivery sent again.")
    before = await tx.fetchrow(
        "SELECT state FROM delivery WHERE account_id = $1 AND id = $2 FOR UPDATE",
        tx.account_id,
        delivery_id,
    )
    if before is None:
        raise DeliveryNotFound
    state = DeliveryState(before["state"])
    if state not in {DeliveryState.DEAD, DeliveryState.SENT, DeliveryState.FAILED}:
        raise DeliveryNotRepeatable(state)
    row = await tx.one(
        """
        UPDATE delivery SET state = 'PENDING', nonce = nonce + 1, attempts = 0,
            next_attempt_at = now(), last_error = NULL, sent_at = NULL
        WHERE account_id = $1 AND id = $2 RETURNING *
        """,
        tx.account_id,
        delivery_id,
    )
    # last: every writer of the account waits for this row
    await tx.execute(
        """
        UPDATE event_counter SET due_at = least(due_at, now()), dead = dead - $2
        WHERE account_id = $1
        """,
        tx.account_id,
        int(state is DeliveryState.DEAD),
    )
    return row
