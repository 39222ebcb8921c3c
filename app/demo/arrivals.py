"""What fake vendors accepted, as a person reads it in a terminal."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.demo.vendors.slack import Message
from app.demo.vendors.smtp import Mail
from app.demo.vendors.webhook import Delivered

MOST: Final = 5  # lines of what was said
SLACKS_OWN: Final = re.compile(r"<[^<>|]*\|([^<>]*)>")
"""A link or a date, with what is shown where it can't be rendered."""
TEAMS_DATE: Final = re.compile(r"\{\{DATE\(([^,()]*)T[^()]*\)\}\} \{\{TIME\([^()]*T([\d:]*)Z\)\}\}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """``where`` is the vendor's name, ``what`` a few words, ``lines`` the beginning of it."""

    where: str
    what: str
    lines: tuple[str, ...] = ()


def of_slack(news: Message | str) -> Arrival:
    if isinstance(news, str):
        return Arrival("Slack", "answers whoever pressed the button", _first([news]))
    if news.edits:
        what = f"the card changes (edit {news.edits})"
    else:
        what = "a reply in the card's thread" if news.thread else "a card in #escalations"
    said = [_joined(block) for block in news.blocks if block["type"] != "actions"]
    shown = _first((html.unescape(SLACKS_OWN.sub(r"\1", text)) for text in said), MOST - 1)
    buttons = [
        _joined(button)
        for block in news.blocks
        if block["type"] == "actions"
        for button in block["elements"]
    ]
    return Arrival("Slack", what, (*shown, *_buttons(buttons)))


def of_teams(card: Mapping[str, Any]) -> Arrival:
    said = (TEAMS_DATE.sub(r"\1 \2 UTC", _joined(element)) for element in card["body"])
    buttons = _buttons(action["title"] for action in card["actions"])
    return Arrival("Teams", "a card in the channel", (*_first(said, MOST - 1), *buttons))


def of_mail(mail: Mail) -> Arrival:
    message = mail.message
    body = message.get_body(("plain",))
    text = body.get_content() if body else ""
    subject = " ".join(str(message["subject"]).split())
    return Arrival("Mail", f"to {mail.recipient}: {subject}", _first([text], 1))


def of_connectwise(note: Mapping[str, Any]) -> Arrival:
    kind = "an internal note" if note["internalAnalysisFlag"] else "a note for all to see"
    return Arrival("ConnectWise", f"{kind} on ticket {note['ticketId']}", _first([note["text"]]))


def of_webhook(delivered: Delivered) -> Arrival:
    message = delivered.message
    what = f"{message['type']}, signed" + (", a second time" if delivered.repeated else "")
    handoff = message["data"].get("handoff", message["data"])
    facts = (f"{name}: {handoff[name]}" for name in ("status", "priority") if name in handoff)
    return Arrival(
        "Webhook",
        what,
        (f"webhook-id {delivered.message_id}", ", ".join(facts)),
    )


def _buttons(titles: Iterable[str]) -> tuple[str, ...]:
    shown = " ".join(f"[{title}]" for title in titles)
    return (shown,) if shown else ()


def _first(texts: Iterable[str], most: int = MOST) -> tuple[str, ...]:
    lines = (" ".join(line.split()) for text in texts for line in text.splitlines())
    return tuple([line for line in lines if line][:most])


def _joined(element: Mapping[str, Any]) -> str:
    """All texts of a block or an element; of several beside each other, on one line."""
    return "  ".join(_texts(element))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
