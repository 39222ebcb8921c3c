"""What `startSession` takes."""

from datetime import datetime

import strawberry

from schema.enums import Confidence
from services.sessions.starting import SessionDraft

KEY = (
    "A text of the client's choice, 1 to 200 printable characters, a UUID for example: repeating "
    "the request with the same key gives the same answer and does nothing twice. Use it when a "
    "reply was lost. Keys are the viewer's own, and each mutation has its own."
)


@strawberry.input(description="Whom a session is for, and how to reach them.")
class CustomerInput:
    name: str | None = strawberry.field(
        description="A person, a company, or both; up to 200 characters."
    )
    contact: str | None = strawberry.field(
        description="How they can be reached; up to 200 characters."
    )
    reachable_until: datetime | None = strawberry.field(
        description="Until when they can be reached."
    )


@strawberry.input(description="A ticket in the account's PSA system.")
class TicketInput:
    system: str = strawberry.field(
        description="Which system it is in, for example `HaloPSA`; up to 200 characters."
    )
    number: str = strawberry.field(description="Its number there; up to 200 characters.")


@strawberry.input(description="What is known at the start. Only the summary is needed.")
class StartSessionInput:
    problem_summary: str = strawberry.field(
        description="What is wrong, in a sentence of up to 500 characters."
    )
    problem_domain: str | None = strawberry.field(
        description="The area it seems to lie in; up to 200 characters."
    )
    environment: str | None = strawberry.field(
        description="What it happens on: machines, versions, tenants; up to 2,000 characters."
    )
    customer: CustomerInput | None = strawberry.field(description="Whom it is for.")
    ticket: TicketInput | None = strawberry.field(description="The ticket it belongs to.")
    confidence_tier: Confidence | None = strawberry.field(
        description="How sure you are of where the problem lies."
    )
    idempotency_key: str | None = strawberry.field(description=KEY)

    def draft(self) -> SessionDraft:
        customer, ticket = self.customer, self.ticket
        return SessionDraft(
            problem_summary=self.problem_summary,
            problem_domain=self.problem_domain,
            environment=self.environment,
            customer_name=customer.name if customer else None,
            customer_contact=customer.contact if customer else None,
            customer_reachable_until=customer.reachable_until if customer else None,
            confidence_tier=self.confidence_tier,
            ticket_system=ticket.system if ticket else None,
            ticket_number=ticket.number if ticket else None,
        )
