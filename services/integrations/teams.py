"""Microsoft Teams, by a flow of the Workflows app that posts to a channel what it is sent.

Nothing that was posted can be edited this way: each piece of news is a card of its own.
Source: docs/integrations/teams.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.integrations import cards
from services.integrations.cards import Card, Part
from services.integrations.outgoing import Answer, Outgoing, judge
from services.integrations.protocol import Letter, Purpose, Refused, Sent

Element = dict[str, Any]

HOSTS: Final = ("logic.azure.com", "environment.api.powerplatform.com")
MOST: Final = 28_000
"""Bytes of a message. Source: learn.microsoft.com, "Create and send messages" (28 KB)."""

_ADDRESS: Final = (
    "This is not the address of a Teams workflow: it starts with https://, its host ends in "
    "logic.azure.com or environment.api.powerplatform.com, and it has a sig=. Copy all of it."
)
_FLOW: Final = {
    400: "The flow is turned off or doesn't expect this: turn it on, or create it again",
    401: "The flow doesn't accept the address any more: copy it from the flow again",
    403: "The flow doesn't accept the address any more: copy it from the flow again",
    404: "The flow is gone: create one and enter its address",
    410: "The flow is gone: create one and enter its address",
    413: "Teams finds the message too long. This is a fault of Baton: please report it",
}


class TeamsSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TeamsSecrets(BaseModel):
    """All of it is in the address: whoever has it may post."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(
        description="Address of the flow (Workflows: when a webhook request is received)",
        max_length=1000,
        repr=False,
    )

    @field_validator("url")
    @classmethod
    def of_a_flow(cls, url: str) -> str:
        if not is_flow(url):
            raise ValueError(_ADDRESS)
        return url


class TeamsChannel:
    def __init__(self, settings: TeamsSettings, secrets: TeamsSecrets, outgoing: Outgoing) -> None:
        self._url = secrets.url
        self._outgoing = outgoing

    async def send(self, letter: Letter, earlier: str | None) -> Sent:
        if not is_flow(self._url):  # it may be older than this rule
            raise Refused(_ADDRESS)
        answer = await self._outgoing.request(
            "POST",
            self._url,
            headers={"content-type": "application/json"},
            content=message(letter),
        )
        _judge(answer)
        return Sent(None, "The flow has accepted it. Whether Teams shows it, only Teams knows.")


def is_flow(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    return (
        url.isascii()
        and url.isprintable()
        and not set(url) & set(" \\")
        and parts.scheme == "https"
        and "@" not in parts.netloc
        and port in {None, 443}
        and (host == HOSTS[0] or host.endswith(tuple(f".{allowed}" for allowed in HOSTS)))
        and bool(parse_qs(parts.query).get("sig"))
    )


def message(letter: Letter) -> bytes:
    """As it is sent. Only a raised handoff is told in full; what follows is the news of it."""

    def render(card: Card) -> bytes:
        return orjson.dumps(_message(letter, card))

    whole = letter.purpose is Purpose.RAISED
    return cards.fitting(letter, render, lambda body: len(body) <= MOST, whole=whole)


def _judge(answer: Answer) -> None:
    if (meaning := _FLOW.get(answer.status)) is not None:
        raise Refused(f"{meaning} (HTTP {answer.status}).", status=answer.status)
    judge(answer, "Teams")


def _message(letter: Letter, card: Card) -> Element:
    test = letter.purpose is Purpose.TEST
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "fallbackText": cards.headline(letter),
        "body": list(_body(letter, card)),
        "actions": [
            {
                "type": "Action.OpenUrl",
                "title": "Open Baton" if test else "Open the handoff",
                "url": letter.link,
            }
        ],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": content,
    }
    return {"type": "message", "attachments": [attachment]}


def _body(letter: Letter, card: Card) -> Iterator[Element]:
    # the key makes a repeat of the same delivery recognisable, even in Teams
    yield {**_ours(card.title, weight="Bolder", size="Medium"), "id": letter.key[:200]}
    yield _theirs(card.news, weight="Bolder")
    yield _ours(_moment(letter.happened_at), isSubtle=True, spacing="None")
    if card.problem:
        yield _theirs(card.problem)
    for index, (name, fact) in enumerate(card.facts):
        yield _fact(name, fact, spacing="None" if index else "Default")
    for part in card.parts:
        yield {"type": "Container", "spacing": "Medium", "items": list(_part(part))}
    if card.note:
        yield _ours(card.note, isSubtle=True)


def _part(part: Part) -> Iterator[Element]:
    yield _ours(part.label, weight="Bolder")
    for text in part.texts:
        for line in text.split("\n"):
            if line:
                yield _theirs(f"• {line}" if part.listed else line, spacing="None")
    if part.more:
        yield _ours(part.more, isSubtle=True, spacing="None")


def _ours(text: str, **style: Any) -> Element:
    return {"type": "TextBlock", "text": text, "wrap": True, **style}


def _theirs(text: str, *, spacing: str = "Default", **style: Any) -> Element:
    """Nothing in a text run is Markdown, a link or a mention, as it would be in a text block.

    Source: learn.microsoft.com/adaptive-cards/authoring-cards/text-features.
    """
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": [_run(text, **style)]}


def _fact(name: str, fact: str, *, spacing: str) -> Element:
    runs = [_run(f"{name}: ", weight="Bolder"), _run(fact)]
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": runs}


def _run(text: str, **style: Any) -> Element:
    return {"type": "TextRun", "text": text, **style}


def _moment(moment: datetime) -> str:
    """Teams shows it in the reader's own time zone."""
    zulu = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"{{{{DATE({zulu}, SHORT)}}}} {{{{TIME({zulu})}}}}"
