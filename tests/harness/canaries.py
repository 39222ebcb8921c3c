"""Secrets planted to be looked for. Each is unique, and known by a part that nothing else has."""

import json
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

BEGIN, END = (f"-----{word} PRIVATE KEY-----" for word in ("BEGIN", "END"))


@dataclass(frozen=True)
class Canary:
    """``planted`` is what is entered, ``needle`` the part of it that it is known by."""

    name: str
    planted: str
    needle: str

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """How it would look in a log, a column of bytes, or something in base64, in small letters
        but for the last."""
        raw = self.needle.encode()
        # whatever comes before it: base64 looks at three bytes at a time
        shifted = (b64encode(b"\0" * skip + raw).decode().rstrip("=") for skip in range(3))
        inner = (text[4 if skip else 0 : -2] for skip, text in enumerate(shifted))
        return self.needle.lower(), raw.hex(), *inner


def sung(text: str, canaries: Iterable[Canary]) -> list[str]:
    """The names of those that are in a text, and where."""
    lowered = text.lower()
    found = []
    for canary in canaries:
        plain, as_hex, *as_base64 = canary.forms
        places = [lowered.find(plain), lowered.find(as_hex), *map(text.find, as_base64)]
        at = max(places)
        if at >= 0:
            found.append(f"{canary.name}: …{text[max(0, at - 200) : at + 100]}…")
    return found


def word(name: str) -> Canary:
    """Of no shape: only who knows it recognises it."""
    needle = f"w{secrets.token_hex(8)}"
    return Canary(name, needle, needle)


def secrets_of_every_kind(where: str) -> list[Canary]:
    """What the rules of redaction promise to find, one of each kind."""
    return [Canary(f"{where}: {kind}", planted, needle) for kind, planted, needle in _secrets()]


def _secrets() -> Iterator[tuple[str, str, str]]:
    def fresh(length: int = 16) -> str:
        return f"Q7{secrets.token_hex(length // 2 - 1)}"

    for kind, shape in {
        "password": "password: {}",
        "password in German": "Kennwort: {}",
        "password in a command": "net use Z: \\\\fs01\\share {} /user:ACME\\svc",
        "connection string": "Server=sql01;User Id=sa;Password={};Encrypt=true",
        "URL": "postgres://erp:{}@db01:5432/erp",
        "API key": "api-key: {}",
        "client secret": "client_secret={}",
        "basic sign-in": "curl -u admin:{} https://nas01/api",
        "cookie": "Cookie: ESTSAUTH={}",
    }.items():
        needle = fresh()
        yield kind, shape.format(needle), needle
    for kind, prefix, length in (
        ("GitHub token", "ghp_", 36),
        ("Slack token", "xoxb-123456789012-1234567890123-", 24),
        ("key of a language model", "sk-ant-api03-", 40),
    ):
        needle = fresh(length)
        yield kind, f"{prefix}{needle}", needle
    needle = secrets.token_hex(8).upper()
    yield "AWS key", f"AKIA{needle}", needle
    needle = fresh(32)
    yield "token", f"{_part(alg='HS256')}.{_part(sub='1')}.{needle}", needle
    yield "private key", f"{BEGIN}\n{needle[::-1]}\n{END}", needle[::-1]
    number = card()
    yield "card number", f"card {number}", number
    number = card()
    spaced = " ".join(number[at : at + 4] for at in (0, 4, 8, 12))
    yield "card number in groups", f"card {spaced}", spaced


def _part(**claims: str) -> str:
    return urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def card() -> str:
    """A number as a Visa card has it, its last digit right. ISO/IEC 7812-1, annex B."""
    digits = [4, *(secrets.randbelow(10) for _ in range(14))]
    doubled = [digit * 2 if at % 2 == 0 else digit for at, digit in enumerate(digits)]
    total = sum(digit - 9 if digit > 9 else digit for digit in doubled)
    return "".join(map(str, [*digits, -total % 10]))
