"""The written account of a session, in Markdown, for the ticket and the archive.

    layout     texts that people typed, as lines of Markdown: never markup, and cut where it must be
    writing    the account, as it is at the raise, once it is assessed, and as it ends
    assessed   what a language model made of it
    keeping    what was written, as the next version
    sections   parts of what was written, for who has the rest already
    reading    its versions, for those who may see the session

Source: docs/documentation.md.
"""

from services.documentation.assessed import Assessed
from services.documentation.keeping import keep
from services.documentation.reading import by_handoffs, by_ids, by_sessions
from services.documentation.sections import section
from services.documentation.writing import (
    DONE_SINCE,
    FIXED,
    OUTCOMES,
    Account,
    Ending,
    parted,
    write,
)

__all__ = [
    "DONE_SINCE",
    "FIXED",
    "OUTCOMES",
    "Account",
    "Assessed",
    "Ending",
    "by_handoffs",
    "by_ids",
    "by_sessions",
    "keep",
    "parted",
    "section",
    "write",
]
