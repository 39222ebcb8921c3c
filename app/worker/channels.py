"""Finding what carries a delivery: the installation's mail, or the account's integration."""

from app.settings import Settings
from app.worker.attempt import Channels
from db.database import Transaction
from services.deliveries.taking import Taken
from services.integrations.configuring import with_secrets
from services.integrations.email import EmailChannel
from services.integrations.kinds import channel
from services.integrations.mail_server import MailServer
from services.integrations.outgoing import Outgoing
from services.integrations.protocol import Channel, Refused
from services.integrations.vault import Vault


def channels_of(settings: Settings, vault: Vault, outgoing: Outgoing) -> Channels:
    """What ``settings`` and the accounts' integrations allow."""
    mail = _mail(settings)

    async def find(tx: Transaction, taken: Taken) -> Channel:
        if taken.integration_id is None:
            if mail is None:
                raise Refused("No mail server is configured any more: BATON_SMTP_URL is not set.")
            return mail
        integration = await with_secrets(tx, taken.integration_id)
        assert integration is not None  # noqa: S101  # the delivery refers to it
        return channel(integration, vault, outgoing)

    return find


def _mail(settings: Settings) -> Channel | None:
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    server = MailServer.of(settings.smtp_url.get_secret_value())
    return EmailChannel(server, str(settings.mail_from))
