"""One valid row of every tenant table, for tests of the database itself."""

from datetime import UTC, datetime
from typing import Any

from db.database import Transaction
from db.ids import uuid7
from tests.harness.people import Account

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

Row = dict[str, Any]


def one_of_each(account: Account) -> list[tuple[str, Row]]:
    """Tables and rows, in an order that references allow; the engineers are the account's own.

    Every reference is set, so that each can be bent, which takes two handoffs: ``dict()`` of the
    list holds the later.
    """
    session, handoff, integration, notice, delivery = (uuid7() for _ in range(5))
    rows: dict[str, Row] = {
        "event_counter": {"seq": 1},
        "idempotency_key": {
            "engineer_id": account.tier1.id,
            "operation": "escalate",
            "key": str(uuid7()),
            "request_hash": b"hash",
            "result_id": handoff,
        },
        "session": {
            "id": session,
            "owner_id": account.tier1.id,
            "escalated_to_id": account.tier2.id,
            "status": "ACTIVE",
            "problem_summary": "Mail does not flow",
        },
        "handoff": {
            "id": handoff,
            "session_id": session,
            "intent": "ESCALATE",
            "status": "CLAIMED",
            "priority": "HIGH",
            "problem_summary": "Mail does not flow",
            "reason": "Out of ideas",
            "raised_by_id": account.tier1.id,
            "target_id": account.tier2.id,
            "claimed_by_id": account.tier2.id,
            "claimed_at": NOON,
            "supersedes_id": uuid7(),
        },
        "step": {
            "id": uuid7(),
            "session_id": session,
            "author_id": account.tier1.id,
            "position": 1,
            "kind": "CHECK",
            "title": "Looked at the connector",
            "outcome": "FAILED",
            "outcome_by_id": account.tier2.id,
            "outcome_at": NOON,
            "suggested_in_id": handoff,
            "suggestion": "derived:1",
        },
        "session_view": {
            "session_id": session,
            "handoff_id": handoff,
            "engineer_id": account.tier3.id,
        },
        "snapshot": {
            "handoff_id": handoff,
            "problem_summary": "Mail does not flow",
            "step_count": 1,
        },
        "assessment": {"handoff_id": handoff, "state": "PENDING"},
        "assessment_rating": {
            "handoff_id": handoff,
            "engineer_id": account.tier2.id,
            "verdict": "WRONG",
            "comment": "It was the connector",
        },
        "documentation": {
            "id": uuid7(),
            "session_id": session,
            "handoff_id": handoff,
            "version": 1,
            "kind": "RAISED",
            "markdown": "# Mail",
        },
        "handoff_heard": {"handoff_id": handoff, "engineer_id": account.tier2.id},
        "integration": {
            "id": integration,
            "kind": "WEBHOOK",
            "name": "Our dashboard",
            "settings": {"url": "https://hooks.acme.test"},
            "secrets": b"sealed",
        },
        "notice": {
            "id": notice,
            "integration_id": integration,
            "version": 2,
            "name": "Our dashboard",
            "failing_since": NOON,
            "error": "The receiver did not answer.",
        },
        "notification": {
            "id": uuid7(),
            "engineer_id": account.tier2.id,
            "handoff_id": handoff,
            "notice_id": notice,
            "about": "handoff.created",
            "title": "Session escalated by Tier1",
        },
        "delivery": {
            "id": delivery,
            "handoff_id": handoff,
            "notice_id": notice,
            "integration_id": integration,
            "engineer_id": account.tier2.id,
            "channel": "EMAIL",
            "purpose": "raised",
            "target": "tier2",
            "state": "PENDING",
            "attempts": 0,
            "idempotency_key": str(uuid7()),
        },
        "delivery_attempt": {
            "delivery_id": delivery,
            "nonce": 0,
            "number": 1,
            "worker": "one",
            "outcome": "SENT",
        },
        "event": {
            "seq": 1,
            "type": "handoff.created",
            "handoff_id": handoff,
            "actor_id": account.tier1.id,
        },
        "engineer": {
            "id": uuid7(),
            "subject": str(uuid7()),
            "email": "new@acme.test",
            "name": "New",
            "role": "ENGINEER",
            "tier": 1,
        },
    }
    for row in rows.values():
        row["account_id"] = account.id
    listed = list(rows.items())
    listed.insert(list(rows).index("handoff"), ("handoff", _superseded_by(rows["handoff"])))
    return listed


def _superseded_by(handoff: Row) -> Row:
    nobody = {"target_id": None, "claimed_by_id": None, "claimed_at": None, "supersedes_id": None}
    return handoff | nobody | {"id": handoff["supersedes_id"], "status": "SUPERSEDED"}


async def insert(tx: Transaction, table: str, row: Row) -> None:
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await tx.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})",
        *row.values(),
    )


async def insert_all(tx: Transaction, rows: list[tuple[str, Row]]) -> None:
    for table, row in rows:
        await insert(tx, table, row)
