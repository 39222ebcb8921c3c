"""A flow of Microsoft Teams' Workflows app: "Post to a channel when a webhook request is received".

Schema: adaptivecards.io/explorer, version 1.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

import orjson

from app.demo.vendors.base import Asked, FakeVendor, Reply

ORIGIN: Final = "https://prod-00.demo.logic.azure.com:443"
SIG: Final = "demo-signature-of-a-fake"
PATH: Final = "/workflows/0demo/triggers/manual/paths/invoke"
QUERY: Final = f"api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIG}"
URL: Final = f"{ORIGIN}{PATH}?{QUERY}"
MOST: Final = 28 * 1024

CARD: Final = "application/vnd.microsoft.card.adaptive"
TEXTS: Final = {"TextBlock", "TextRun"}

Element = Mapping[str, Any]


class FakeTeams(FakeVendor):
    """``cards`` are those that the flow has accepted. ``off``: somebody has turned it off."""

    name = "Teams"

    def __init__(self, sig: str = SIG) -> None:
        super().__init__()
        self.sig = sig
        self.off = False
        self.cards: list[Element] = []
        self.keys: list[str] = []
        """Of everything that was accepted, in that order."""

    def reply(self, asked: Asked) -> Reply:
        if asked.path != PATH:
            return _error(404, "WorkflowNotFound")
        if parse_qs(asked.query).get("sig") != [self.sig]:
            return _error(401, "DirectApiAuthorizationRequired")
        if self.off:
            return _error(400, "WorkflowTriggerIsNotEnabled")
        if len(asked.body) > MOST:
            return _error(413, "RequestEntityTooLarge")
        try:
            card = _accepted(asked)
        except (KeyError, TypeError, ValueError, orjson.JSONDecodeError):
            return _error(400, "TriggerInputSchemaMismatch")
        self.cards.append(card)
        self.accepted(card)
        self.keys += [element["id"] for element in card["body"] if "id" in element]
        return Reply(202)


def _accepted(asked: Asked) -> Element:
    """The card. Raises KeyError, TypeError or ValueError for what Teams could not show."""
    if asked.headers.get("content-type") != "application/json":
        raise ValueError("content type")
    said = asked.json()
    (attachment,) = said["attachments"]
    if said["type"] != "message" or attachment["contentType"] != CARD:
        raise ValueError("message")
    card: Element = attachment["content"]
    if card["type"] != "AdaptiveCard" or card["version"] not in {"1.2", "1.3", "1.4"}:
        raise ValueError("card")
    for element in elements(card["body"]):
        if element["type"] in TEXTS and not element["text"]:
            raise ValueError("empty text")
    for action in card["actions"]:
        if action["type"] != "Action.OpenUrl" or not action["title"] or "://" not in action["url"]:
            raise ValueError("action")
    return card


def elements(body: list[Element]) -> Iterator[Element]:
    """All of a card's elements, those in others included."""
    for element in body:
        match element["type"]:
            case "Container":
                yield element
                yield from elements(element["items"])
            case "RichTextBlock":
                yield element
                yield from elements(element["inlines"])
            case "TextBlock" | "TextRun":
                yield element
            case unknown:
                raise ValueError(unknown)


def _error(status: int, code: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": "said by a fake flow"}})
