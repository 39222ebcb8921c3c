"""What an operation's resolvers share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from db.database import Database
from resolvers.loaders import Loaders
from services import views
from services.actor import Actor
from services.events import Hub
from services.integrations.desk import Desk
from services.options import Options


@dataclass(eq=False)
class Context:
    """One for each operation, and one for each event of a subscription: its loaders remember.

    ``reader`` is through whose eyes rows are read; ``clock`` gives the time, in UTC.
    ``resume_after`` is the cursor that a transport, not the document, asks a stream to go on from.
    """

    reader: Actor
    database: Database
    hub: Hub
    options: Options
    desk: Desk
    clock: Callable[[], datetime]
    request_id: str
    resume_after: str | None = None
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    @property
    def account_id(self) -> UUID:
        return self.reader.account_id

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.reader

    def is_viewer(self, engineer_id: UUID) -> bool:
        """Whether it is who asks, who is known without looking."""
        return engineer_id == self.reader.id

    def give_up(self) -> None:
        """Nobody waits for the operation any more: statements that run for it end in the database
        too."""
        self.loaders.stop()

    def forget(self) -> None:
        """Load afresh from here on: what was loaded before may not be true after a change."""
        self.loaders = Loaders(self.reader, partial(views.viewing, self.database, self.reader))
