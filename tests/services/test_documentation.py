"""The written account: complete, readable, and never anybody's markup."""

from typing import Any

import pytest

from db.database import Database
from db.models.vocabulary import Confidence
from services.documentation import DONE_SINCE, FIXED, Assessed, Ending, section, write
from services.documentation import Account as Written
from services.redaction import redact
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
    "confidence_tier": "MEDIUM",
}
STEP = {
    "id": "s1",
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
        "- **Sure of where it lies:** Medium",
        "Out of ideas",
        "1. **Restarted Outlook** (Check, Tess, 2026-11-24 10:02 UTC)",
        "   - Suspected: A stale profile (ruled out)",
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


@pytest.mark.parametrize(
    "typed", ["1. x", "2) x", "- x", "+ x", "---", "===", "&lt;b", "&#60;", "> x", "-"]
)
def test_what_begins_like_a_mark_of_markdown_is_text(typed: str) -> None:
    [line] = [each for each in write(account(reason=typed)).splitlines() if "\\" in each]
    assert line.replace("\\", "") == typed


def test_a_number_that_is_no_mark_is_left_as_it_is() -> None:
    assert "\n\n10.0.0.1 is down & out\n" in write(account(reason="10.0.0.1 is down & out"))


def test_what_belongs_to_the_tenth_step_is_set_in_as_far_as_its_title() -> None:
    lines = write(account(steps=[STEP | {"position": 10}])).splitlines()
    opening = lines.index("    ````")
    assert lines[opening - 2] == "    - Suspected: A stale profile (ruled out)"
    assert lines[opening + 3] == "    broken"


@pytest.mark.parametrize(
    ("kind", "outcome", "said"),
    [
        ("ACTION", "FAILED", "**: did not work (Action"),
        ("ACTION", "PENDING", "**: not finished (Action"),
        ("CHECK", "WORKED", "** (Check"),
        ("NOTE", "PENDING", "** (Note"),
        ("GUIDANCE", "PENDING", "** (Guidance"),
        ("FINDING", "INCONCLUSIVE", "**: inconclusive (Finding"),
    ],
)
def test_an_outcome_is_said_where_it_is_one(kind: str, outcome: str, said: str) -> None:
    assert said in write(account(steps=[STEP | {"kind": kind, "outcome": outcome}]))


def test_a_check_without_a_suspicion_says_its_outcome() -> None:
    assert "**: did not work (Check" in write(account(steps=[STEP | {"hypothesis": None}]))


def test_a_suspicion_that_was_confirmed_is_told_from_one_that_is_not() -> None:
    """The last word counts, in whatever letters."""
    borne = STEP | {"hypothesis": "dns", "outcome": "WORKED"}
    open_still = STEP | {"hypothesis": "DNS", "outcome": "INCONCLUSIVE"}
    both = account(steps=[borne, open_still], hypotheses_open=["DNS", "A proxy"])
    assert "## Confirmed\n\n- DNS\n\n## Still suspected\n\n- A proxy\n" in write(both)
    assert "## Confirmed" not in write(account(steps=[open_still]))
    ended = write(account(steps=[borne], ending=ENDING))
    assert "## Confirmed\n\n- DNS\n" in ended
    assert "Still suspected" not in ended


def test_suspicions_that_are_not_listed_any_more_are_counted_once() -> None:
    borne = STEP | {"hypothesis": "DNS", "outcome": "WORKED"}
    for names in (["DNS"], ["DNS", "A proxy"]):
        text = write(account(steps=[borne], hypotheses_open=names, open_left_out=3))
        assert text.count("- 3 earlier ones, which are with the steps that test them") == 1


@pytest.mark.parametrize(
    ("kind", "outcome", "said"),
    [
        ("ACTION", "INCONCLUSIVE", ""),
        ("ACTION", "PENDING", ""),
        ("ACTION", "FAILED", " (ruled out)"),
        ("ACTION", "WORKED", " (confirmed)"),
        ("CHECK", "INCONCLUSIVE", " (inconclusive)"),
        ("CHECK", "PENDING", " (not decided yet)"),
    ],
)
def test_that_an_action_has_decided_nothing_is_said_once(
    kind: str, outcome: str, said: str
) -> None:
    text = write(account(steps=[STEP | {"kind": kind, "outcome": outcome}]))
    assert f"- Suspected: A stale profile{said}\n" in text


def test_where_it_stands_is_read_before_all_that_led_there() -> None:
    text = write(account(next_steps=["Repeat: Check 2"]))
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "# Outlook can't connect",
        "## Why it is handed over",
        "## Still suspected",
        "## Ruled out",
        "## Suggested next",
        "## What was tried (1)",
    ]


def test_a_detail_that_is_too_long_is_cut_and_says_by_how_much() -> None:
    text = write(account(steps=[STEP | {"detail": "line\n" * 600}]))
    assert text.count("line") == 400
    assert "   (1,000 more characters are left out here; they are with the session.)" in text
    assert "more characters" not in write(account(steps=[STEP | {"detail": "x" * 2000}]))


def test_no_secret_is_cut_in_two() -> None:
    """Half of one does not look like one, so nobody would take it out of what leaves."""
    secret = "AKIA" + "QX7R2MT5ZP3KLV4N"
    detail = "x" * 1988 + f" {secret} and more"
    text = write(account(steps=[STEP | {"detail": detail}], hypotheses_open=[detail[1800:]]))
    assert "AKIA" not in text
    assert text.count("…") == 1
    key = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQ0q8Zk3\n" * 100 + "-----END PRIVATE KEY-----"
    for before in ("x" * 1500 + "\n", "x" * 1960 + "\n"):
        text = write(account(steps=[STEP | {"detail": f"{before}{key}\nand more"}]))
        left = redact(text).text
        assert "MIIE" not in left
        assert "## Ruled out" in left  # a key without its end would take all that follows with it


def most() -> dict[str, Any]:
    """As much as is kept of an answer."""
    cited = {"evidence": ["s1"] * 10}
    statements = [cited | {"text": "_[" * 200}] * 8
    return {
        "summary": "_[" * 400,
        "likely_cause": statements[0],
        "what_we_know": statements,
        "remaining_hypotheses": statements,
        "suggested_next_steps": [cited | {"title": "_[" * 80, "detail": "_[" * 400}] * 8,
    }


def test_the_whole_is_bounded_and_the_earliest_steps_make_way() -> None:
    """With all that people may write, each character of it escaped."""
    line, long = "*" * 500, "*" * 10_000
    session = SESSION | {"problem_summary": line, "environment": "*" * 2000}
    session |= dict.fromkeys(("problem_domain", "customer_name", "ticket_number"), line[:200])
    step = STEP | {"title": line[:200], "hypothesis": line, "detail": long, "author": "Tess"}
    steps = [step | {"position": number} for number in range(1, 121)]
    ended = Ending(long, "Sam", NOON, "Sam", NOON, known=110)
    much = Assessed(most(), Confidence.MEDIUM)
    for ending, assessed in ((None, None), (ended, None), (None, much)):
        text = write(
            account(
                session=session, steps=steps, reason="*" * 2000, notes=long, ending=ending,
                hypotheses_open=[line] * 100, hypotheses_ruled_out=[line] * 100,
                next_steps=[] if ending else [line] * 8, assessed=assessed,
            )
        )  # fmt: skip
        assert len(text) <= 50_000
        assert "left out here; the session has the whole timeline." in text
        assert "- 80 earlier ones, which are with the steps that test them" in text
    assert "how to do what is suggested, is with the handoff." in text
    modest = [STEP | {"position": number, "detail": "y" * 900} for number in range(1, 121)]
    text = write(account(steps=modest))
    assert 45_000 < len(text) <= 50_000
    assert "\n120. **" in text
    assert "\n1. **" not in text
    missing = 120 - text.count("Restarted Outlook")
    assert f"The earliest {missing} steps are left out here" in text
    assert "left out" not in write(account(steps=modest[:20]))


ENDING = Ending("Renewed the certificate", "Sam", NOON, "Sam", NOON, known=1)
LATER = STEP | {"position": 2, "title": "Renewed it", "kind": "ACTION", "outcome": "WORKED"}


def test_at_the_end_what_fixed_it_comes_first_and_then_what_was_done_since() -> None:
    text = write(account(steps=[STEP, LATER], ending=ENDING))
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "# Outlook can't connect",
        "## What fixed it",
        "## Done since the handoff (1)",
        "## Why it was handed over",
        "## What was tried before (1)",
        "## Ruled out",
    ]
    assert text.index("## Done since") < text.index("2. **Renewed it**: worked")
    assert text.index("2. **Renewed it**") < text.index("## Why") < text.index("1. **Restarted")
    assert "- **Resolved by:** Sam, 2026-11-24 12:00 UTC\n- **Taken over by:** Sam" in text
    assert "can be reached until" not in text
    assert "Sure of where it lies" not in text


def test_a_part_is_found_whatever_is_typed_in_it() -> None:
    typed = f"Renewed it\n## {DONE_SINCE} (7)\n```\nand more"
    text = write(account(ending=Ending(typed, "Sam", NOON)))
    fixed = section(text, FIXED)
    assert fixed is not None
    assert fixed.startswith("## What fixed it\n\n````\nRenewed it")
    assert fixed.endswith("and more\n````")
    assert section(text, DONE_SINCE) is None


def test_what_is_suggested_next_is_said_to_be_derived_by_rule_and_is_text() -> None:
    text = write(account(next_steps=["Repeat: <b>\n# Check 2"]))
    assert (
        "\n## Suggested next\n\nDerived by rule from the recorded steps:\n\n"
        "- Repeat: \\<b\\> \\# Check 2\n\n## What was tried"
    ) in text
    assert f"\n- {'x' * 200}…\n" in write(account(next_steps=["x" * 201]))
    assert "Suggested next" not in write(account())


READING = {
    "summary": "The profile is *new*.\nStill it fails.",
    "likely_cause": {"text": "A policy <b>", "evidence": ["s2", "s1"]},
    "what_we_know": [{"text": "A new profile did not help", "evidence": ["s1"]}],
    "steps_tried": [{"text": "Not told twice", "evidence": ["s1"]}],
    "remaining_hypotheses": [{"text": "- The proxy", "evidence": ["s2"]}],
    "suggested_next_steps": [
        {"title": "Look at the sign-in log", "detail": "For # of failures", "evidence": ["s2"]},
        {"title": "Ask", "detail": None, "evidence": ["s1", "s2"]},
    ],
}


def test_what_a_model_made_of_it_is_said_to_be_a_models_and_names_its_steps() -> None:
    steps = [STEP, LATER | {"id": "s2"}]
    told = Assessed(READING, Confidence.MEDIUM)
    text = write(account(steps=steps, assessed=told, next_steps=["Repeat: Check 2"]))
    assert (
        "Meeting at two\n\n## Assessment\n\n"
        "By a language model, from the steps below. Each statement names those it rests on.\n\n"
        "The profile is \\*new\\*. Still it fails.\n\n"
        "- **Likely cause:** A policy \\<b\\> (medium confidence, steps 1, 2)\n"
        "- **Known:** A new profile did not help (step 1)\n"
        "- **Possible:** \\- The proxy (step 2)\n\n"
        "## "
    ) in text
    assert (
        "\n## Suggested next\n\nBy a language model, from the recorded steps:\n\n"
        "- Look at the sign-in log (step 2)\n  - For \\# of failures\n- Ask (steps 1, 2)\n\n"
        "## What was tried (2)\n"
    ) in text
    assert "Not told twice" not in text
    assert "is with the handoff" not in text


def test_where_a_model_suggests_nothing_what_was_derived_stays() -> None:
    told = Assessed({"summary": "Hm."})
    text = write(account(assessed=told, next_steps=["Repeat: Check 2"]))
    assert "## Assessment" in text
    assert "Derived by rule from the recorded steps:\n\n- Repeat: Check 2\n\n## " in text


def test_steps_that_were_left_out_before_are_counted() -> None:
    text = write(account(steps_left_out=20))
    assert "## What was tried (21)\n\nThe earliest 20 steps are left out here; the" in text
    cut = STEP | {"detail": "x" * 3999 + "…"}
    assert "(more than 2,000 more characters are left out here" in write(account(steps=[cut]))


async def test_it_is_written_from_the_real_timeline(database: Database, account: Account) -> None:
    raised = await escalated(database, account.tier1, await started(database, account.tier1))
    text = raised.documentation["markdown"]
    assert "1. **Check 1** (Check, Tier1, 2026-11-24 12:00 UTC)" in text
    assert "## Ruled out\n\n- Cause 1" in text
    assert "by rule from the recorded steps:\n\n- Repeat: Check 2\n" in text
