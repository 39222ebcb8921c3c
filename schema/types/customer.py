"""What a session says of the world outside: whom it is for, and its ticket."""

from datetime import datetime
from typing import Self

import strawberry

from db.database import Columns


@strawberry.type(description="Whom a session is for, and how to reach them.")
class Customer:
    name: str | None = strawberry.field(description="A person, a company, or both.")
    contact: str | None = strawberry.field(
        description="How they can be reached: a telephone number, an address, a channel."
    )
    reachable_until: datetime | None = strawberry.field(
        description="Until when they can be reached; null if nobody said."
    )

    @classmethod
    def of(cls, row: Columns) -> Self | None:
        """None where nothing is known of them."""
        name, contact = row["customer_name"], row["customer_contact"]
        until = row["customer_reachable_until"]
        if name is None and contact is None and until is None:
            return None
        return cls(name=name, contact=contact, reachable_until=until)


@strawberry.type(description="The ticket a session is linked to, in the account's PSA system.")
class Ticket:
    system: str = strawberry.field(description="Which system it is in, for example `HaloPSA`.")
    number: str = strawberry.field(description="Its number there.")

    @classmethod
    def of(cls, row: Columns) -> Self | None:
        if row["ticket_number"] is None:
            return None
        return cls(system=row["ticket_system"], number=row["ticket_number"])
