"""Prints handoffs as they arrive: python examples/listen.py TOKEN [WS_URL]."""

import asyncio
import json
import sys

from websockets.asyncio.client import connect

SUBSCRIPTION = """
subscription Arrivals {
  handoffCreated { cursor handoff { id priority problemSummary raisedBy { name } } }
}
"""


async def listen(token: str, url: str) -> None:
    async with connect(url, subprotocols=["graphql-transport-ws"]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"token": token}}))
        async for text in socket:
            message = json.loads(text)
            match message["type"]:
                case "connection_ack":
                    payload = {"query": SUBSCRIPTION}
                    subscribe = {"id": "arrivals", "type": "subscribe", "payload": payload}
                    await socket.send(json.dumps(subscribe))
                    print("listening")
                case "ping":
                    await socket.send(json.dumps({"type": "pong"}))
                case _:
                    print(json.dumps(message["payload"], indent=2), flush=True)


if __name__ == "__main__":
    where = sys.argv[2] if len(sys.argv) > 2 else "ws://127.0.0.1:8000/graphql"
    asyncio.run(listen(sys.argv[1], where))
