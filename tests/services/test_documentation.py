"""The written account: complete, readable, and never anybody's markup."""

from db.database import Database
from services.documentation import Account as Written
from services.documentation import write
from tests.harness.people import Account
from tests.harness.story import NOON, escalated, started

SESSION = {
    "problem_summary": "Outlook can't connect",
    "problem_domain": "Mail",
    "environment": "Windows 11",
    "customer_name": "Dana",
    "customer_contact": "+49 30 1234",
    "customer_reachable_until": NOON,
    "ticket_system": "ConnectWise",
    "ticket_number": "4711",
}
STEP = {
    "position": 1,
    "kind": "CHECK",
    "title": "Restarted Outlook",
    "detail": "PS> Restart-Outlook\n```\nbroken",
    "hypothesis": "A stale profile",
    "outcome": "FAILED",
    "author": "Tess",
    "recorded_at": "2026-11-24T10:02:11.5+00:00",
}


def account(**changes: object) -> Written:
    facts = {
        "session": SESSION,
        "steps": [STEP],
        "raiser": "Tess",
        "target": None,
        "reason": "Out of ideas",
        "notes": "Meeting at two",
        "priority": "HIGH",
        "hypotheses_open": ["DNS"],
        "hypotheses_ruled_out": ["A stale profile"],
        "raised_at": NOON,
    }
    return Written(**(facts | changes))  # type: ignore[arg-type]


def test_it_says_what_who_where_and_what_was_tried() -> None:
    text = write(account())
    for fact in (
        "# Outlook can't connect",
        "- **Raised by:** Tess, 2026-11-24 12:00 UTC",
        "- **For:** whoever is free first",
        "- **Priority:** High",
        "- **Customer:** Dana, +49 30 1234, can be reached until 2026-11-24 12:00 UTC",
        "- **Ticket:** ConnectWise 4711",
        "Out of ideas",
        "1. **Restarted Outlook**: did not work (Check, Tess, 2026-11-24 10:02 UTC)",
        "   Suspected: A stale profile",
        "- DNS",
    ):
        assert fact in text, fact


def test_what_people_typed_is_text_and_not_markup() -> None:
    hostile = "![x](https://evil.example) <script>\n# Heading | `code`"
    text = write(account(session=SESSION | {"problem_summary": hostile}))
    assert "<script>" not in text
    assert "![x](" not in text
    assert text.splitlines()[0].endswith("\\# Heading \\| \\`code\\`")


def test_a_fence_in_a_detail_does_not_end_its_block() -> None:
    lines = write(account()).splitlines()
    opening = lines.index("   ````")
    assert lines[opening + 1 : opening + 5] == [
        "   PS> Restart-Outlook", "   ```", "   broken", "   ````",
    ]  # fmt: skip


def test_what_is_suggested_next_is_said_to_be_derived_by_rule_and_is_text() -> None:
    text = write(account(next_steps=["Repeat: <b>\n# Check 2"]))
    assert text.endswith(
        "\n## Suggested next\n\nDerived by rule from the recorded steps:\n\n"
        "- Repeat: \\<b\\> \\# Check 2\n"
    )
    assert "Suggested next" not in write(account())


async def test_it_is_written_from_the_real_timeline(database: Database, account: Account) -> None:
    raised = await escalated(database, account.tier1, await started(database, account.tier1))
    text = raised.documentation["markdown"]
    assert "1. **Check 1**: did not work (Check, Tier1, 2026-11-24 12:00 UTC)" in text
    assert "## Ruled out\n\n- Cause 1" in text
    assert text.endswith("by rule from the recorded steps:\n\n- Repeat: Check 2\n")
