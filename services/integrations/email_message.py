"""What a mail says: plain text and the same in HTML, short enough for a phone.

It tells what to decide by and where to go on; the whole account is behind the link, for those who
may sign in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from typing import Any, Final

from services.integrations.protocol import APPROACHES, Letter, Person, Purpose

SUBJECT: Final = 120  # characters; telephones show fewer
NAME: Final = 60
LINE: Final = 300
TEXT: Final = 2_000
STEPS: Final = 8  # the last ones: they led to the call for help

WHY: Final = (
    "You get this because mail about handoffs is switched on for you in Baton, where you can "
    "switch it off."
)
NOTICE_WHY: Final = (
    "You get this because you are an administrator and mail is switched on for you in Baton, where "
    "you can switch it off."
)
_LOUD: Final = {"HIGH": "[High] ", "URGENT": "[URGENT] "}
_NEWS: Final = {
    Purpose.RAISED: "{raiser} asks for help.",
    Purpose.CLAIMED: "{who} has taken it over{approach}.",
    Purpose.RELEASED: "{who} has put it back: it waits for somebody again.",
    Purpose.RETURNED: "{who} has given it back to {raiser}, with guidance.",
    Purpose.RESOLVED: "{who} has resolved it.",
    Purpose.CANCELLED: "{who} has withdrawn it: nothing is to be done any more.",
    Purpose.UNREACHED: "{raiser} asks for help, and nobody could be told of it yet.",
    Purpose.TEST: (
        "{who} is trying whether mail from Baton arrives. It does. Nothing has happened, and "
        "nothing is to be done."
    ),
}
_UNFOLDED: Final = {"message-id", "in-reply-to", "references"}


class _Policy(EmailPolicy):
    """An id that is broken over two lines is no longer that id to the programs that compare it,
    and the standard library breaks the long ones.

    What a header says is parsed once: of mail after mail most headers are the same.
    """

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        return _stored(name, str(value))

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in _UNFOLDED:
            return f"{name}: {value}\r\n".encode("ascii")
        return super().fold_binary(name, value)


_POLICY: Final = _Policy(linesep="\r\n", cte_type="7bit")
_PARSED: Final = EmailPolicy(linesep="\r\n", cte_type="7bit")


@lru_cache(maxsize=512)
def _stored(name: str, value: str) -> tuple[str, Any]:
    return _PARSED.header_store_parse(name, value)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the mail. Without a ``heading`` it is a paragraph or, of several, a list."""

    texts: Sequence[str]
    heading: str | None = None


def message_id(letter: Letter, sender: str) -> str:
    """The same for every attempt, so that a mailbox that has it already shows it once. Who has it
    delivered again wants it seen: that copy has an id of its own."""
    copy = f".{letter.asked_again}" if letter.asked_again else ""
    return f"<{letter.delivery_id}{copy}@{sender.rpartition('@')[2]}>"


def thread_id(letter: Letter, sender: str) -> str:
    """What answers to the mail refer to: its first copy, whichever of them arrived."""
    return message_id(replace(letter, asked_again=0), sender)


def compose(letter: Letter, sender: str, recipient: Person, earlier: str | None) -> bytes:
    """The message as it goes over the wire. ``recipient`` has an address that is one."""
    message = EmailMessage(policy=_POLICY)
    message["Message-ID"] = message_id(letter, sender)
    thread = earlier or (thread_id(letter, sender) if letter.asked_again else None)
    if thread is not None:
        message["In-Reply-To"] = thread
        message["References"] = thread
    message["Date"] = format_datetime(letter.happened_at)
    message["From"] = Address("Baton", addr_spec=sender)
    message["To"] = Address(line(recipient.name, NAME), addr_spec=recipient.email)
    message["Subject"] = subject(letter, reply=earlier is not None)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office comes back
    parts = list(_parts(letter))
    message.set_content(_plain(letter, parts))
    message.add_alternative(_html(letter, parts), subtype="html")
    return message.as_bytes()


def line(text: str, most: int) -> str:
    """One line without control characters or invisible ones, cut to ``most`` characters."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    return cut(" ".join(shown.split()), most)


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def subject(letter: Letter, *, reply: bool) -> str:
    """A follow-up has the subject of what it answers: some programs thread by nothing else."""
    if letter.purpose is Purpose.TEST:
        return "Test: mail from Baton arrives"
    start = "Nobody could be told: " if letter.purpose is Purpose.UNREACHED else ""
    topic = f"{_LOUD.get(letter.priority, '')}{start}{letter.problem}"
    return ("Re: " if reply else "") + line(topic, SUBJECT)


def news(letter: Letter) -> str:
    """What has happened, in a sentence or two."""
    return _NEWS[letter.purpose].format(
        who=letter.who, raiser=letter.raised_by, approach=APPROACHES[letter.approach]
    )


def _parts(letter: Letter) -> Iterator[Part]:
    if letter.purpose is Purpose.TEST:
        yield Part([news(letter)])
        return
    if letter.notice:
        yield from (Part([cut(paragraph, TEXT)]) for paragraph in letter.notice)
        return
    yield Part([cut(news(letter), LINE)])
    if letter.words and letter.purpose is not Purpose.RAISED:
        yield Part([cut(letter.words, TEXT)])
    yield Part(list(_facts(letter)), "The handoff")
    if letter.purpose not in {Purpose.RAISED, Purpose.UNREACHED}:
        return
    yield Part([cut(letter.reason, TEXT)], "Why it is handed over")
    if letter.notes:
        yield Part([cut(letter.notes, TEXT)], "Notes")
    yield Part(list(_tried(letter)), f"What was tried ({letter.step_count})")
    for heading, texts in (
        ("Confirmed", letter.confirmed),
        ("Still suspected", letter.suspected),
        ("Ruled out", letter.ruled_out),
        (
            f"Suggested next steps, by {letter.suggested_by} from what was recorded",
            letter.next_steps,
        ),
    ):
        if texts:
            yield Part([line(text, LINE) for text in texts[:STEPS]], heading)


def _facts(letter: Letter) -> Iterator[str]:
    ticket = letter.ticket and f"{letter.ticket.system} {letter.ticket.number}"
    facts = {
        "Problem": letter.problem,
        "Priority": letter.priority.capitalize(),
        "Raised by": f"{letter.raised_by}, {_time(letter.raised_at)}",
        "For": letter.target or "whoever is free first",
        "Taken by": letter.claimed_by,
        "Customer": letter.customer,
        "Ticket": ticket,
    }
    for name, fact in facts.items():
        if fact:
            yield f"{name}: {line(fact, LINE)}"
    if letter.redactions:
        some = "1 secret was" if letter.redactions == 1 else f"{letter.redactions} secrets were"
        yield f"Left out: {some} found in the texts"


def _tried(letter: Letter) -> Iterator[str]:
    if not letter.tried:
        yield "Nothing was recorded."
    shown = letter.tried[-STEPS:]
    yield from (f"{line(each.title, LINE)}: {line(each.outcome, NAME)}" for each in shown)
    if shown and (more := letter.step_count - len(shown)) > 0:
        yield f"and {more} more, to be read in Baton"


def _time(moment: datetime) -> str:
    return moment.strftime("%d %B %Y, %H:%M UTC").lstrip("0")


def _plain(letter: Letter, parts: Sequence[Part]) -> str:
    written = []
    for part in parts:
        texts = [_text(text) for text in part.texts]
        several = len(texts) > 1
        body = "\n".join(f"- {text}" if several else text for text in texts)
        written.append(f"{part.heading}\n\n{body}" if part.heading else body)
    link = f"Open it in Baton:\n{letter.link}"
    return "\n\n".join([written[0], link, *written[1:], f"-- \n{_why(letter)}"]) + "\n"


def _html(letter: Letter, parts: Sequence[Part]) -> str:
    written = []
    for part in parts:
        texts = [escape(_text(text)).replace("\n", "<br>\n") for text in part.texts]
        heading = f"<h3>{escape(part.heading)}</h3>\n" if part.heading else ""
        items = "\n".join(f"<li>{text}</li>" for text in texts)
        written.append(
            heading + (f"<ul>\n{items}\n</ul>" if len(texts) > 1 else f"<p>{texts[0]}</p>")
        )
    link = f'<p><a href="{escape(letter.link)}">Open it in Baton</a></p>'
    why = f'<p style="color:#666;font-size:small">{escape(_why(letter))}</p>'
    body = "\n".join([written[0], link, *written[1:], why])
    return f'<!doctype html>\n<html><body style="font-family:sans-serif">\n{body}\n</body></html>\n'


def _why(letter: Letter) -> str:
    return NOTICE_WHY if letter.notice else WHY


def _text(text: str) -> str:
    """Lines kept, what can't be seen taken out."""
    return "\n".join(
        "".join(each if each.isprintable() else " " for each in row).rstrip()
        for row in text.splitlines()
    )
