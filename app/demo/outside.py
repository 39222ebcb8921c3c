"""The world outside for ``baton demo --vendors``: fake vendors, and how a service reaches them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from app.demo import arrivals
from app.demo.arrivals import Arrival
from app.demo.vendors import connectwise, slack, teams
from app.demo.vendors.base import Asked, FakeVendor, Served
from app.demo.vendors.certificates import Authority
from app.demo.vendors.connectwise import FakeConnectWise
from app.demo.vendors.faults import Fault
from app.demo.vendors.slack import FakeSlack
from app.demo.vendors.smtp import FakeMail
from app.demo.vendors.teams import FakeTeams
from app.demo.vendors.webhook import FakeReceiver
from services.integrations.webhook import generate_secret

FAULTS: Final = {
    "5xx": Fault.SERVER_ERROR,
    "429": Fault.BUSY,
    "timeout": Fault.HANG,
    "lost": Fault.LOSE_ANSWER,
    "tls": Fault.TLS,
    "redirect": Fault.REDIRECT,
    "garbage": Fault.GARBAGE,
}
CHANNELS: Final = {
    "slack": "SLACK",
    "teams": "TEAMS",
    "connectwise": "PSA_NOTE",
    "webhook": "WEBHOOK",
    "mail": "EMAIL",
}
"""The names of the vendors, and the channel of the API by which each is told."""

TICKET: Final = 483060  # of the session that the story works on
SITE: Final = "api-na.myconnectwise.net"
RECEIVER: Final = "https://receiver.example.com"
SIGNING: Final = "demosigningsecretofafake"
PRESSER: Final = "U0DEMO"
READS: Final = {"/api/users.info", "/api/auth.test"}


MAILS_OWN: Final[dict[Enum, str]] = {
    Fault.SERVER_ERROR: "answers 451 to the message, and does not keep it",
    Fault.BUSY: "answers 450 to the recipient",
    Fault.REDIRECT: "answers 551 to the recipient: another server's address",
}
"""What these are with SMTP."""


def faults_of(given: list[str]) -> dict[str, Fault]:
    """What goes wrong, by the vendor's name, from ``slack=429`` and the like. Raises ValueError."""
    found: dict[str, Fault] = {}
    for each in given:
        vendor, _, fault = each.partition("=")
        if vendor not in CHANNELS or fault not in FAULTS:
            raise ValueError(
                f"{each!r} is not VENDOR=FAULT with one of {', '.join(CHANNELS)} and one of "
                f"{', '.join(FAULTS)}."
            )
        if vendor in found:
            raise ValueError(f"{vendor} fails once only; give one fault for it.")
        found[vendor] = FAULTS[fault]
    return found


@dataclass
class Outside:
    """``settings`` are those with which a service reaches these instead of the real ones."""

    secret: str = field(default_factory=generate_secret, repr=False)
    slack: FakeSlack = field(default_factory=FakeSlack)
    teams: FakeTeams = field(default_factory=FakeTeams)
    connectwise: FakeConnectWise = field(
        default_factory=lambda: FakeConnectWise(notes={TICKET: []})
    )
    mail: FakeMail = field(default_factory=FakeMail)
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.webhook = FakeReceiver(self.secret)
        self._news: SimpleQueue[Arrival] = SimpleQueue()
        for fake, name, shown in (
            (self.slack, "Slack", arrivals.of_slack),
            (self.teams, "Teams", arrivals.of_teams),
            (self.connectwise, "ConnectWise", arrivals.of_connectwise),
            (self.webhook, "Webhook", arrivals.of_webhook),
            (self.mail, "Mail", arrivals.of_mail),
        ):
            fake.watcher = self._watcher(name, shown)

    def _watcher(self, name: str, shown: Callable[[Any], Arrival]) -> Callable[[Any], None]:
        def watch(news: Any) -> None:
            if isinstance(news, Enum):
                told = MAILS_OWN.get(news) if name == "Mail" else None
                self._news.put(Arrival(name, f"fails: {told or news.value}"))
            else:
                self._news.put(shown(news))

        return watch

    def news(self) -> Iterator[Arrival]:
        """What has come since it was last asked for, the oldest first."""
        while True:
            try:
                yield self._news.get_nowait()
            except Empty:
                return

    def fail(self, faults: Mapping[str, Fault]) -> None:
        """Each of these fails once, with the next thing that it is to keep."""
        for name, fault in faults.items():
            if name == "mail":
                self.mail.faults.append(fault)
                continue
            vendor: FakeVendor = getattr(self, name)
            vendor.meant = _keeps
            vendor.faults.append(fault)

    def has_failed(self, name: str) -> bool:
        """Whether what was to go wrong with it has."""
        return not getattr(self, name).faults

    def integrations(self) -> list[dict[str, dict[str, str]]]:
        """The inputs of `saveIntegration`."""
        return [
            {
                "slack": {
                    "channel": "#escalations",
                    "botToken": slack.TOKEN,
                    "signingSecret": SIGNING,
                }
            },
            {"teams": {"url": teams.URL}},
            {
                "connectwise": {
                    "site": SITE,
                    "companyId": connectwise.COMPANY,
                    "publicKey": connectwise.PUBLIC_KEY,
                    "privateKey": connectwise.PRIVATE_KEY,
                    "clientId": connectwise.CLIENT_ID,
                }
            },
            {"webhook": {"url": f"{RECEIVER}/baton", "secret": self.secret}},
        ]


@contextmanager
def serving(faults: Mapping[str, Fault], place: Path) -> Iterator[Outside]:
    """All of them, on free ports of 127.0.0.1. Who is to fail at TLS speaks it, with an authority
    whose certificate is written to ``place``."""
    outside = Outside()
    authority = Authority()
    certificate = place / "authority.pem"
    certificate.write_text(authority.pem)
    with ExitStack() as stack:
        stack.enter_context(_silence())

        def served(name: str) -> Served:
            fake: FakeVendor = getattr(outside, name)
            secure = faults.get(name) is Fault.TLS
            return stack.enter_context(fake.serving(authority if secure else None))

        origins = {name: served(name).origin for name in CHANNELS if name != "mail"}
        routes = [f"{origin}={origins['slack']}" for origin in slack.ORIGINS]
        routes.append(f"{teams.ORIGIN}={origins['teams']}")
        routes.append(f"https://{SITE}={origins['connectwise']}")
        routes.append(f"{RECEIVER}={origins['webhook']}")
        outside.settings = {
            "outgoing_routes": ",".join(routes),
            "outgoing_ca": str(certificate),
            "smtp_url": stack.enter_context(outside.mail.serving()).url,
            "mail_from": "baton@acme.test",
            "link_base": "https://pilot.acme.test",
        }
        yield outside


@contextmanager
def _silence() -> Iterator[None]:
    """What the fakes' servers make of their faults is not for the screen."""
    nowhere = logging.NullHandler()
    logging.getLogger().addHandler(nowhere)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(nowhere)


def _keeps(asked: Asked) -> bool:
    return (
        asked.method == "POST"
        and asked.path not in READS
        and not asked.path.startswith("/actions/")
    )
