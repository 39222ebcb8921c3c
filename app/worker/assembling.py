"""A carrier for this process, from what the process holds already."""

import os
import socket
from datetime import timedelta
from typing import Final

from app.observability.metrics import Metrics
from app.settings import Settings
from app.worker.assessor import Assessor
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


LATE: Final = timedelta(minutes=2)
"""That an answer is waited for when the budget is spent: it attaches all the same."""


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


def assessor_of(
    settings: Settings, database: Database, doorbell: Doorbell, metrics: Metrics
) -> Assessor:
    """Not started yet."""
    key = settings.anthropic_api_key
    model = None
    if key is not None:
        from app.worker.model import Anthropic  # noqa: PLC0415 - see asking.py

        model = Anthropic(
            key.get_secret_value(),
            settings.assessment_model,
            base_url=settings.anthropic_base_url,
            patience=settings.assessment_budget + LATE,
        )
    return Assessor(
        database,
        doorbell,
        model,
        budget=settings.assessment_budget,
        daily=settings.assessment_daily_limit,
        late=LATE,
        observe=metrics.assessment_ended,
    )
