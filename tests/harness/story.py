"""The beginnings of stories that many tests tell, through the rules themselves."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import Fernet

from db.database import Database, Row
from db.models.vocabulary import StepKind, StepOutcome
from services.actor import Actor
from services.handoffs.claiming import Claimed, claim
from services.handoffs.escalating import Escalated, Escalation, escalate
from services.integrations.desk import Desk
from services.integrations.outgoing import Outgoing
from services.integrations.vault import Vault
from services.options import Options
from services.sessions.recording import StepDraft, record_step
from services.sessions.starting import SessionDraft, start

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OPTIONS = Options(link_base="https://desk.example")
WITH_MODEL = replace(OPTIONS, assessment=True)
DESK = Desk(
    Vault([Fernet.generate_key().decode()]),
    Outgoing(tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)),  # it believes nobody
)


async def started(database: Database, owner: Actor, *, steps: int = 2, **draft: Any) -> Row:
    """A session with ``steps`` steps: the odd ones FAILED, the even ones INCONCLUSIVE."""
    facts = SessionDraft(**({"problem_summary": "Outlook can't connect"} | draft))
    async with database.transaction(owner.account_id) as tx:
        session = await start(tx, owner, facts, now=NOON)
        for number in range(1, steps + 1):
            recorded = await record_step(
                tx,
                owner,
                session["id"],
                StepDraft(
                    StepKind.CHECK,
                    f"Check {number}",
                    hypothesis=f"Cause {number}",
                    outcome=StepOutcome.FAILED if number % 2 else StepOutcome.INCONCLUSIVE,
                ),
                now=NOON,
            )
            session = recorded.session
    return session


async def escalated(
    database: Database,
    actor: Actor,
    session: Row,
    *,
    options: Options = OPTIONS,
    key: str | None = None,
    now: datetime = NOON,
    **wanted: Any,
) -> Escalated:
    async with database.transaction(actor.account_id) as tx:
        return await escalate(
            tx,
            actor,
            Escalation(session["id"], **({"reason": "I am out of ideas"} | wanted)),
            now=now,
            options=options,
            idempotency_key=key,
        )


async def waiting(database: Database, raiser: Actor, **wanted: Any) -> Escalated:
    """A handoff that waits for somebody, on a session of its own."""
    return await escalated(database, raiser, await started(database, raiser), **wanted)


async def claimed(
    database: Database, actor: Actor, raised: Escalated, *, now: datetime = NOON
) -> Claimed:
    async with database.transaction(actor.account_id) as tx:
        return await claim(tx, actor, raised.handoff["id"], now=now)


async def count(database: Database, actor: Actor, table: str, where: str = "true") -> int:
    async with database.transaction(actor.account_id) as tx:
        found: int = await tx.fetchval(f"SELECT count(*) FROM {table} WHERE {where}")
    return found
