"""A carrier for this process, from what the process holds already."""

import os
import socket
from datetime import timedelta
from typing import Final

from app.observability.metrics import Metrics
from app.settings import Settings
from app.worker.attempt import Trier
from app.worker.carrier import Carrier
from app.worker.channels import channels_of
from app.worker.lookout import Lookout
from db.database import Database
from services.events import Doorbell
from services.integrations.outgoing import Outgoing
from services.integrations.vault import Vault
from services.options import Options

LONGEST_DRAIN: Final = timedelta(seconds=5)
"""It comes after requests have had theirs; what is cut off then is tried again by others."""


def carrier_of(
    settings: Settings,
    database: Database,
    doorbell: Doorbell,
    *,
    vault: Vault,
    outgoing: Outgoing,
    options: Options,
    metrics: Metrics,
) -> Carrier:
    """Not started yet."""
    trier = Trier(
        database,
        channels_of(settings, vault, outgoing),
        options,
        metrics.delivery_attempted,
        doorbell.ring,
    )
    return Carrier(
        database,
        doorbell,
        trier,
        Lookout(database, doorbell, options),
        worker=f"{socket.gethostname()}:{os.getpid()}",
        drain=min(settings.drain_timeout, LONGEST_DRAIN),
    )
