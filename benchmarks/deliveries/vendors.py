"""A process of vendors on loopback, so that what they cost is nobody's who is measured.

It says on its first line with which settings a worker reaches them, and ends with its standard
input. A line in lets everybody go who hangs.
"""

import asyncio
import sys
from contextlib import ExitStack
from typing import Any, Final

import orjson
from starlette.types import Receive, Scope, Send

from app.demo.vendors import slack as slack_
from app.demo.vendors.base import Asked, FakeVendor, Reply
from app.demo.vendors.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT, FakeHalo
from app.demo.vendors.slack import FakeSlack
from app.demo.vendors.smtp import FakeMail
from app.demo.vendors.webhook import FakeReceiver

SECRET: Final = "whsec_" + "c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMsIHllcyE="
HOOKS: Final = "https://hooks.bench.test"
FAILING: Final = "https://failing.bench.test"
PSA: Final = "https://acme.halopsa.com"
SLACK: Final[dict[str, Any]] = {
    "settings": {"channel": "#escalations"},
    "secrets": {"bot_token": slack_.TOKEN},
}
HALO: Final[dict[str, Any]] = {
    "settings": {"url": PSA, "tenant": TENANT},
    "secrets": {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
}


class Forgetful(dict[int, list[Any]]):
    """Every ticket there could be, none with a note: what is looked through does not grow."""

    def __contains__(self, number: object) -> bool:
        return True

    def __missing__(self, number: int) -> list[Any]:
        return []


class Failing(FakeVendor):
    """Answers 503 to every other request, and to the others nothing until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.hung: set[asyncio.Future[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.count += 1
        if self.count % 2:
            waiting = asyncio.get_running_loop().create_future()
            self.hung.add(waiting)
            try:
                await waiting
            finally:
                self.hung.discard(waiting)
        await super().__call__(scope, receive, send)

    def reply(self, asked: Asked) -> Reply:
        return Reply(503)

    def let_go(self) -> None:
        """From any thread."""
        for waiting in tuple(self.hung):
            waiting.get_loop().call_soon_threadsafe(go, waiting)


def go(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)


def main() -> None:
    failing = Failing()
    fakes: dict[str, FakeVendor] = {
        slack_.ORIGINS[0]: FakeSlack(),
        HOOKS: FakeReceiver(SECRET),
        PSA: FakeHalo(actions=Forgetful()),
        FAILING: failing,
    }
    with ExitStack() as stack:
        routes = [
            f"{of}={stack.enter_context(each.serving()).origin}" for of, each in fakes.items()
        ]
        settings = {
            "BATON_OUTGOING_ROUTES": ",".join(routes),
            "BATON_SMTP_URL": stack.enter_context(FakeMail().serving()).url,
            "BATON_MAIL_FROM": "baton@desk.bench.test",
        }
        sys.stdout.buffer.write(orjson.dumps(settings) + b"\n")
        sys.stdout.flush()
        for _ in sys.stdin:
            failing.let_go()


if __name__ == "__main__":
    main()
