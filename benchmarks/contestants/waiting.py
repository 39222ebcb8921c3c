"""The floor's queue, twice: by a statement for each table as Baton reads it, and by one plain join.

The second is what the question costs PostgreSQL at least.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.contestants import typeids
from benchmarks.contestants.serving import begin
from resolvers import cursors
from services.access import door
from services.actor import Actor

PAGE: Final = 50

# one more than is shown, which tells whether there is more
WAITING: Final = """
    SELECT now_.seq AS head, now_.waiting, q.* FROM (
        SELECT coalesce((SELECT seq FROM event_counter WHERE account_id = $1), 0) AS seq,
               (SELECT count(*) FROM handoff
                WHERE account_id = $1 AND status = 'OPEN' AND raised_by_id <> $2) AS waiting
    ) now_
    LEFT JOIN LATERAL (
        SELECT h.*, $door AS door FROM handoff h
        JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
        WHERE h.account_id = $1 AND h.status = 'OPEN' AND h.raised_by_id <> $2
        ORDER BY h.priority_rank DESC, h.id LIMIT 51
    ) q ON true
    ORDER BY q.priority_rank DESC, q.id
"""
SESSIONS: Final = "SELECT s.* FROM session s WHERE s.id = ANY ($1) AND $door"
ENGINEERS: Final = "SELECT * FROM engineer WHERE id = ANY ($1)"
SNAPSHOTS: Final = """
    SELECT c.handoff_id, c.captured_at, c.problem_summary, c.problem_domain, c.environment,
           c.customer_name, c.customer_contact, c.customer_reachable_until, c.confidence_tier,
           c.ticket_system, c.ticket_number, c.step_count, c.hypotheses_open,
           c.hypotheses_ruled_out
    FROM snapshot c
    JOIN handoff h ON h.account_id = c.account_id AND h.id = c.handoff_id
    JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
    WHERE c.handoff_id = ANY ($1) AND $door
"""


async def queue(connection: Any, actor: Actor, _: Mapping[str, Any]) -> dict[str, Any]:
    """In one transaction, where Baton takes one for the list and one for what is nested in it."""
    await connection.execute(begin(actor.account_id))
    statement = WAITING.replace("$door", door(actor, "$2"))
    found = await connection.fetch(statement, actor.account_id, actor.id)
    handoffs = await with_what_belongs(connection, actor, found[:PAGE])
    await connection.execute("COMMIT")
    return answer(actor, found[0]["waiting"], found[0]["head"], handoffs)


async def with_what_belongs(
    connection: Any, actor: Actor, rows: Sequence[Any]
) -> list[dict[str, Any]]:
    condition = door(actor, "$2")
    held = await connection.fetch(
        SESSIONS.replace("$door", condition), [row["session_id"] for row in rows], actor.id
    )
    people = {row["raised_by_id"] for row in rows} | {row["owner_id"] for row in held}
    met = await connection.fetch(ENGINEERS, [*people])
    frozen = await connection.fetch(
        SNAPSHOTS.replace("$door", condition), [row["id"] for row in rows], actor.id
    )
    engineer_of = {row["id"]: person(row, "") for row in met}
    session_of = {row["id"]: session(row, engineer_of[row["owner_id"]]) for row in held}
    snapshot_of = {row["handoff_id"]: snapshot(row) for row in frozen}
    return [
        handoff(
            row,
            engineer_of[row["raised_by_id"]],
            session_of[row["session_id"]],
            snapshot_of[row["id"]],
        )
        for row in rows
    ]


JOIN: Final = """
    SELECT (SELECT coalesce((SELECT seq FROM event_counter WHERE account_id = $1), 0)) AS head,
           (SELECT count(*) FROM handoff
            WHERE account_id = $1 AND status = 'OPEN' AND raised_by_id <> $2) AS waiting,
           h.id, h.intent, h.status, h.priority, h.problem_summary, h.reason, h.created_at,
           r.id AS r_id, r.name AS r_name, r.tier AS r_tier,
           s.id AS s_id, s.status AS s_status, s.problem_domain, s.environment, s.customer_name,
           s.ticket_system, s.ticket_number,
           o.id AS o_id, o.name AS o_name, o.tier AS o_tier,
           p.captured_at, p.problem_summary AS p_summary, p.step_count, p.hypotheses_open,
           p.hypotheses_ruled_out
    FROM (
        SELECT * FROM handoff WHERE account_id = $1 AND status = 'OPEN' AND raised_by_id <> $2
        ORDER BY priority_rank DESC, id LIMIT 50
    ) h
    JOIN engineer r ON r.account_id = h.account_id AND r.id = h.raised_by_id
    JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
    JOIN engineer o ON o.account_id = s.account_id AND o.id = s.owner_id
    JOIN snapshot p ON p.account_id = h.account_id AND p.handoff_id = h.id
    WHERE $door
    ORDER BY h.priority_rank DESC, h.id
"""


async def joined(connection: Any, actor: Actor, _: Mapping[str, Any]) -> dict[str, Any]:
    await connection.execute(begin(actor.account_id))
    statement = JOIN.replace("$door", door(actor, "$2"))
    rows = await connection.fetch(statement, actor.account_id, actor.id)
    await connection.execute("COMMIT")
    handoffs = [joined_handoff(row) for row in rows]
    return answer(actor, rows[0]["waiting"], rows[0]["head"], handoffs)


def joined_handoff(row: Any) -> dict[str, Any]:
    return handoff(
        row,
        person(row, "r_"),
        session(row, person(row, "o_"), prefix="s_"),
        snapshot(row, summary="p_summary"),
    )


def answer(actor: Actor, count: int, seq: int, handoffs: list[Any]) -> dict[str, Any]:
    cursor = cursors.write(actor.account_id, seq)
    return {"handoffQueue": {"count": count, "cursor": cursor, "handoffs": handoffs}}


def handoff(row: Any, raised_by: Any, held: Any, frozen: Any) -> dict[str, Any]:
    return {
        "id": typeids.write("handoff", row["id"]),
        "intent": row["intent"],
        "status": row["status"],
        "priority": row["priority"],
        "problemSummary": row["problem_summary"],
        "reason": row["reason"],
        "createdAt": row["created_at"],
        "raisedBy": raised_by,
        "session": held,
        "snapshot": frozen,
    }


def session(row: Any, owner: Any, *, prefix: str = "") -> dict[str, Any]:
    return {
        "id": typeids.write("session", row[f"{prefix}id"]),
        "status": row[f"{prefix}status"],
        "problemDomain": row["problem_domain"],
        "environment": row["environment"],
        "customer": {"name": row["customer_name"]},
        "ticket": {"system": row["ticket_system"], "number": row["ticket_number"]},
        "owner": owner,
    }


def snapshot(row: Any, *, summary: str = "problem_summary") -> dict[str, Any]:
    return {
        "capturedAt": row["captured_at"],
        "problemSummary": row[summary],
        "stepCount": row["step_count"],
        "hypothesesOpen": row["hypotheses_open"],
        "hypothesesRuledOut": row["hypotheses_ruled_out"],
    }


def person(row: Any, prefix: str) -> dict[str, Any]:
    return {
        "id": typeids.write("engineer", row[f"{prefix}id"]),
        "name": row[f"{prefix}name"],
        "tier": row[f"{prefix}tier"],
    }
