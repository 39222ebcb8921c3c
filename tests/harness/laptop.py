"""A client that listens until it is killed: ``python -m tests.harness.laptop URL TOKEN CURSOR``.

Prints a line of JSON for each event, as ``{"handoff": …}``, for each acknowledged connection, as
``{"connected": …}``, and for each that ended, as ``{"closed": code or null}``. It comes back at its
last cursor. It is a process of its own so that it can be put to sleep.
"""

import asyncio
import json
import sys
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

CREATED = (
    "subscription ($after: Cursor) { handoffCreated(after: $after) { cursor handoff { id } } }"
)


def say(**line: Any) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201


async def listen(url: str, token: str, cursor: str) -> str:
    """Until the connection ends. Returns the last cursor."""
    try:
        async with connect(
            url, subprotocols=[Subprotocol("graphql-transport-ws")], ping_interval=None
        ) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": {"token": token}}))
            async for text in socket:
                message = json.loads(text)
                match message["type"]:
                    case "connection_ack":
                        payload = {"query": CREATED, "variables": {"after": cursor}}
                        subscribe = {"id": "1", "type": "subscribe", "payload": payload}
                        await socket.send(json.dumps(subscribe))
                        say(connected=True)
                    case "ping":
                        await socket.send(json.dumps({"type": "pong"}))
                    case "next":
                        event = message["payload"]["data"]["handoffCreated"]
                        cursor = event["cursor"]
                        say(handoff=event["handoff"]["id"])
            say(closed=socket.close_code)
    except ConnectionClosed as ending:
        say(closed=ending.rcvd.code if ending.rcvd else None)
    except OSError as error:
        say(unreachable=str(error))
    return cursor


async def main(url: str, token: str, cursor: str) -> None:
    while True:
        cursor = await listen(url, token, cursor)
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
