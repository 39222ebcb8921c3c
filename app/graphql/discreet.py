"""What was wrong with a value, without the value.

graphql-core repeats what it was given: a whole input, with the secrets in it, because a field was
missing. Clients write messages of errors into logs of their own.
"""

import re
from typing import Final

ENUM: Final = re.compile(r"Value '.*' does not exist in ", re.DOTALL)
TAIL: Final = re.compile(
    r"""
      (?P<kept> cannot\ represent [^:]{0,60} \ value ) : \ .*
    | [;,] \ found: \ .*
    | (?<=found\ ) (?P<token> (?:Block)?String|Int|Float ) \ ['"].*
    | (?<=Unexpected\ ) (?P<odd> (?:Block)?String|Int|Float ) \ ['"].*
    """,
    re.VERBOSE | re.DOTALL,
)
"""From where a message quotes a value to its end."""


def without_value(message: str) -> str:
    """A message of graphql-core about a request, without what the client sent but for names."""
    message = ENUM.sub("The value does not exist in ", message)
    return TAIL.sub(_kept, message, count=1)


def _kept(found: re.Match[str]) -> str:
    return f"{found['kept'] or found['token'] or found['odd'] or ''}."
