"""What `escalate` and its draft take for the session itself."""

from schema.enums import Confidence
from schema.inputs.start_session import CustomerInput
from services.handoffs.additions import Additions

REPLACES = "Replaces what the session says, when given."


def additions(
    problem_domain: str | None,
    environment: str | None,
    customer: CustomerInput | None,
    confidence_tier: Confidence | None,
) -> Additions:
    return Additions(
        problem_domain=problem_domain,
        environment=environment,
        customer_name=customer.name if customer else None,
        customer_contact=customer.contact if customer else None,
        customer_reachable_until=customer.reachable_until if customer else None,
        confidence_tier=confidence_tier,
    )
