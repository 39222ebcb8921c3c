"""What travels over the doorbell's channel: a sender, and which account's log reaches how far.

``<sender> <account>:<seq> <account>:<seq> …``, all but seq in hexadecimal. Every message is also
its sender's sign of life, so one without rings is a heartbeat.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

MOST_RINGS: Final = 100
"""Per message. A ring takes at most 53 characters; PostgreSQL refuses 8,000 bytes and more."""


def encode(sender: str, rings: Mapping[UUID, int]) -> str:
    return " ".join([sender, *(f"{account.hex}:{seq}" for account, seq in rings.items())])


def decode(message: str) -> tuple[str, dict[UUID, int]]:
    """Sender and rings. What can't be understood is left out: others may write to the channel."""
    sender, *parts = message.split(" ")
    rings: dict[UUID, int] = {}
    for part in parts:
        account, _, seq = part.partition(":")
        try:
            rings[UUID(hex=account)] = int(seq)
        except ValueError:
            continue
    return sender, rings
