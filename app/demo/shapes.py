"""What the demo world is made of: plain values that know nothing of tables or rules.

Times are relative, because the world must look lived-in whenever it is created: a session carries
its ``age``, everything that happens in it the minute ``at`` which it happens after the start.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from db.models.vocabulary import (
    Confidence,
    HandoffIntent,
    Priority,
    Role,
    StepKind,
    StepOutcome,
)


class State(Enum):
    """How a session stands when the demo world has been created."""

    ACTIVE = "active"
    WAITING = "waiting"
    WAITING_LEGACY = "waiting under the legacy status"
    CLAIMED = "claimed"
    RESOLVED = "resolved"
    RESOLVED_AFTER_CLAIM = "resolved after a claim"


@dataclass(frozen=True, slots=True)
class Person:
    """An engineer of a demo account. ``login`` is the part of the address before the ``@``."""

    login: str
    name: str
    role: Role
    tier: int
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Customer:
    """Whose problem it is. ``reachable_for`` counts from the moment the world is created."""

    name: str
    contact: str
    reachable_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """The ticket in the PSA. ``number`` may hold ``{started}``, the day of the session's start."""

    system: str
    number: str


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the timeline.

    A FAILED step rules its hypothesis out, a WORKED one bears it out, and one that is PENDING or
    INCONCLUSIVE leaves it open.
    """

    at: int
    kind: StepKind
    outcome: StepOutcome
    title: str
    detail: str | None = None
    hypothesis: str | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """The call for help. ``target`` is a login of the same account."""

    at: int
    reason: str
    notes: str | None = None
    priority: Priority = Priority.NORMAL
    intent: HandoffIntent = HandoffIntent.ESCALATE
    target: str | None = None
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """Who took it over, and when."""

    at: int
    by: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What fixed it. Written by whoever holds the session then."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """One piece of troubleshooting, from the first question to where it stands today.

    ``summary`` is unique within its account: by it the seeding recognises what exists already.
    Steps after the claim are the claimer's, those before it the owner's.
    """

    owner: str
    summary: str
    domain: str
    environment: str
    customer: Customer
    age: timedelta
    steps: tuple[Step, ...]
    confidence: Confidence | None = None
    ticket: Ticket | None = None
    escalation: Escalation | None = None
    claim: Claim | None = None
    resolution: Resolution | None = None

    @property
    def state(self) -> State:
        if self.resolution is not None:
            return State.RESOLVED if self.claim is None else State.RESOLVED_AFTER_CLAIM
        if self.claim is not None:
            return State.CLAIMED
        if self.escalation is None:
            return State.ACTIVE
        return State.WAITING_LEGACY if self.escalation.legacy else State.WAITING

    def involves(self) -> set[str]:
        """Logins of everybody who has a part in it."""
        parts = {
            self.owner,
            self.claim.by if self.claim else None,
            self.escalation.target if self.escalation else None,
        }
        return {login for login in parts if login is not None}

    def author_of(self, step: Step) -> str:
        """The login of whoever recorded the step."""
        if self.claim is not None and step.at >= self.claim.at:
            return self.claim.by
        return self.owner


@dataclass(frozen=True, slots=True)
class Tenant:
    """One demo account with its people and their work."""

    slug: str
    name: str
    people: tuple[Person, ...]
    cases: tuple[Case, ...]

    def email_of(self, login: str) -> str:
        return f"{login}@{self.slug}.test"

    def person(self, login: str) -> Person:
        """Raises KeyError for a login that the account does not have."""
        for person in self.people:
            if person.login == login:
                return person
        raise KeyError(login)
