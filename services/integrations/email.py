"""Mail: one message to one person, through the installation's mail server.

What it looks like and what each error means: docs/integrations/email.md.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final

import aiosmtplib

from services.integrations.email_message import compose, thread_id
from services.integrations.mail_server import Encryption, MailServer, mailable
from services.integrations.protocol import Letter, NotSent, Refused, Sent, TryAgain

DEADLINE: Final = timedelta(seconds=20)
"""From connecting to the server's word that it has the message."""
GOODBYE: Final = 1  # seconds
_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")  # RFC 3463


class EmailChannel:
    """``sender`` is the address mail comes from; its domain names the messages."""

    def __init__(self, server: MailServer, sender: str, *, deadline: timedelta = DEADLINE) -> None:
        if not mailable(sender):
            raise ValueError("The sender of mail must be an address such as baton@example.com.")
        self._server = server
        self._sender = sender
        self._seconds = deadline.total_seconds()
        self._trust: ssl.SSLContext | None = None

    async def send(self, letter: Letter, earlier: str | None) -> Sent:
        """``earlier`` is the Message-ID of the mail that told of the raise."""
        recipient = letter.recipient
        if recipient is None or not mailable(recipient.email):
            name = recipient.name if recipient else "The recipient"
            raise Refused(f"{name} has no address that mail can be sent to. Correct it and resend.")
        reference = thread_id(letter, self._sender)
        content = compose(letter, self._sender, recipient, earlier)
        client = await self._client()
        try:
            with _told(self._server, self._sender, recipient.name):
                async with asyncio.timeout(self._seconds):
                    await client.connect()
                    await client.mail(self._sender)
                    await client.rcpt(recipient.email)
                    await client.data(content)
            with suppress(aiosmtplib.SMTPException, OSError):  # the message has been taken already
                await client.quit(timeout=GOODBYE)
        finally:
            client.close()
        return Sent(reference, f"The mail server took the message for {recipient.email}.")

    async def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        if self._trust is None:  # reads a large file; SSL_CERT_FILE and SSL_CERT_DIR count
            self._trust = await asyncio.to_thread(ssl.create_default_context)
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password if server.user is not None else None,
            local_hostname=self._sender.rpartition("@")[2],
            timeout=self._seconds,
            use_tls=server.encryption is Encryption.FIRST,
            start_tls=_STARTTLS[server.encryption],
            tls_context=self._trust,
        )


_STARTTLS: Final = {
    Encryption.FIRST: False,
    Encryption.REQUIRED: True,
    Encryption.OFFERED: None,  # as aiosmtplib says it
    Encryption.NEVER: False,
}


@contextmanager
def _told(server: MailServer, sender: str, recipient: str) -> Iterator[None]:
    """What went wrong, for people. The server's own words stay here: it may repeat what it was
    told, and a password is among it."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        raise _answered(error, sender, recipient) from None
    except TimeoutError:
        raise TryAgain(f"The mail server {server.host} did not answer in time.") from None
    except aiosmtplib.SMTPServerDisconnected:
        raise TryAgain(
            "The connection to the mail server broke before it took the message. It may have "
            "taken it all the same; the same message is sent again."
        ) from None
    except (aiosmtplib.SMTPConnectError, OSError) as error:
        raise _unreached(server, error) from None
    except aiosmtplib.SMTPException:
        raise Refused(_lacking(server)) from None


def _unreached(server: MailServer, error: Exception) -> NotSent:
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return TryAgain(
            f"The certificate of the mail server {server.host} is not one to trust "
            f"({cause.verify_message}). Renew it, or name its authority in SSL_CERT_FILE."
        )
    if isinstance(cause, ssl.SSLError):
        return TryAgain(
            f"The mail server {server.host} and Baton did not agree on TLS. If the server begins "
            "with STARTTLS, the URL begins with smtp://; if it begins with TLS, with smtps://."
        )
    return TryAgain(f"The mail server {server.host} can't be reached on port {server.port}.")


def _lacking(server: MailServer) -> str:
    """aiosmtplib raises its plainest exception when the server lacks what it needs."""
    if server.encryption is Encryption.REQUIRED:
        return (
            f"The mail server {server.host} does not offer STARTTLS, or no way to sign in that "
            "Baton knows. Try smtps:// and port 465 in BATON_SMTP_URL."
        )
    return (
        f"The mail server {server.host} offers no way to sign in that Baton knows. Take user and "
        "password out of BATON_SMTP_URL, or use an encrypted connection."
    )


def _answered(error: aiosmtplib.SMTPResponseException, sender: str, recipient: str) -> NotSent:
    enhanced = _ENHANCED.match(error.message or "")
    if not 400 <= error.code <= 599:
        return TryAgain("The mail server answered something that is not SMTP.")
    number = f"{error.code} {enhanced[0]}" if enhanced else f"{error.code}"
    if error.code < 500:
        return TryAgain(f"The mail server asks to come back later ({number}).", status=error.code)
    return Refused(f"{_refusal(error, sender, recipient)} ({number}).", status=error.code)


def _refusal(error: aiosmtplib.SMTPResponseException, sender: str, recipient: str) -> str:
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return "The mail server does not accept user and password: correct BATON_SMTP_URL"
        case aiosmtplib.SMTPSenderRefused():
            return f"The mail server takes no mail from {sender}: correct BATON_MAIL_FROM"
        case aiosmtplib.SMTPRecipientRefused():
            return f"The mail server does not accept the address of {recipient}: correct it"
        case aiosmtplib.SMTPDataError():
            return "The mail server refused the message: its administrator can say why"
    return "The mail server does not talk to Baton: its administrator can say why"
