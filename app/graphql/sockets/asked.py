"""What a client asked for on a socket, by its id."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Generic

from app.graphql.callers import IdentityT
from app.graphql.engine import Operation
from app.graphql.limits.gate import Charge
from app.graphql.sockets.protocol import Frames

if TYPE_CHECKING:
    from app.graphql.sockets.connection import Connection

WEBSOCKET: Final = "websocket"


class Asked(Generic[IdentityT]):
    """``start`` it once. ``task`` is None when nothing is being done for it."""

    __slots__ = (
        "charge",
        "connection",
        "frames",
        "id",
        "identity",
        "operation",
        "request_id",
        "stopped",
        "task",
        "variables",
    )

    def __init__(
        self,
        connection: Connection[IdentityT],
        identity: IdentityT,
        id_: str,
        operation: Operation,
        variables: dict[str, Any] | None,
        *,
        charge: Charge | None,
    ) -> None:
        self.connection = connection
        self.identity = identity
        self.id = id_
        self.operation = operation
        self.variables = variables
        self.charge = charge
        self.request_id = connection.next_request_id()
        self.frames = Frames(id_)
        self.stopped = False
        self.task: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        self.task = asyncio.get_running_loop().create_task(self.run())
        return self.task

    def stop(self) -> None:
        """The client wants no more of it, or is gone."""
        raise NotImplementedError

    async def run(self) -> None:
        raise NotImplementedError

    def begin(self) -> None:
        """Said in the task that serves it: its lines in the log bear its request's id."""
        observe = self.connection.server.observe
        observe.entered(WEBSOCKET, self.request_id)
        observe.signed_in(self.identity)
