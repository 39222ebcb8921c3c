"""What `redeliver` takes."""

import strawberry


@strawberry.input(description="Which message to send again.")
class RedeliverInput:
    delivery_id: strawberry.ID = strawberry.field(description="The `id` of a delivery.")
