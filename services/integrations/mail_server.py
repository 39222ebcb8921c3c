"""The installation's mail server, as its URL names it, and the addresses it is given."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self
from urllib.parse import parse_qsl, unquote, urlsplit

PORTS: Final = {"smtp": 587, "smtps": 465}  # RFC 8314, section 3.3
_ADDRESS: Final = re.compile(r"[^\s<>()\[\]\\,;:\"@\x00-\x1f\x7f-\U0010ffff]+@[A-Za-z0-9.-]+")


def mailable(address: str) -> bool:
    """Whether it goes into a command of SMTP as it stands: no quotes, no name beside it, ASCII."""
    return _ADDRESS.fullmatch(address) is not None


class Encryption(StrEnum):
    """When a connection is encrypted. Certificates are verified whenever it is."""

    FIRST = "first"  # TLS before the first word
    REQUIRED = "required"  # STARTTLS, or no mail
    OFFERED = "offered"  # STARTTLS where the server has it
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class MailServer:
    host: str
    port: int
    encryption: Encryption
    user: str | None = None
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> Self:
        """What ``smtp(s)://user:password@host:port?starttls=required`` names.

        ``starttls`` is ``required``, ``offered`` or ``never``; without it, a password makes it
        required, as it must not be read on its way. Raises ValueError, without the URL in it.
        """
        split = urlsplit(url)
        if split.scheme not in PORTS or not split.hostname or split.path.strip("/"):
            raise ValueError("must be a URL such as smtp://user:password@mail.example.com:587")
        try:
            port = split.port or PORTS[split.scheme]
        except ValueError:
            raise ValueError("must name a port from 1 to 65535") from None
        user = unquote(split.username) if split.username else None
        password = unquote(split.password or "")
        encryption = _encryption(split.scheme, split.query, secret=user is not None)
        return cls(split.hostname, port, encryption, user, password)


def _encryption(scheme: str, query: str, *, secret: bool) -> Encryption:
    named = dict(parse_qsl(query, keep_blank_values=True))
    wanted = named.pop("starttls", None)
    if named:
        raise ValueError("must have no parameter but starttls after its ?")
    if scheme == "smtps":
        if wanted is not None:
            raise ValueError("must do without starttls: smtps:// is encrypted from the first byte")
        return Encryption.FIRST
    match wanted:
        case None:
            return Encryption.REQUIRED if secret else Encryption.OFFERED
        case "required" | "offered" | "never":
            return Encryption(wanted)
    raise ValueError("must have required, offered or never for starttls")
