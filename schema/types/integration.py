"""What an account has connected."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from db.database import Columns
from schema.enums import Health, IntegrationKind
from schema.fields import field
from schema.nodes import Info, Node
from services.ids import Kind, public
from services.integrations import health


@strawberry.type(description="One thing that was entered when an integration was connected.")
class IntegrationSetting:
    name: str = strawberry.field(description="As the input calls it.")
    value: str = strawberry.field(description="What was entered.")


@strawberry.type(
    description=(
        "A vendor that is told of the account's handoffs. For ADMINs. The secrets that were "
        "entered are never shown."
    )
)
class Integration(Node):
    key: strawberry.Private[UUID]
    kind: IntegrationKind = strawberry.field(description="Which vendor it is.")
    name: str = strawberry.field(description="What the account's people call it.")
    settings: list[IntegrationSetting] = strawberry.field(
        description="What was entered, but for secrets."
    )
    version: int = strawberry.field(
        description=(
            "Grows with every change. Give it as `expectedVersion` to change only what was seen."
        )
    )
    health: Health = strawberry.field(description="How it fares.")
    disabled_reason: str | None = strawberry.field(
        description="Who or what disabled it; null unless it is."
    )
    last_success_at: datetime | None = strawberry.field(
        description="When something was accepted last; null since it was changed."
    )
    last_failure_at: datetime | None = strawberry.field(
        description="When something failed last; null since it was changed."
    )
    last_error: str | None = strawberry.field(
        description="What went wrong then and what to do about it, with secrets taken out."
    )
    failing_since: datetime | None = strawberry.field(
        description="Since when nothing was accepted; null while it works."
    )
    created_at: datetime = strawberry.field(description="When it was connected.")
    updated_at: datetime = strawberry.field(description="When it was changed last.")

    @classmethod
    def of(cls, row: Columns) -> Self:
        return cls(
            id=strawberry.ID(public(Kind.INTEGRATION, row["id"])),
            key=row["id"],
            kind=IntegrationKind[row["kind"]],
            name=row["name"],
            settings=[
                IntegrationSetting(name=_camel_case(name), value=str(value))
                for name, value in row["settings"].items()
                if value is not None
            ],
            version=row["version"],
            health=health.health(row),
            disabled_reason=row["disabled_reason"],
            last_success_at=row["last_success_at"],
            last_failure_at=row["last_failure_at"],
            last_error=row["last_error"],
            failing_since=row["failing_since"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
        )

    @field(
        description="How many messages over it were given up and not sent again since. `redeliver` "
        "sends them again."
    )
    def dead_count(self, info: Info) -> int:
        return info.context.loaders.work_of_integrations.load_or(0, self.key, _dead)

    @field(description="How many messages over it are still to be sent.")
    def waiting_count(self, info: Info) -> int:
        return info.context.loaders.work_of_integrations.load_or(0, self.key, _waiting)


def _dead(row: Columns) -> int:
    return int(row["dead"])


def _waiting(row: Columns) -> int:
    return int(row["waiting"])


def _camel_case(name: str) -> str:
    head, *rest = name.split("_")
    return "".join([head, *map(str.capitalize, rest)])
