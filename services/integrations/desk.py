"""What connecting a vendor takes of this installation."""

from dataclasses import dataclass

from services.integrations.outgoing import Outgoing
from services.integrations.vault import Vault


@dataclass(frozen=True, slots=True)
class Desk:
    """One per process."""

    vault: Vault
    outgoing: Outgoing
