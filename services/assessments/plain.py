"""Text of a language model as text and nothing else: no link, mention or markup survives."""

import html
import re
import unicodedata
from typing import Final

LINK: Final = "[link removed]"

NAMED_LINK: Final = re.compile(r"!?\[([^\]\n]{0,500})\]\([^)\s]{0,2000}[^)]{0,200}\)")
SLACK_LINK: Final = re.compile(r"<[^<>|\s]{1,2000}\|([^<>]{0,500})>")
TAG: Final = re.compile(r"<[/!@#?A-Za-z][^<>]{0,2000}>")
ADDRESS: Final = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,30}://|\b(?:mailto|tel|javascript|data|file|vbscript|sms):(?=\S)"
    r"|\bwww\.)[^\s\"'<>]*",
    re.IGNORECASE,
)
# what clients make a link of although nothing says that it is one; a file's name stays as it is
HOST: Final = re.compile(
    r"(?<![\w.-])((?:[\w-]{1,63}\.){1,10})(?!(?:exe|dll|log|txt|ps1|bat|cmd|msi|sys|ini|cfg|conf"
    r"|pst|ost|vhdx?|etl|evtx|json|xml|csv|pdf|docx?|xlsx?|inf|tmp|bak|dmp)\b)([a-z]{2,24})\b",
    re.IGNORECASE,
)
MARKS: Final = str.maketrans({"<": "‹", ">": "›", "`": "'", "*": "", "~": "", "|": "/", "\\": "/"})
UNDERSCORES: Final = re.compile(r"(?<!\w)_+|_+(?!\w)")
LEADING: Final = re.compile(r"^[#›\-+=\s]+")


def plain(text: str, most: int) -> str:
    """One line of at most ``most`` characters. Never raises; may come out empty.

    Names of hosts stay readable with their last dot in brackets, as security people write them.
    """
    text = _visible(_decoded(text[: 4 * most]))
    text = NAMED_LINK.sub(r"\1", SLACK_LINK.sub(r"\1", text))
    text = TAG.sub(" ", ADDRESS.sub(LINK, text))
    text = re.sub(r"(?<=\w)@(?=\w)", " at ", text).replace("@", "")
    text = HOST.sub(lambda host: f"{host[1][:-1]}[.]{host[2]}", text)
    text = UNDERSCORES.sub("", text.translate(MARKS))
    text = LEADING.sub("", " ".join(text.split()))
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _decoded(text: str) -> str:
    """Markup that is written so that the next reader makes it markup again."""
    for _ in range(3):
        decoded = html.unescape(text)
        if decoded == text:
            break
        text = decoded
    # full-width letters and signs as the ordinary ones, which are looked for
    return unicodedata.normalize("NFKC", text)


def _visible(text: str) -> str:
    """Without what can't be seen: controls, directions of writing, halves of pairs."""
    return "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
