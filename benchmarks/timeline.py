"""The troubleshooting that every measured session consists of: eight steps, about 2 kB."""

from typing import Any, Final
from uuid import UUID

PROBLEM: Final = "Outlook keeps asking for a password after the mailbox was moved"
DOMAIN: Final = "Mail flow"
ENVIRONMENT: Final = "Windows 11 24H2, Outlook 2021, Exchange hybrid, site Berlin"
REASON: Final = "Autodiscover answers from the old server, and the rule that does it is not mine."

# (kind, title, detail, hypothesis, outcome)
STEPS: Final[tuple[tuple[str, str, str | None, str | None, str], ...]] = (
    (
        "QUESTION",
        "Since when, and for whom?",
        "Since Monday 08:15, for everybody whose mailbox was moved at the weekend. Web access "
        "works, phones work, only Outlook on domain-joined machines asks again and again.",
        None,
        "WORKED",
    ),
    (
        "CHECK",
        "Service health",
        "No advisory open for Exchange Online. Sign-in log shows no failed interactive sign-ins.",
        "Outage at the provider",
        "FAILED",
    ),
    (
        "ACTION",
        "Removed stored credentials",
        "Credential Manager emptied, Outlook restarted; asks again after about a minute.",
        "Stale credentials",
        "FAILED",
    ),
    (
        "ACTION",
        "New Outlook profile",
        "Same prompt while the profile is being made, before any mail is fetched.",
        "Broken profile",
        "FAILED",
    ),
    (
        "CHECK",
        "Autodiscover, tested from the client",
        "GET https://autodiscover.customer.example/autodiscover/autodiscover.xml\n"
        "HTTP 401, WWW-Authenticate: Negotiate, NTLM\n"
        "Server: the old on-premises one, by its certificate",
        "Autodiscover answers from the old server",
        "INCONCLUSIVE",
    ),
    (
        "CHECK",
        "Service connection point in the directory",
        "serviceBindingInformation still names the old server.",
        "Autodiscover answers from the old server",
        "INCONCLUSIVE",
    ),
    (
        "ACTION",
        "Excluded the connection point by registry on one machine",
        "ExcludeScpLookup=1: no prompt for twenty minutes, then it is back.",
        None,
        "INCONCLUSIVE",
    ),
    ("NOTE", "Customer wants a call before anything is restarted", None, None, "PENDING"),
)

OPEN: Final = ["Autodiscover answers from the old server"]
RULED_OUT: Final = ["Outage at the provider", "Stale credentials", "Broken profile"]


def frozen() -> list[dict[str, Any]]:
    """As a snapshot keeps it."""
    return [
        {
            "id": str(UUID(int=position)),
            "position": position,
            "kind": kind,
            "title": title,
            "detail": detail,
            "hypothesis": hypothesis,
            "outcome": outcome,
            "author_id": str(UUID(int=0)),
            "author": "Junior 1",
            "recorded_at": "2026-11-24T10:02:11.5+00:00",
        }
        for position, (kind, title, detail, hypothesis, outcome) in enumerate(STEPS, start=1)
    ]
