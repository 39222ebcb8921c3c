"""Finding what carries deliveries: the installation's mail, or the account's integrations."""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from app.settings import Settings
from app.worker.preparing import Channels
from db.database import Row, Transaction
from services.deliveries.taking import Taken
from services.integrations.configuring import with_secrets
from services.integrations.email import EmailChannel
from services.integrations.kinds import channel
from services.integrations.mail_server import MailServer
from services.integrations.outgoing import Outgoing
from services.integrations.protocol import Channel, NotSent, Refused
from services.integrations.vault import Vault

KEPT: Final = 1_000  # channels
KEPT_FOR: Final = 600.0  # seconds: what a vendor has moved meanwhile is asked for anew

NO_MAIL: Final = "No mail server is configured any more: BATON_SMTP_URL is not set."


def channels_of(settings: Settings, vault: Vault, outgoing: Outgoing) -> Channels:
    """What ``settings`` and the accounts' integrations allow."""
    mail = _mail(settings)
    known = _Known(vault, outgoing)

    async def find(tx: Transaction, taken: Sequence[Taken]) -> Mapping[UUID, Channel | NotSent]:
        wanted = {each.integration_id for each in taken if each.integration_id is not None}
        rows = await with_secrets(tx, wanted) if wanted else ()
        over: dict[UUID | None, Channel | NotSent] = {row["id"]: known.channel(row) for row in rows}
        over[None] = mail or Refused(NO_MAIL)
        return {each.id: over[each.integration_id] for each in taken}

    return find


class _Known:
    """Channels that are used again until their integration is changed: what a vendor has told one,
    such as a token for the next hour, is not asked for by every attempt."""

    def __init__(self, vault: Vault, outgoing: Outgoing) -> None:
        self._vault = vault
        self._outgoing = outgoing
        self._kept: OrderedDict[tuple[UUID, int, bytes], tuple[float, Channel]] = OrderedDict()

    def channel(self, integration: Row) -> Channel | NotSent:
        key = integration["id"], integration["version"], integration["secrets"]
        until, kept = self._kept.get(key, (0.0, None))
        if kept is not None and time.monotonic() < until:
            return kept
        try:
            made = channel(integration, self._vault, self._outgoing)
        except NotSent as problem:
            return problem
        self._kept[key] = time.monotonic() + KEPT_FOR, made
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return made


def _mail(settings: Settings) -> Channel | None:
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    server = MailServer.of(settings.smtp_url.get_secret_value())
    return EmailChannel(server, str(settings.mail_from))
