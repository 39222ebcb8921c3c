"""Live subscriptions, whatever the transport: identical ones are executed once for all.

    live        who subscribes, and with whom they share
    sharing     what decides, of an operation, who may share
    group       those who share: one loop, one execution for each event, the same bytes for all
    subscriber  one of them: its place in the log, catching up, falling behind
    rendering   an event as a result, as bytes
    hearing     who was handed what they are asked, written down afterwards
    audience    what has to be known about who looks on
    sink        where a subscriber's results go

Source: docs/subscriptions.md; docs/decisions/0009-shared-streams.md.
"""

from app.graphql.live.audience import Audience
from app.graphql.live.hearing import Hearing
from app.graphql.live.live import Live
from app.graphql.live.sink import Close, Ending, Sink
from app.graphql.live.subscriber import LiveSubscription

__all__ = ["Audience", "Close", "Ending", "Hearing", "Live", "LiveSubscription", "Sink"]
