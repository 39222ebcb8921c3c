"""How often each channel is tried, how long one try may take, and how many run at a time.

The table of docs/deliveries.md, with the reasons.
"""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from db.models.vocabulary import DeliveryChannel, IntegrationKind


@dataclass(frozen=True, slots=True)
class Schedule:
    """``delays`` come before the second attempt, the third, and so on. An attempt is given up after
    ``timeout``; one integration has ``at_once`` of them under way, over all processes."""

    delays: tuple[timedelta, ...]
    timeout: timedelta
    at_once: int

    @property
    def attempts(self) -> int:
        """After so many that failed it is DEAD."""
        return len(self.delays) + 1

    def delay(self, attempts: int) -> timedelta:
        """How long to wait after so many attempts: anything up to the delay ("full jitter"), so
        that what failed together does not come back together."""
        longest = self.delays[min(attempts, len(self.delays)) - 1]
        return longest * random.random()  # noqa: S311 - not a secret


SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)

# Svix's public schedule: 0, 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 10 h
_RECEIVER: Final = (5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR)
# A call for help is stale after an hour: whoever could have taken it has been told otherwise
_CALL: Final = (
    *(5 * SECOND, 30 * SECOND, 2 * MINUTE, 5 * MINUTE),
    *(10 * MINUTE, 20 * MINUTE, 20 * MINUTE),
)
# The ticket is the customer's record, and is never stale
_RECORD: Final = (
    *(5 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE),
    *(HOUR, 2 * HOUR, 2 * HOUR, 4 * HOUR),
)

SCHEDULES: Final = {
    (DeliveryChannel.EMAIL, None): Schedule(_CALL, 30 * SECOND, 5),
    (DeliveryChannel.SLACK, IntegrationKind.SLACK): Schedule(_CALL, 15 * SECOND, 2),
    (DeliveryChannel.TEAMS, IntegrationKind.TEAMS): Schedule(_CALL, 15 * SECOND, 2),
    (DeliveryChannel.WEBHOOK, IntegrationKind.WEBHOOK): Schedule(_RECEIVER, 15 * SECOND, 10),
    (DeliveryChannel.PSA_NOTE, IntegrationKind.CONNECTWISE): Schedule(_RECORD, MINUTE, 3),
    (DeliveryChannel.PSA_NOTE, IntegrationKind.HALOPSA): Schedule(_RECORD, MINUTE, 3),
    # over its limits Autotask shuts the whole tenant out, every other integration included
    (DeliveryChannel.PSA_NOTE, IntegrationKind.AUTOTASK): Schedule(_RECORD, MINUTE, 1),
}
"""By channel and kind of integration; mail goes by the installation's server and has none."""
