"""What travels over the doorbell's channel: a sender, and which account's log reaches how far.

``<sender> <account>:<seq> … <account>:people …``, all but seq in hexadecimal; ``people`` says that
somebody's rights have changed. Every message is also its sender's sign of life, so one without
rings is a heartbeat.
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple
from uuid import UUID

MOST_RINGS: Final = 100
MOST_PEOPLE: Final = 50
"""Per message. A ring takes at most 53 characters, or 40 for people; PostgreSQL refuses 8,000 bytes
and more."""

PEOPLE: Final = "people"


class Message(NamedTuple):
    sender: str
    rings: Mapping[UUID, int]
    people: Collection[UUID]


def encode(sender: str, rings: Mapping[UUID, int], people: Collection[UUID] = ()) -> str:
    logs = (f"{account.hex}:{seq}" for account, seq in rings.items())
    return " ".join([sender, *logs, *(f"{account.hex}:{PEOPLE}" for account in people)])


def decode(message: str) -> Message:
    """What can't be understood is left out: others may write to the channel."""
    sender, *parts = message.split(" ")
    rings: dict[UUID, int] = {}
    people: set[UUID] = set()
    for part in parts:
        account, _, about = part.partition(":")
        try:
            if about == PEOPLE:
                people.add(UUID(hex=account))
            else:
                rings[UUID(hex=account)] = int(about)
        except ValueError:
            continue
    return Message(sender, rings, people)
