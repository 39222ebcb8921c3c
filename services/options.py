"""What this installation has configured, as far as the rules have to know."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """``link_base`` begins the links of notifications. ``mail`` and ``assessment`` say whether
    outgoing mail and a language model are configured."""

    link_base: str
    mail: bool = False
    assessment: bool = False
