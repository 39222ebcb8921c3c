"""What is wrong with an answer."""

from collections.abc import Iterator
from typing import Any, Final

from resolvers.errors import ErrorCode

CODES: Final = frozenset(code.value for code in ErrorCode)
FAULTS: Final = frozenset({"INTERNAL", "UNAVAILABLE", "TIMEOUT"})
"""Nothing was broken, and nothing asked for takes long."""


def faults(status: int, answer: Any) -> Iterator[str]:
    """``answer`` is the body's JSON."""
    if status >= 500:
        yield f"it was answered with {status}"
    if not isinstance(answer, dict) or not answer.keys() & {"data", "errors"}:
        yield "it is no answer of GraphQL"
        return
    if not set(answer) <= {"data", "errors", "extensions"}:
        yield "it has entries that no answer of GraphQL has"
    for error in answer.get("errors", []):
        code = (error.get("extensions") or {}).get("code")
        if code not in CODES:
            yield f"an error has the code {code!r}"
        elif code in FAULTS:
            yield f"an error has the code {code}"


def outcome(answer: dict[str, Any]) -> str:
    """What to count it as."""
    errors = answer.get("errors")
    if not errors:
        return "data"
    code: str = errors[0]["extensions"]["code"]
    return f"data and {code}" if answer.get("data") else code
