"""The floor's lists, `handoffs` and `sessions`, twice as its queue is: by a statement for each
table, and by one plain join."""

from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Any, Final
from uuid import UUID

from benchmarks.contestants import typeids, waiting
from benchmarks.contestants.serving import begin
from benchmarks.contestants.waiting import ENGINEERS, PAGE, person
from db.database import Transaction
from resolvers import cursors
from services.access import door
from services.actor import Actor
from services.handoffs import reading
from services.handoffs.reading import HandoffFilter
from services.sessions import reading as reading_sessions
from services.sessions.reading import SessionFilter
from services.views import Viewing

RANK_AND_ID: Final = Struct(">B16s")

# one more than is shown, which tells whether there is more
JOINED_HANDOFFS: Final = """
    SELECT h.id, h.intent, h.status, h.priority, h.priority_rank, h.problem_summary, h.reason,
           h.created_at,
           r.id AS r_id, r.name AS r_name, r.tier AS r_tier,
           c.id AS c_id, c.name AS c_name, c.tier AS c_tier,
           s.id AS s_id, s.status AS s_status, s.problem_domain, s.environment, s.customer_name,
           s.ticket_system, s.ticket_number,
           o.id AS o_id, o.name AS o_name, o.tier AS o_tier,
           p.captured_at, p.problem_summary AS p_summary, p.step_count, p.hypotheses_open,
           p.hypotheses_ruled_out
    FROM (SELECT * FROM handoff WHERE account_id = $1 ORDER BY id DESC LIMIT 51) h
    JOIN engineer r ON r.account_id = h.account_id AND r.id = h.raised_by_id
    LEFT JOIN engineer c ON c.account_id = h.account_id AND c.id = h.claimed_by_id
    JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id
    JOIN engineer o ON o.account_id = s.account_id AND o.id = s.owner_id
    JOIN snapshot p ON p.account_id = h.account_id AND p.handoff_id = h.id
    WHERE $door
    ORDER BY h.id DESC
"""
JOINED_SESSIONS: Final = """
    SELECT s.id, s.status, s.problem_summary, s.problem_domain, s.environment, s.step_count,
           s.created_at, s.updated_at, s.customer_name, s.ticket_system, s.ticket_number,
           o.id AS o_id, o.name AS o_name, o.tier AS o_tier,
           t.id AS t_id, t.name AS t_name, t.tier AS t_tier, w.id AS w_id
    FROM (
        SELECT s.* FROM session s WHERE s.account_id = $1 AND $door ORDER BY s.id DESC LIMIT 51
    ) s
    JOIN engineer o ON o.account_id = s.account_id AND o.id = s.owner_id
    LEFT JOIN engineer t ON t.account_id = s.account_id AND t.id = s.escalated_to_id
    LEFT JOIN handoff w ON w.account_id = s.account_id AND w.session_id = s.id
        AND w.status IN ('OPEN', 'CLAIMED')
    ORDER BY s.id DESC
"""


async def handoffs(connection: Any, actor: Actor, _: Mapping[str, Any]) -> dict[str, Any]:
    await connection.execute(begin(actor.account_id))
    tx = Transaction(connection, actor.account_id)
    found = await reading.page(tx, actor, HandoffFilter(), first=PAGE + 1)
    nodes = await waiting.with_what_belongs(connection, actor, found[:PAGE])
    await connection.execute("COMMIT")
    for node, row in zip(nodes, found, strict=False):
        # nobody has claimed any of the newest
        node["claimedBy"] = row["claimed_by_id"]
    return handoffs_page(nodes, found)


async def joined_handoffs(connection: Any, actor: Actor, _: Mapping[str, Any]) -> dict[str, Any]:
    found = await joined(connection, actor, JOINED_HANDOFFS)
    nodes = [
        waiting.joined_handoff(row) | {"claimedBy": person_if_any(row, "c_")}
        for row in found[:PAGE]
    ]
    return handoffs_page(nodes, found)


async def sessions(connection: Any, actor: Actor, _: Mapping[str, Any]) -> dict[str, Any]:
    await connection.execute(begin(actor.account_id))
    view = Viewing(Transaction(connection, actor.account_id))
    found = await reading_sessions.page(view, actor, SessionFilter(), first=PAGE)
    people = {row["owner_id"] for row in found} | {row["escalated_to_id"] for row in found}
    met = await connection.fetch(ENGINEERS, [*people])
    await connection.execute("COMMIT")
    engineer_of = {row["id"]: person(row, "") for row in met}
    nodes = [
        session(row, engineer_of[row["owner_id"]], engineer_of.get(row["escalated_to_id"]))
        for row in found[:PAGE]
    ]
    return sessions_page(nodes, found)


async def joined_sessions(connection: Any, actor: Actor, _: Mapping[str, Any]) -> dict[str, Any]:
    found = await joined(connection, actor, JOINED_SESSIONS)
    nodes = [session(row, person(row, "o_"), person_if_any(row, "t_")) for row in found[:PAGE]]
    return sessions_page(nodes, found)


async def joined(connection: Any, actor: Actor, statement: str) -> Sequence[Any]:
    await connection.execute(begin(actor.account_id))
    found: Sequence[Any] = await connection.fetch(
        statement.replace("$door", door(actor, "$2")), actor.account_id, actor.id
    )
    await connection.execute("COMMIT")
    return found


def handoffs_page(nodes: list[Any], found: Sequence[Any]) -> dict[str, Any]:
    last = found[len(nodes) - 1]
    end = handoff_cursor(last["priority_rank"], last["id"])
    return {"handoffs": page(nodes, found, end)}


def sessions_page(nodes: list[Any], found: Sequence[Any]) -> dict[str, Any]:
    end = session_cursor(found[len(nodes) - 1]["id"])
    return {"sessions": page(nodes, found, end)}


def page(nodes: list[Any], found: Sequence[Any], end: str) -> dict[str, Any]:
    more = len(found) > len(nodes)
    return {"nodes": nodes, "pageInfo": {"hasNextPage": more, "endCursor": end}}


def handoff_cursor(rank: int, id: UUID) -> str:
    return cursors.seal(b"h" + RANK_AND_ID.pack(rank, id.bytes))


def session_cursor(id: UUID) -> str:
    return cursors.seal(b"s" + id.bytes)


def session(row: Any, owner: Any, escalated_to: Any) -> dict[str, Any]:
    return {
        "id": typeids.write("session", row["id"]),
        "status": row["status"],
        "problemSummary": row["problem_summary"],
        "problemDomain": row["problem_domain"],
        "environment": row["environment"],
        "stepCount": row["step_count"],
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
        "customer": {"name": row["customer_name"]},
        "ticket": {"system": row["ticket_system"], "number": row["ticket_number"]},
        "owner": owner,
        "escalatedTo": escalated_to,
    }


def person_if_any(row: Any, prefix: str) -> dict[str, Any] | None:
    return None if row[f"{prefix}id"] is None else person(row, prefix)
