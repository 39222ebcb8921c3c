"""Secrets are masked in whatever is written down, however they got there.

This is the net below the rope: code must not log secrets in the first place.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

MASK = "[redacted]"
DEEPEST = 6  # levels of nested values; what lies deeper is shown as one text
LARGEST = 2**63  # what fits the numbers of JSON readers; beyond it a number is shown as text
LONGEST = 20_000  # characters of one text

SHORT = 40  # characters of a text that is worth remembering
REMEMBERED = 2_000
_CLEAN: set[str] = set()  # looked at before, and nothing like a secret in it

# A number under such a key is a count (`max_tokens`), never the secret itself.
SECRET_KEY = re.compile(
    r"pass(?:word|wd|phrase)?$|pwd|secret|token|authori[sz]ation|cookie|credential|jwt|dsn$"
    r"|(?:api|private|signing|encryption)[-_ ]?keys?$",
    re.IGNORECASE,
)

# No part may start at any character and run on: time must stay linear in texts that clients choose.
SECRET_TEXT = re.compile(
    r"""
      (?P<jwt> eyJ[\w-]{8,} (?:\.[\w-]*)* )
    | (?P<scheme> \bbearer\s+ ) [\w.~+/=-]{12,}
    | (?P<user> :// [^\s/?\#:@'"]* : ) [^\s/'"]+? (?= @[^\s@/]*(?:[\s/?\#'"]|$) )
    | (?P<name>
        (?: (?:password|passwd|passphrase|pwd|secret|api[-_]?key) \\*["']? \s* [=:]
          | (?:token|authorization|cookie) \\*["']? \s* (?: = | :(?=\s*\\*["']) )
          | (?:authorization|cookie) : )
        \s* )
        (?: \\*"[^"]*"? | \\*'[^']*'? | (?:(?:bearer|basic|token)\s+)? [^\s"'&,;)}\]]+ )
    | (?P<webhook> hooks\.slack\.com/(?:services|workflows|triggers)/ ) [\w/-]+
    | (?P<shape> \b(?: sk-[\w-]{16,} | xox[a-z]-[\w-]{8,} | gh[a-z]_\w{16,} | AKIA[A-Z0-9]{12,} )
        | -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY----- .*? (?: -----END\ [A-Z\ ]*PRIVATE\ KEY----- | \Z ) )
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

# One of these is in every text that SECRET_TEXT finds something in: most texts stop here.
TRACES = (
    *("eyj", "bearer", "://", "passw", "passphrase", "pwd", "secret", "api", "token"),
    *("authorization", "cookie", "hooks.slack", "sk-", "xox", "gh", "akia", "private key"),
)


def redact(text: str) -> str:
    """``text`` with everything masked that has the shape of a secret, and cut when very long."""
    if text in _CLEAN:
        return text
    if not text.isascii():  # half a surrogate pair can't be written
        text = text.encode("utf-8", "replace").decode()
    lowered = text.lower()
    for trace in TRACES:
        if trace in lowered:
            text = SECRET_TEXT.sub(_mask, text)
            break
    else:
        _remember(text)
    if len(text) > LONGEST:  # after masking: half a secret has no shape
        text = f"{text[:LONGEST]}… ({len(text) - LONGEST} more characters)"
    return text


def _remember(clean: str) -> None:
    """Most values of a log line were in lines before: names of events, kinds, engineers."""
    if len(clean) <= SHORT:
        if len(_CLEAN) >= REMEMBERED:
            _CLEAN.clear()
        _CLEAN.add(clean)


def redacted(key: str, value: Any, depth: int = 0) -> Any:
    """A value as it may be written under ``key``: plain JSON data, with secrets masked."""
    if isinstance(value, str):  # which nearly all of them are
        return MASK if names_secret(key) else redact(value)
    small = isinstance(value, int) and -LARGEST < value < LARGEST
    if small or value is None or isinstance(value, float):
        return value
    if names_secret(key):
        return MASK
    if isinstance(value, Mapping) and depth < DEEPEST:
        return {redact(str(k)): redacted(str(k), v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < DEEPEST:
        return [redacted("", item, depth + 1) for item in value]
    return redact(_as_text(value))


@lru_cache(maxsize=1024)
def names_secret(key: str) -> bool:
    return SECRET_KEY.search(key) is not None


def _mask(found: re.Match[str]) -> str:
    kept = found.group("scheme") or found.group("user") or found.group("name")
    return f"{kept or found.group('webhook') or ''}{MASK}"


def _as_text(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # a broken __str__ must not cost the line
        return f"<{type(value).__name__} that can't be shown: {type(error).__name__}>"
