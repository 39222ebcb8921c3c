"""A letter with something in every field, to change what a test is about."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.ids import Kind, public
from services.integrations.protocol import Letter, Person, Purpose, Ticket, Tried

DELIVERY = UUID("01900000-0000-7000-8000-00000000d001")
HANDOFF = UUID("01900000-0000-7000-8000-00000000a001")
OF_HANDOFFS = [each for each in Purpose if each not in {Purpose.DISABLED, Purpose.ASSESSED}]
RAISED_AT = datetime(2026, 11, 24, 10, 2, 11, tzinfo=UTC)


def letter(**changes: Any) -> Letter:
    facts: dict[str, Any] = {
        "delivery_id": DELIVERY,
        "key": f"{HANDOFF}:raised:WEBHOOK",
        "marker": f"{HANDOFF}:raised",
        "purpose": Purpose.RAISED,
        "handoff_id": public(Kind.HANDOFF, HANDOFF),
        "status": "OPEN",
        "priority": "HIGH",
        "problem": "Outlook can't connect",
        "reason": "Out of ideas after the profile was rebuilt",
        "notes": "The customer has a meeting at two",
        "raised_by": "Tess Berg",
        "raised_at": RAISED_AT,
        "target": None,
        "claimed_by": None,
        "happened_at": RAISED_AT,
        "who": "Tess Berg",
        "words": "Out of ideas after the profile was rebuilt",
        "customer": "Dana, Millbrook",
        "tried": [
            Tried("Restarted Outlook", "did not work"),
            Tried("Looked at the licence", "worked"),
        ],
        "step_count": 2,
        "confirmed": [],
        "suspected": ["Conditional access"],
        "ruled_out": ["A stale profile"],
        "next_steps": ["Look at the sign-in log"],
        "markdown": "# Outlook can't connect\n\nEverything there is to say.\n",
        "link": "https://baton.example.com/h/abc",
        "ticket": Ticket("ConnectWise", "4711"),
        "recipient": Person("Sam Ortiz", "sam@example.com"),
        "redactions": 0,
    }
    return Letter(**(facts | changes))
