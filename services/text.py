"""Texts that people write: trimmed, bounded, and free of what PostgreSQL can't store."""

from typing import Final

from services.problems import InvalidInput

# Characters. Enough for what people write; a log file belongs into an attachment of the ticket.
TITLE: Final = 200
SUMMARY: Final = 500
REASON: Final = 2_000
LONG: Final = 10_000


def required(field: str, value: str, most: int) -> str:
    """The trimmed text. Raises InvalidInput when it is empty, too long or not text."""
    text = _checked(field, value, most)
    if not text:
        raise InvalidInput(field, f"{field} is empty. Write at least a few words.")
    return text


def optional(field: str, value: str | None, most: int) -> str | None:
    """The trimmed text, or None where there is nothing in it. Raises InvalidInput."""
    return None if value is None else _checked(field, value, most) or None


def _checked(field: str, value: str, most: int) -> str:
    text = value.strip()
    if len(text) > most:
        raise InvalidInput(
            field, f"{field} has {len(text):,} characters; at most {most:,} are kept. Shorten it."
        )
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput(
            field, f"{field} contains characters that are not text (NUL, or half of a pair)."
        )
    return text
