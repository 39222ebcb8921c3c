"""What is stored: one class per table, the single definition of its columns and constraints."""

from sqlmodel import SQLModel

from db.models.account import Account, Engineer
from db.models.assessment import Assessment, AssessmentRating
from db.models.delivery import Delivery, Notification
from db.models.event import Event, EventCounter, IdempotencyKey
from db.models.handoff import Documentation, Handoff, HandoffHeard, Snapshot
from db.models.integration import DeliveryAttempt, Integration, Notice
from db.models.session import Session, SessionView, Step

metadata = SQLModel.metadata

TENANT_TABLES: tuple[str, ...] = tuple(
    sorted(name for name, table in metadata.tables.items() if "account_id" in table.columns)
)
"""Tables kept apart by row-level security on ``account_id``."""

__all__ = [
    "TENANT_TABLES",
    "Account",
    "Assessment",
    "AssessmentRating",
    "Delivery",
    "DeliveryAttempt",
    "Documentation",
    "Engineer",
    "Event",
    "EventCounter",
    "Handoff",
    "HandoffHeard",
    "IdempotencyKey",
    "Integration",
    "Notice",
    "Notification",
    "Session",
    "SessionView",
    "Snapshot",
    "Step",
    "metadata",
]
