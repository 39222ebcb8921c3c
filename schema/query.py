"""What can be asked."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final

import strawberry
from strawberry import UNSET

from resolvers import (
    deliveries,
    handoffs,
    integrations,
    nodes,
    notifications,
    pages,
    readiness,
    reads,
    sessions,
)
from resolvers.sessions import WantedSessions
from schema.fields import field
from schema.inputs.escalation_draft import EscalationDraft
from schema.inputs.filters import (
    DeliveryFilter,
    HandoffFilter,
    HandoffOrder,
    SessionFilter,
    wanted_handoffs,
)
from schema.nodes import Info, Node
from schema.pagination import After, Connection, First, given
from schema.types.account import Account
from schema.types.delivery import DELIVERIES, Delivery
from schema.types.documentation import Documentation
from schema.types.engineer import Engineer
from schema.types.handoff import Handoff
from schema.types.handoff import cursor_of as handoff_cursor_of
from schema.types.handoff import place_of as handoff_place_of
from schema.types.integration import Integration
from schema.types.notification import NOTIFICATIONS, Notification
from schema.types.queue import HandoffQueue
from schema.types.readiness import Readiness
from schema.types.session import SESSIONS, Session
from schema.types.step import Step
from schema.types.viewer import Viewer
from services import joined
from services.handoffs.preparing import Draft
from services.ids import Kind

MAKERS: Final[dict[Kind, Callable[[Any], Node]]] = {
    Kind.ACCOUNT: Account.of,
    Kind.DELIVERY: Delivery.of,
    Kind.DOCUMENTATION: Documentation.of,
    Kind.ENGINEER: Engineer.of,
    Kind.HANDOFF: Handoff.of,
    Kind.INTEGRATION: Integration.of,
    Kind.SESSION: Session.of,
    Kind.STEP: Step.of,
}


@strawberry.type(description="What can be asked. Everything is of the viewer's own account.")
class Query:
    @field(description="The engineer who asks.")
    def viewer(self) -> Viewer:
        return Viewer()

    @field(
        description=(
            "Anything by its id. Null for what is not there and for what the viewer may not see, "
            "which look the same."
        )
    )
    async def node(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="Any `id` that this service gave.")
        ],
    ) -> Node | None:
        found = await nodes.node(info.context, id)
        if found is None:
            return None
        kind, row = found
        if kind is Kind.NOTIFICATION:
            return Notification.of(row, info.context.options)
        return MAKERS[kind](row)

    @field(
        description=(
            "A session by its id; null for one that is not there or that the viewer may not see. "
            "While it waits, every ENGINEER may; later only who works on it, and ADMINs."
        )
    )
    async def session(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The `id` of a session.")],
    ) -> Session | None:
        row = await nodes.one(info.context, id, Kind.SESSION)
        return None if row is None else Session.of(row)

    @field(
        description=(
            "What a session would score if it were escalated now, and what is missing; null for "
            "one that is not there or that the viewer may not see. Ask it while the raiser writes."
        )
    )
    async def escalation_readiness(
        self,
        info: Info,
        session_id: Annotated[
            strawberry.ID, strawberry.argument(description="The session to be handed over.")
        ],
        draft: Annotated[
            EscalationDraft | None,
            strawberry.argument(description="What would be sent with it."),
        ] = UNSET,
    ) -> Readiness | None:
        wanted = given(draft)
        found = await readiness.escalation_readiness(
            info.context, session_id, Draft() if wanted is None else wanted.draft()
        )
        return None if found is None else Readiness.of(found)

    @field(
        description="The sessions that the viewer may see, the newest first.",
        lists=reads.Lists(joined.SESSIONS, "Session"),
    )
    async def sessions(
        self,
        info: Info,
        filter: Annotated[
            SessionFilter | None, strawberry.argument(description="Only those that have all this.")
        ] = UNSET,
        first: First = 20,
        after: After = UNSET,
    ) -> Connection[Session]:
        page = partial(
            sessions.sessions,
            info.context,
            filter.wanted() if filter else WantedSessions(),
            first=pages.size(given(first)),
            after=SESSIONS.place(given(after)),
        )
        return await reads.wanted(
            info, page, lambda page: Connection.of(page, Session.of, SESSIONS.of)
        )

    @field(
        description=(
            "A handoff by its id; null for one that is not there. Everybody of the account sees "
            "its record, and who may see the session sees its content."
        )
    )
    async def handoff(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The `id` of a handoff.")],
    ) -> Handoff | None:
        row = await nodes.one(info.context, id, Kind.HANDOFF)
        return None if row is None else Handoff.of(row)

    @field(
        description="The account's handoffs, the newest first unless ordered.",
        lists=reads.Lists(joined.HANDOFFS, "Handoff"),
    )
    async def handoffs(
        self,
        info: Info,
        filter: Annotated[
            HandoffFilter | None, strawberry.argument(description="Only those that have all this.")
        ] = UNSET,
        order_by: Annotated[
            HandoffOrder | None, strawberry.argument(description="In this order.")
        ] = UNSET,
        first: First = 20,
        after: After = UNSET,
    ) -> Connection[Handoff]:
        page = partial(
            handoffs.handoffs,
            info.context,
            wanted_handoffs(given(filter), given(order_by)),
            first=pages.size(given(first)),
            after=handoff_place_of(given(after)),
        )
        return await reads.wanted(
            info, page, lambda page: Connection.of(page, Handoff.of, handoff_cursor_of)
        )

    @field(
        description=(
            "The handoffs that wait for somebody other than the viewer, with the cursor to "
            "subscribe from. `count` counts those of all pages; each page is as fresh as its own "
            "cursor says."
        ),
        lists=reads.Lists(joined.HANDOFFS, "Handoff"),
    )
    async def handoff_queue(
        self,
        info: Info,
        first: Annotated[
            int | None,
            strawberry.argument(description="How many at most, 1 to 100; 50 if null."),
        ] = 50,
        after: After = UNSET,
    ) -> HandoffQueue:
        queue = partial(
            handoffs.handoff_queue,
            info.context,
            first=pages.size(given(first), usual=50),
            after=handoff_place_of(given(after)),
        )
        return await reads.wanted(info, queue, HandoffQueue.of)

    @field(description="The viewer's own bell, the newest items first.")
    async def notifications(
        self,
        info: Info,
        unread_only: Annotated[
            bool | None, strawberry.argument(description="`true`: only items not marked as read.")
        ] = False,
        first: First = 20,
        after: After = UNSET,
    ) -> Connection[Notification]:
        page = await notifications.page(
            info.context,
            unread_only=bool(unread_only),
            first=pages.size(given(first)),
            after=NOTIFICATIONS.place(given(after)),
        )
        options = info.context.options
        return Connection.of(page, lambda row: Notification.of(row, options), NOTIFICATIONS.of)

    @field(
        description=(
            "Every message promised outside the service, the newest first, for ADMINs: an error "
            "of the code FORBIDDEN for others. With `state: [DEAD]` those that were given up."
        )
    )
    async def deliveries(
        self,
        info: Info,
        filter: Annotated[
            DeliveryFilter | None,
            strawberry.argument(description="Only those that have all this."),
        ] = UNSET,
        first: First = 20,
        after: After = UNSET,
    ) -> Connection[Delivery]:
        wanted = given(filter)
        page = await deliveries.page(
            info.context,
            deliveries.WantedDeliveries() if wanted is None else wanted.wanted(),
            first=pages.size(given(first)),
            after=DELIVERIES.place(given(after)),
        )
        return Connection.of(page, Delivery.of, DELIVERIES.of)

    @field(
        description=(
            "What the account has connected, in the order it was, for ADMINs; nothing for others."
        )
    )
    async def integrations(self, info: Info) -> list[Integration]:
        return [Integration.of(row) for row in await integrations.listing(info.context)]
