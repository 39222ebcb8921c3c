"""What the raiser adds to what the session says, in the moment they ask for help."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from db.database import Columns
from db.models.vocabulary import Confidence
from services import text
from services.problems import InvalidInput


@dataclass(frozen=True, slots=True)
class Additions:
    """Each is the session's column of that name. What is given replaces what is there."""

    problem_domain: str | None = None
    environment: str | None = None
    customer_name: str | None = None
    customer_contact: str | None = None
    customer_reachable_until: datetime | None = None
    confidence_tier: Confidence | None = None

    def checked(self) -> "Additions":
        """Trimmed and within bounds, as at the session's start. Raises InvalidInput."""
        if self == NOTHING:
            return NOTHING
        return Additions(
            problem_domain=text.optional("problemDomain", self.problem_domain, text.TITLE),
            environment=text.optional("environment", self.environment, text.REASON),
            customer_name=text.optional("customer.name", self.customer_name, text.TITLE),
            customer_contact=text.optional("customer.contact", self.customer_contact, text.TITLE),
            customer_reachable_until=self.customer_reachable_until,
            confidence_tier=self.confidence_tier,
        )

    def refuse_past(self, now: datetime) -> None:
        """Raises InvalidInput when the customer could be reached until a time that has passed."""
        until = self.customer_reachable_until
        if until is not None and until <= now:
            raise InvalidInput(
                "customer.reachableUntil",
                "customer.reachableUntil has passed. Say until when they can be reached from now "
                "on, or leave it out.",
            )

    def applied(self, session: Columns) -> Columns:
        """The session as it is with them. ``session`` is a row, or has the columns of one."""
        if self == NOTHING:
            return session
        given = {name: value for name, value in asdict(self).items() if value is not None}
        return {**session, **given}  # type: ignore[dict-item]  # every row is a mapping as well


NOTHING: Final = Additions()
