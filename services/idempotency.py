"""Requests remembered, so that a repeated one gets the same answer and does nothing."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from db.database import Transaction
from services.actor import Actor
from services.problems import IdempotencyConflict, InvalidInput

LONGEST_KEY = 200  # characters


async def remember(
    tx: Transaction,
    actor: Actor,
    operation: str,
    key: str,
    request: Mapping[str, Any],
    *,
    result_id: UUID,
) -> UUID | None:
    """Take ``key`` for this request, or give the id of what the same request made before.

    Keys belong to one engineer and operation. Call it before anything else is written: a request
    with the same key that is under way is waited for, and a rolled-back one leaves no trace.
    Returns None the first time. Raises IdempotencyConflict when the earlier request was another.
    """
    _check(key)
    # `default`: ids read from the database are of a subclass of UUID, which orjson leaves to us
    text = orjson.dumps(request, default=str, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(text).digest()
    taken = await tx.fetchval(
        """
        INSERT INTO idempotency_key (account_id, engineer_id, operation, key, request_hash,
                                     result_id)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING true
        """,
        actor.account_id,
        actor.id,
        operation,
        key,
        digest,
        result_id,
    )
    if taken:
        return None
    earlier = await tx.fetchrow(
        """
        SELECT request_hash, result_id FROM idempotency_key
        WHERE account_id = $1 AND engineer_id = $2 AND operation = $3 AND key = $4
        """,
        actor.account_id,
        actor.id,
        operation,
        key,
    )
    if earlier is None or earlier["request_hash"] != digest:
        raise IdempotencyConflict
    result: UUID = earlier["result_id"]
    return result


def of_item(key: str, item: UUID) -> str:
    """The key of one item, for a request that does several things independently under one key.

    Raises InvalidInput for a ``key`` that can't be one.
    """
    _check(key)
    return hashlib.sha256(f"{key} {item}".encode()).hexdigest()


def _check(key: str) -> None:
    if not key.strip() or len(key) > LONGEST_KEY or not key.isprintable():
        raise InvalidInput(
            "idempotencyKey",
            f"idempotencyKey must have 1 to {LONGEST_KEY} printable characters, for example a "
            "UUID made for this request.",
        )
