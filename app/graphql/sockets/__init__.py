"""GraphQL over WebSocket: the protocol graphql-transport-ws, served on ASGI.

    endpoint      the ASGI application: who may open a socket, how many, closing them all
    connection    one socket: its state, what each message does, when and why it is closed
    admission     signing in, and the code of a refusal
    asked         what a client asked for, by its id
    operations    one query or mutation
    subscriptions one live stream
    outbox        what a socket is sent, and what waits for it to be read
    liveness      pings, and noticing that nobody answers
    protocol      messages in and out, close codes: pure functions
    origins       which web pages may open a socket
    options       what a deployment may set

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from app.graphql.sockets.endpoint import GraphQLSockets
from app.graphql.sockets.options import SocketOptions

__all__ = ["GraphQLSockets", "SocketOptions"]
