"""What is promised outside the service, and carrying it out. The table is the queue.

    promising   one row for each effect, in the transaction of what it tells of
    schedules   how often each channel is tried, and how many attempts run at a time
    work        which accounts have something due
    taking      what is due, so that nobody else has it
    finishing   what became of an attempt
    reading     its true state, for those who may see the session

Source: docs/decisions/0006-delivery-table-is-the-queue.md.
"""

from services.deliveries.promising import (
    FOLLOWED,
    Promise,
    SkipReason,
    change_card,
    follow_up,
    following,
    mail_admins,
    promises,
)
from services.deliveries.reading import (
    DeliveryFilter,
    attempts,
    by_handoffs,
    by_ids,
    of_integrations,
    page,
)

__all__ = [
    "FOLLOWED",
    "DeliveryFilter",
    "Promise",
    "SkipReason",
    "attempts",
    "by_handoffs",
    "by_ids",
    "change_card",
    "follow_up",
    "following",
    "mail_admins",
    "of_integrations",
    "page",
    "promises",
]
