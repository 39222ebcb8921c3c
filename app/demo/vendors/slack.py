"""Slack, as far as a bot that posts and edits, and an incoming webhook, can tell.

Limits: docs.slack.dev/reference/block-kit/blocks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qs

import orjson

from app.demo.vendors.base import Asked, FakeVendor, Reply

ORIGINS: Final = ("https://slack.com", "https://hooks.slack.com")
TOKEN: Final = "xoxb-demo-token-of-a-fake"  # noqa: S105
WEBHOOK: Final = "/services/T0DEMO/B0DEMO/demowebhook"
TEAM: Final = "T0DEMO"
COMPANY: Final = "E0DEMO"
TOTAL: Final = 13_000  # characters of all blocks; some 13,200 with the real one, undocumented

Block = Mapping[str, Any]


@dataclass(slots=True)
class Message:
    """As it stands in the channel now. ``edits`` counts how often it was changed."""

    channel: str
    ts: str
    text: str
    blocks: Sequence[Block]
    thread: str | None = None
    edits: int = 0

    @property
    def keys(self) -> list[str]:
        """What the sender called it."""
        return [block["block_id"] for block in self.blocks if "block_id" in block]


class FakeSlack(FakeVendor):
    """``channels`` are ids by name, ``archived`` the ids of some. ``people`` are users by id, as
    Slack describes them: see ``join``.

    ``codes`` are used up one per call: error codes to answer with, instead of doing what was asked.
    """

    name = "Slack"

    def __init__(self, token: str = TOKEN, webhook: str = WEBHOOK) -> None:
        super().__init__()
        self.token = token
        self.webhook = webhook
        self.channels = {"#escalations": "C0ESCALATE"}
        self.archived: set[str] = set()
        self.people: dict[str, dict[str, Any]] = {}
        self.company: str | None = COMPANY  # None: the workspace is not one of several
        self.messages: list[Message] = []
        self.answers: list[str] = []  # what was said to who pressed a button
        self.codes: deque[str | None] = deque()
        self.keys: list[str] = []
        """Of everything that was accepted, in that order."""

    def reply(self, asked: Asked) -> Reply:
        if asked.path == self.webhook:
            return self._hook(asked)
        if asked.path.startswith("/actions/"):
            self.answers.append(asked.json()["text"])
            self.accepted(self.answers[-1])
            return Reply(200, b"ok", {"content-type": "text/html"})
        if asked.path.startswith("/services/"):
            return Reply(404, b"no_service")
        code = self.codes.popleft() if self.codes else self._unwelcome(asked)
        if code:
            return _error(code)
        match asked.path:
            case "/api/chat.postMessage":
                answer = self._post(asked.json())
            case "/api/chat.update":
                answer = self._update(asked.json())
            case "/api/users.info":
                answer = self._user(asked)
            case "/api/auth.test":
                answer = Reply(200, {"ok": True, "team_id": TEAM, "enterprise_id": self.company})
            case _:
                answer = _error("unknown_method")
        return answer

    def _unwelcome(self, asked: Asked) -> str | None:
        given = asked.headers.get("authorization")
        if given is None:
            return "not_authed"
        if given != f"Bearer {self.token}":
            return "invalid_auth"
        if asked.path == "/api/auth.test":
            return None  # it takes no arguments
        if asked.path == "/api/users.info":  # reading takes no JSON
            expected = "application/x-www-form-urlencoded"
        else:
            expected = "application/json; charset=utf-8"
        return None if asked.headers.get("content-type") == expected else "invalid_post_type"

    def _hook(self, asked: Asked) -> Reply:
        try:
            said = asked.json()
        except orjson.JSONDecodeError:
            return Reply(400, b"invalid_payload")
        code = self.codes.popleft() if self.codes else trouble(said)
        if code:
            return Reply(_HOOK_STATUS.get(code, 400), code.encode())
        self._keep("C0WEBHOOK", said)
        return Reply(200, b"ok", {"content-type": "text/html"})

    def _post(self, said: Mapping[str, Any]) -> Reply:
        channel = said.get("channel", "")
        channel = self.channels.get(channel, channel)
        if channel not in self.channels.values():
            return _error("channel_not_found")
        if channel in self.archived:
            return _error("is_archived")
        thread = said.get("thread_ts")
        if thread is not None and self.find(channel, thread) is None:
            return _error("thread_not_found")
        if code := trouble(said):
            return _error(code)
        message = self._keep(channel, said, thread)
        return Reply(200, {"ok": True, "channel": channel, "ts": message.ts, "message": said})

    def _update(self, said: Mapping[str, Any]) -> Reply:
        channel = said.get("channel", "")
        if channel not in self.channels.values():  # unlike posting, this takes ids only
            return _error("channel_not_found")
        message = self.find(channel, said.get("ts", ""))
        if message is None:
            return _error("message_not_found")
        if code := trouble(said):
            return _error(code)
        message.text, message.blocks = said["text"], said["blocks"]
        message.edits += 1
        self.keys += message.keys
        self.accepted(replace(message))
        return Reply(200, {"ok": True, "channel": channel, "ts": message.ts, "text": message.text})

    def join(self, user: str, email: str, **facts: Any) -> None:
        """``facts`` say what is unusual about them."""
        usual = {"team_id": TEAM, "deleted": False, "is_bot": False, "profile": {"email": email}}
        self.people[user] = usual | facts

    def _user(self, asked: Asked) -> Reply:
        user = parse_qs(asked.body.decode()).get("user", [""])[0]
        if user not in self.people:
            return _error("user_not_found")
        return Reply(200, {"ok": True, "user": {"id": user, **self.people[user]}})

    def find(self, channel: str, ts: str) -> Message | None:
        for message in self.messages:
            if (message.channel, message.ts) == (channel, ts):
                return message
        return None

    def _keep(self, channel: str, said: Mapping[str, Any], thread: str | None = None) -> Message:
        ts = f"1764000000.{len(self.messages) + 1:06}"
        message = Message(channel, ts, said["text"], said["blocks"], thread)
        self.messages.append(message)
        self.keys += message.keys
        self.accepted(replace(message))
        return message


_HOOK_STATUS: Final = {
    "action_prohibited": 403,
    "invalid_token": 403,
    "channel_not_found": 404,
    "no_service": 404,
    "channel_is_archived": 410,
    "rollup_error": 500,
}


def _error(code: str) -> Reply:
    return Reply(200, {"ok": False, "error": code})


def trouble(said: Mapping[str, Any]) -> str | None:
    """The code with which Slack would refuse a message."""
    if not said.get("text"):
        return "no_text"
    if len(said["text"]) > 4000:
        return "msg_too_long"
    blocks = said.get("blocks", [])
    if len(orjson.dumps(blocks).decode()) > TOTAL:
        return "msg_blocks_too_long"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    sound = len(blocks) <= 50 and len(set(ids)) == len(ids) and all(map(_sound, blocks))
    return None if sound else "invalid_blocks"


def _sound(block: Block) -> bool:
    if not 0 < len(block.get("block_id", "x")) <= 255:
        return False
    match block:
        case {"type": "header", "text": {"type": "plain_text"} as text}:
            sound = _text(text, 150)
        case {"type": "section", "text": text}:
            sound = _text(text, 3000)
        case {"type": "context", "elements": [*texts]}:
            sound = 0 < len(texts) <= 10 and all(_text(text, 2000) for text in texts)
        case {"type": "actions", "elements": [*buttons]}:
            actions = {button["action_id"] for button in buttons}
            sound = len(actions) == len(buttons) in range(1, 26) and all(map(_button, buttons))
        case {"type": "rich_text"}:
            sound = all(text["type"] == "text" and text["text"] for text in _rich_texts(block))
        case _:
            sound = False
    return sound


def _text(text: Block, most: int) -> bool:
    units = len(text["text"].encode("utf-16-le")) // 2
    return text["type"] in {"plain_text", "mrkdwn"} and 0 < units <= most


def _button(button: Block) -> bool:
    return (
        button["type"] == "button"
        and button["text"]["type"] == "plain_text"
        and _text(button["text"], 75)
        and len(button["action_id"]) <= 255
        and len(button.get("value", "")) <= 2000
        and len(button.get("url", "")) <= 3000
        and button.get("style", "primary") in {"primary", "danger"}
    )


def _rich_texts(block: Block) -> Iterator[Block]:
    for element in block["elements"]:
        yield from element["elements"]
