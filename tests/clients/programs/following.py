"""Runs the page's follower as it is asked to, and says what it was told, line by line."""

import asyncio
import json
import sys
from typing import Any

import httpx2
from follow import code_of, follow  # the page's, beside this file by then


def say(**told: object) -> None:
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


async def main(asked: dict[str, Any]) -> None:
    stumbled = 0

    async def token() -> str:
        async with httpx2.AsyncClient() as http:
            return (await http.get(asked["tokens"])).raise_for_status().text

    async def show(queue: dict[str, Any]) -> None:
        say(queue=queue)

    async def handle(event: dict[str, Any]) -> None:
        nonlocal stumbled
        stumbled += 1
        if stumbled <= asked["stumbles"]:
            raise RuntimeError("not just now")
        say(event=event)

    try:
        await follow(
            asked["url"].replace("http", "ws", 1),
            token,
            show,
            handle,
            lambda error: say(trouble=code_of(error) or type(error).__name__),
            after=asked.get("after"),
            first_delay=asked["firstDelay"] / 1000,
            last_delay=asked["lastDelay"] / 1000,
            silence=asked["silence"] / 1000,
        )
    except Exception as error:
        say(failed=code_of(error) or repr(error))


asyncio.run(main(json.loads(sys.argv[1])))
