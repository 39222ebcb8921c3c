"""Who asks."""

import strawberry

from db.database import Columns
from resolvers import viewer
from schema.fields import field
from schema.nodes import Info
from schema.types.account import Account
from schema.types.engineer import Engineer


@strawberry.type(description="The engineer whose token the request carries.")
class Viewer:
    @field(description="They themselves, as their token describes them.")
    def engineer(self, info: Info) -> Engineer:
        return Engineer.signed_in(info.context.actor)

    @field(description="The account they belong to, and the only one they see.")
    def account(self, info: Info) -> Account:
        return info.context.loaders.accounts.surely(info.context.actor.account_id, Account.of)

    @field(description="Whether they are sent mail about handoffs; see `updatePreferences`.")
    def mail(self, info: Info) -> bool:
        loaders = info.context.loaders
        return loaders.engineers.load_or(False, info.context.actor.id, _mail)

    @field(description="How many items of their bell are unread.")
    async def unread_notification_count(self, info: Info) -> int:
        return await viewer.unread_notification_count(info.context)

    @field(description="How many handoffs wait for somebody other than them, as in `handoffQueue`.")
    async def open_handoff_count(self, info: Info) -> int:
        return await viewer.open_handoff_count(info.context)


def _mail(row: Columns) -> bool:
    return bool(row["mail"])
