"""GraphQL over server-sent events, in the distinct connections mode: a response per operation."""

from app.graphql.sse.endpoint import SSE, EventStreams
from app.graphql.sse.options import StreamOptions
from app.graphql.sse.response import EventStream

__all__ = ["SSE", "EventStream", "EventStreams", "StreamOptions"]
