"""Who may be told the same, when one event goes to many."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Final
from uuid import UUID

from db.models.vocabulary import Role
from resolvers.context import Context
from resolvers.loaders import Loaders
from services import views
from services.actor import Actor
from services.events import Event

NOBODY: Final = UUID(int=0)
"""Owns no session and has taken none over."""


class ViewerUnknown(Exception):
    """A field looked at its viewer while it was resolved for many at once.

    A bug: such a field is to be declared with ``own=True`` (schema/fields.py).
    """


class SharedContext(Context):
    """Resolves for everybody of one account and role whom the event does not concern.

    What a role may see of a session depends on who is its owner or has taken it over, and on
    nothing else about an engineer (services/access.py): so the rest of them see what an engineer
    sees who is nobody in particular. ``seen``: handoffs whose open door let them in.
    """

    def __init__(self, context: Context) -> None:
        self.seen: set[UUID] = set()
        actor = context.reader
        super().__init__(
            Actor(actor.account_id, NOBODY, actor.role, actor.tier, name="", email=""),
            context.database,
            context.hub,
            context.options,
            context.desk,
            context.clock,
            context.request_id,
        )

    @property
    def actor(self) -> Actor:
        raise ViewerUnknown("it is many who are told this")

    def is_viewer(self, engineer_id: UUID) -> bool:
        return False

    def forget(self) -> None:
        viewing = partial(views.previewing, self.database, self.reader, self.seen)
        self.loaders = Loaders(self.reader, viewing)


class Audience:
    """Of one subscription document: the engineers of one account who have one role.

    ``context`` makes the context of one of them: what they all have in common is taken from it.
    """

    def __init__(self, context: Callable[[], Context]) -> None:
        self._context = context

    def everybody(self) -> SharedContext:
        return SharedContext(self._context())

    async def concerned(self, context: SharedContext, event: Event) -> Collection[UUID]:
        """The engineers who may see something else of this event than everybody else."""
        if context.reader.role != Role.ENGINEER or event.handoff_id is None:
            return ()
        handoff = await context.loaders.handoffs.row(event.handoff_id)
        if handoff is None:
            return ()
        return {handoff["session_owner_id"], handoff["session_holder_id"]} - {None}

    def remarkable(self, context: SharedContext) -> bool:
        """Whether it was seen through an open door."""
        return bool(context.seen)

    async def witnessed(self, context: SharedContext, engineer_ids: Collection[UUID]) -> None:
        """Record that they look through it. Before what was seen is handed to them."""
        await views.witnessed(context.database, context.account_id, context.seen, engineer_ids)
