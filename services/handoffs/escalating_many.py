"""Raising many handoffs at once, as at a change of shift: all of them or none."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final
from uuid import UUID

from db.database import Row, Transaction
from db.ids import uuid7
from services import idempotency
from services.actor import Actor
from services.handoffs import reading
from services.handoffs.escalating import (
    Escalation,
    announced,
    compose,
    escalatable,
    refuse_viewers,
    write,
)
from services.handoffs.problems import SessionsNotEscalatable
from services.options import Options
from services.problems import InvalidInput, Problem

MOST: Final = 50  # sessions; one transaction locks and writes them all


async def escalate_many(
    tx: Transaction,
    actor: Actor,
    wanted: Sequence[Escalation],
    *,
    now: datetime,
    options: Options,
    idempotency_key: str | None = None,
) -> tuple[Sequence[Row], int | None]:
    """``escalate`` for each. Returns the handoffs in the order asked, and the last event's number
    (None for a repeat).

    Sessions are locked in the order of their ids, so that two that overlap wait for each other
    and never both. Raises SessionsNotEscalatable with every refusal, NotAllowed, InvalidInput or
    IdempotencyConflict.
    """
    refuse_viewers(actor)
    asked = _checked(wanted)
    batch_id = uuid7()
    if idempotency_key is not None:
        request = {"sessions": [asdict(one) for one in asked]}
        earlier = await idempotency.remember(
            tx, actor, "escalateMany", idempotency_key, request, result_id=batch_id
        )
        if earlier is not None:
            return await reading.batch(tx, actor, earlier), None
    ready = await _all_escalatable(tx, actor, asked, now)
    written = []
    for one in asked:
        raised = compose(uuid7(), ready[one.session_id], one, options, now=now)
        row = await write(tx, actor, one, raised, options, now=now, batch_id=batch_id)
        written.append((raised, row))
    # events last, and together: from the first on, the account's other writers wait
    seq = None
    for raised, row in written:
        seq = (await announced(tx, actor, raised, row, now=now)).seq
    return [row for _, row in written], seq


def _checked(wanted: Sequence[Escalation]) -> list[Escalation]:
    if not 1 <= len(wanted) <= MOST:
        raise InvalidInput("sessionIds", f"Give 1 to {MOST} sessions; these are {len(wanted)}.")
    if len({one.session_id for one in wanted}) < len(wanted):
        raise InvalidInput("sessionIds", "A session is named twice. Name each once.")
    return [one.checked() for one in wanted]


async def _all_escalatable(
    tx: Transaction, actor: Actor, asked: Sequence[Escalation], now: datetime
) -> dict[UUID, Row]:
    ready: dict[UUID, Row] = {}
    refusals: list[tuple[UUID, Problem]] = []
    for one in sorted(asked, key=lambda one: one.session_id):
        try:
            ready[one.session_id] = await escalatable(tx, actor, one, now=now)
        except Problem as refusal:
            refusals.append((one.session_id, refusal))
    if refusals:
        raise SessionsNotEscalatable(refusals)
    return ready
