"""What this installation has configured, as far as the rules have to know."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Options:
    """``link_base`` begins the links of notifications. ``mail`` and ``assessment`` say whether
    outgoing mail and a language model are configured. ``reach_after`` a raise it is looked whether
    anybody was told of it; never, when it is None."""

    link_base: str
    mail: bool = False
    assessment: bool = False
    reach_after: timedelta | None = None
