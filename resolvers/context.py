"""What an operation's resolvers share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from db.database import Database
from resolvers.loaders import Loaders
from services.actor import Actor
from services.events import Hub
from services.options import Options


@dataclass(eq=False)
class Context:
    """One for each operation, and one for each event of a subscription: its loaders remember.

    ``clock`` gives the time, in UTC.
    """

    actor: Actor
    database: Database
    hub: Hub
    options: Options
    clock: Callable[[], datetime]
    request_id: str
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Load afresh from here on: what was loaded before may not be true after a change."""
        self.loaders = Loaders(self.database, self.actor)
