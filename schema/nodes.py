"""What has an id."""

from typing import TypeAlias

import strawberry

from resolvers.context import Context

Info: TypeAlias = strawberry.Info[Context, None]


@strawberry.interface(description="Anything that can be asked for by its id with `node`.")
class Node:
    id: strawberry.ID = strawberry.field(
        description=(
            "Unique among all things of all kinds. The kind is its first part, as in "
            "`handoff_01h455vb4pex5vsknk084sn02q`; beyond that, treat it as opaque."
        )
    )
