"""Before help is asked for: how ready a session is."""

from resolvers.context import Context
from resolvers.errors import ClientError
from resolvers.ids import known
from services import views
from services.handoffs import preparing
from services.handoffs.preparing import Draft
from services.handoffs.readiness import Readiness
from services.ids import Kind
from services.problems import InvalidInput


async def escalation_readiness(context: Context, session: str, draft: Draft) -> Readiness | None:
    """None for a session that the caller may not see. Raises ClientError for a draft that can't be
    sent."""
    try:
        async with views.viewing(context.database, context.actor) as view:
            return await preparing.readiness(
                view, context.actor, known(session, Kind.SESSION), draft, now=context.clock()
            )
    except InvalidInput as problem:
        raise ClientError(str(problem)) from problem
