"""A letter as Slack's Block Kit.

Limits: docs.slack.dev/reference/block-kit/blocks. The one over all blocks is not documented: at
some 13,000 characters Slack answers ``msg_blocks_too_long``
(github.com/slackapi/bolt-js/issues/2509).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import orjson

from services.integrations import cards
from services.integrations.cards import Card, Part
from services.integrations.protocol import Letter, Purpose

Block = dict[str, Any]

MOST: Final = 12_000  # characters of all blocks together, as JSON
DOCUMENT: Final = 10_000  # characters of the documentation, before it is JSON

CLAIM: Final = "baton_claim"
"""``action_id`` of the button that claims. Its value is the handoff's id."""
OPEN: Final = "baton_open"
"""``action_id`` of the button that only opens a page. Slack wants its click acknowledged."""

_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def escaped(text: str) -> str:
    """So that no word of it is a link, a mention or a date.

    Source: docs.slack.dev/messaging/formatting-message-text, "Escaping text".
    """
    return text.translate(_ESCAPES)


def size(text: str) -> int:
    """As Slack counts: escaped, and in UTF-16."""
    return len(escaped(text).encode("utf-16-le", "surrogatepass")) // 2


def blocks(letter: Letter, *, whole: bool, claimable: bool) -> list[Block]:
    """``claimable``: there is somebody to ask who claimed, so that a button for it makes sense."""

    def render(card: Card) -> list[Block]:
        return list(_blocks(letter, card, claimable=claimable))

    return cards.fitting(letter, render, _fits, size=size, whole=whole)


def fallback(letter: Letter) -> str:
    return escaped(cards.headline(letter, size))


def documentation(letter: Letter) -> list[Block]:
    """The Markdown as it is, to be copied; nothing in such a block is read as markup."""
    text = letter.markdown
    if len(text) > DOCUMENT:
        text = text[:DOCUMENT].rpartition("\n")[0] or text[:DOCUMENT]
    while len(_encoded(block := _preformatted(text, _key(letter, "documentation")))) > MOST:
        text = text[: len(text) * 3 // 4]
    found = [_section("*Documentation*, to be copied"), block]
    if len(text) < len(letter.markdown):
        found.append(_section(f"It is longer than this: <{escaped(letter.link)}|all of it>"))
    return found


def _fits(found: list[Block]) -> bool:
    return len(_encoded(found)) <= MOST


def _encoded(found: object) -> str:
    return orjson.dumps(found).decode()


def _blocks(letter: Letter, card: Card, *, claimable: bool) -> Iterator[Block]:
    header = {"type": "plain_text", "text": card.title}
    # the key makes a repeat of the same delivery recognisable, even in Slack
    yield {"type": "header", "block_id": _key(letter), "text": header}
    opening = f"*{escaped(card.news)}* · {_moment(letter.happened_at)}"
    yield _section(f"{opening}\n{escaped(card.problem)}" if card.problem else opening)
    if card.facts:
        facts = (f"*{name}:* {escaped(fact)}" for name, fact in card.facts)
        yield _section("\n".join(facts))
    for part in card.parts:
        yield _section(_part(part))
    yield {"type": "actions", "elements": list(_buttons(letter, claimable=claimable))}
    footnotes = [card.note, f"<{escaped(letter.link)}|{escaped(letter.handoff_id)}>"]
    if letter.purpose is not Purpose.TEST:
        yield {"type": "context", "elements": [_text(" · ".join(filter(None, footnotes)))]}


def _part(part: Part) -> str:
    bullet = "• " if part.listed else ""
    lines = [f"*{part.label}*", *(f"{bullet}{escaped(text)}" for text in part.texts)]
    if part.more:
        lines.append(f"_{part.more}_")
    return "\n".join(lines)


def _buttons(letter: Letter, *, claimable: bool) -> Iterator[Block]:
    test = letter.purpose is Purpose.TEST
    if claimable and letter.status == "OPEN" and not test:
        yield {
            "type": "button",
            "action_id": CLAIM,
            "text": {"type": "plain_text", "text": "Claim"},
            "style": "primary",
            "value": letter.handoff_id,
        }
    yield {
        "type": "button",
        "action_id": OPEN,
        "text": {"type": "plain_text", "text": "Open Baton" if test else "Open the handoff"},
        "url": letter.link,
    }


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> Block:
    """``verbatim``: Slack doesn't look for addresses, names and channels in it by itself."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _preformatted(text: str, key: str) -> Block:
    element = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": key, "elements": [element]}


def _moment(moment: datetime) -> str:
    """Slack shows it in the reader's own time zone."""
    spoken = f"{moment:%Y-%m-%d %H:%M} UTC"
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{spoken}>"


def _key(letter: Letter, kind: str = "card") -> str:
    """Block ids have 255 characters at most."""
    key = f"{kind}:{letter.key}"
    return key if len(key) <= 255 else f"{kind}:{hashlib.sha256(letter.key.encode()).hexdigest()}"
