"""A mail server that keeps what it takes, may ask for a password, and fails when told to."""

from __future__ import annotations

import asyncio
import email
import email.policy
import hmac
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum
from typing import Any, Self, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from app import tcp
from app.demo.vendors.base import GARBAGE, HERE, STARTING
from app.demo.vendors.certificates import Authority
from app.demo.vendors.faults import Fault, Troubled


class MailFault(Enum):
    """What only goes wrong with mail; what goes wrong with any vendor is base.Fault.

    There, SERVER_ERROR and BUSY are 451 to the message and 450 to the recipient, and REDIRECT is
    551: SMTP's way of sending somebody elsewhere. TLS offers STARTTLS, with a certificate that
    nobody believes.
    """

    DISCONNECT = "hangs up instead of greeting"
    HANG_UP = "takes the message, and hangs up instead of saying goodbye"
    HANG_ON = "takes the message, and does not answer any more"
    REFUSE = "answers 554 to the message, which it does not keep"


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that was taken. ``raw`` is what came over the wire."""

    sender: str
    recipient: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)


class FakeMail(Troubled[Fault | MailFault]):
    """``faults`` are used up one per connection. ``refusing`` answers recipients, by address:
    ``{"gone@example.com": "550 5.1.1 nobody of that name"}``. ``slowness`` comes before each
    answer, in seconds. ``unanswered`` are those of ``mails`` whose sender was not told.

    With ``tls`` it offers STARTTLS, or begins with TLS if ``from_first_byte``. With a ``password``
    it takes mail from ``user`` only.
    """

    def __init__(
        self,
        *,
        user: str = "baton",
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
        from_first_byte: bool = False,
    ) -> None:
        super().__init__()
        self.user, self.password = user, password
        self.tls, self.from_first_byte = tls, from_first_byte
        self.mails: list[Mail] = []
        self.unanswered: list[Mail] = []
        self.refusing: dict[str, str] = {}
        self.hanging = 60.0
        self.slowness = 0.0
        self.encrypted: list[bool] = []
        self.signing_in = 0

    def knows(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
    ) -> AuthResult:
        self.signing_in += 1
        wanted = f"{self.user}\0{self.password}".encode()
        told = b"\0".join(given) if isinstance(given, LoginPassword) else b""
        return AuthResult(success=hmac.compare_digest(told, wanted), handled=False)

    @contextmanager
    def serving(self) -> Iterator[ServedMail]:
        """On a free port of 127.0.0.1, in a thread of its own."""
        with ServedMail(self) as served:
            yield served


class ServedMail:
    """``url`` is what BATON_SMTP_URL would be, without user and password."""

    def __init__(self, server: FakeMail) -> None:
        self._fake = server
        self._socket = socket.create_server((HERE, 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'smtps' if server.from_first_byte else 'smtp'}://{HERE}:{self.port}"
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._thread = threading.Thread(
            target=lambda: self._loop.run_until_complete(self._serve()), daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(STARTING):
            raise TimeoutError("The fake mail server did not start.")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(5)
        self._loop.close()

    async def _serve(self) -> None:
        fake = self._fake
        first = fake.tls if fake.from_first_byte else None
        server = await self._loop.create_server(
            lambda: Conversation(fake, self._loop), sock=self._socket, ssl=first
        )
        self._ready.set()
        await self._over.wait()
        server.close()
        others = asyncio.all_tasks() - {cast("asyncio.Task[Any]", asyncio.current_task())}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class Conversation(SMTP):
    """One connection, and the fault that it has."""

    def __init__(self, fake: FakeMail, loop: asyncio.AbstractEventLoop) -> None:
        self._fake = fake
        strangers = Authority("Nobody").server(HERE) if fake.fails_to_greet() else None
        self._fault = None if strangers else fake.fault_of(None)
        super().__init__(
            Postmaster(fake, self._fault),
            hostname="mail.example.com",
            ident="mail",
            tls_context=strangers or (None if fake.from_first_byte else fake.tls),
            auth_require_tls=fake.tls is not None and not fake.from_first_byte,
            authenticator=fake.knows,
            loop=loop,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self._fault is MailFault.DISCONNECT:
            tcp.reset(cast(asyncio.Transport, transport))

    async def smtp_QUIT(self, arg: str) -> None:
        if self._fault is MailFault.HANG_UP:
            tcp.reset(cast(asyncio.Transport, self.transport))
        elif self._fault is MailFault.HANG_ON:
            await asyncio.sleep(self._fake.hanging)
        else:
            await super().smtp_QUIT(arg)


class Postmaster:
    """Decides about each command. The names are those that aiosmtpd looks for."""

    def __init__(self, fake: FakeMail, fault: Fault | MailFault | None) -> None:
        self._fake = fake
        self._fault = fault

    async def handle_MAIL(
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._fake.password is not None and not session.authenticated:
            return "530 5.7.0 sign in first"
        await asyncio.sleep(self._fake.slowness)
        if self._fault is Fault.HANG:
            await asyncio.sleep(self._fake.hanging)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        await asyncio.sleep(self._fake.slowness)
        if address in self._fake.refusing:
            return self._fake.refusing[address]
        if self._fault is Fault.BUSY:
            return "450 4.7.1 greylisted, come back later"
        if self._fault is Fault.REDIRECT:
            return "551 5.1.6 not here; try <stolen@127.0.0.1>"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self._fake.slowness)
        if self._fault is Fault.SERVER_ERROR:
            return "451 4.3.0 out of order"
        if self._fault is MailFault.REFUSE:
            return "554 5.7.1 we do not like it"
        kept = self._keep(session, envelope)
        if self._fault in {Fault.LOSE_ANSWER, Fault.GARBAGE}:
            self._fake.unanswered += kept
        if self._fault is Fault.LOSE_ANSWER:
            tcp.reset(cast(asyncio.Transport, server.transport))
            await asyncio.sleep(self._fake.hanging)
        if self._fault is Fault.GARBAGE:
            return GARBAGE.decode("latin-1").encode("ascii", "replace").decode()
        return "250 2.0.0 queued"

    def _keep(self, session: Session, envelope: Envelope) -> list[Mail]:
        raw = cast(bytes, envelope.content)
        self._fake.encrypted.append(session.ssl is not None or self._fake.from_first_byte)
        sender = envelope.mail_from or ""
        kept = [Mail(sender, recipient, raw) for recipient in envelope.rcpt_tos]
        for mail in kept:
            self._fake.mails.append(mail)
            self._fake.accepted(mail)
        return kept
