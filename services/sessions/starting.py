"""The beginning of a piece of troubleshooting."""

from dataclasses import asdict, dataclass
from datetime import datetime

from db.database import Row, Transaction
from db.ids import uuid7
from db.models.vocabulary import Confidence, Role
from services import idempotency, text
from services.actor import Actor
from services.problems import InvalidInput, NotAllowed


@dataclass(frozen=True, slots=True)
class SessionDraft:
    """What is known at the start. Only the summary is needed."""

    problem_summary: str
    problem_domain: str | None = None
    environment: str | None = None
    customer_name: str | None = None
    customer_contact: str | None = None
    customer_reachable_until: datetime | None = None
    confidence_tier: Confidence | None = None
    ticket_system: str | None = None
    ticket_number: str | None = None

    def checked(self) -> "SessionDraft":
        """Trimmed and within bounds. Raises InvalidInput."""
        if (self.ticket_system is None) != (self.ticket_number is None):
            raise InvalidInput("ticket", "A ticket needs both its system and its number.")
        return SessionDraft(
            problem_summary=text.required("problemSummary", self.problem_summary, text.SUMMARY),
            problem_domain=text.optional("problemDomain", self.problem_domain, text.TITLE),
            environment=text.optional("environment", self.environment, text.REASON),
            customer_name=text.optional("customer.name", self.customer_name, text.TITLE),
            customer_contact=text.optional("customer.contact", self.customer_contact, text.TITLE),
            customer_reachable_until=self.customer_reachable_until,
            confidence_tier=self.confidence_tier,
            ticket_system=text.optional("ticket.system", self.ticket_system, text.TITLE),
            ticket_number=text.optional("ticket.number", self.ticket_number, text.TITLE),
        )


async def start(
    tx: Transaction,
    actor: Actor,
    draft: SessionDraft,
    *,
    now: datetime,
    idempotency_key: str | None = None,
) -> Row:
    """Open a session that the actor owns. The same key gives the same session back.

    Raises NotAllowed (VIEWERs), InvalidInput or IdempotencyConflict.
    """
    if actor.role == Role.VIEWER:
        raise NotAllowed("Viewers can't start sessions. Ask an administrator for another role.")
    draft = draft.checked()
    session_id = uuid7()
    if idempotency_key is not None:
        earlier = await idempotency.remember(
            tx, actor, "startSession", idempotency_key, asdict(draft), result_id=session_id
        )
        if earlier is not None:
            return await tx.one("SELECT * FROM session WHERE id = $1", earlier)
    return await tx.one(
        """
        INSERT INTO session (account_id, id, owner_id, status, problem_summary, problem_domain,
            environment, customer_name, customer_contact, customer_reachable_until,
            confidence_tier, ticket_system, ticket_number, created_at, updated_at)
        VALUES ($1, $2, $3, 'ACTIVE', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
        RETURNING *
        """,
        actor.account_id,
        session_id,
        actor.id,
        draft.problem_summary,
        draft.problem_domain,
        draft.environment,
        draft.customer_name,
        draft.customer_contact,
        draft.customer_reachable_until,
        draft.confidence_tier,
        draft.ticket_system,
        draft.ticket_number,
        now,
    )
