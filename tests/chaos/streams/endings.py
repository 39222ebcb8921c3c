"""How a connection ends, and what its client makes of it: come back, or fail the run."""

from typing import Any, Final

# as the reference client, graphql-ws, does
RETRIED: Final = frozenset({1000, 1001, 1005, 1006, 1012, 1013, 4403, 4408, 4499, 4504})
AGAIN: Final = frozenset({"RESYNC_REQUIRED", "UNAVAILABLE"})


class ComeBack(Exception):
    """It is over for now; ``str()`` is a word to count it by."""


class Fatal(Exception):
    """It is over for good: no client would come back from it by itself."""


def closed(code: int, reason: str = "") -> Exception:
    if code in RETRIED:
        return ComeBack(str(code))
    return Fatal(f"closed with {code} {reason!r}")


def ended(errors: list[dict[str, Any]]) -> Exception:
    """By an error of the subscription; the connection may be as good as before."""
    codes = [error.get("extensions", {}).get("code") for error in errors]
    if codes and codes[0] in AGAIN:
        return ComeBack(codes[0])
    return Fatal(f"ended with {errors}")


def completed() -> Exception:
    """A stream of events has no end of its own: ``complete`` would make clients stop."""
    return Fatal("completed, as if there were no more events")
