"""What is written on tickets: readable as it stands, within the limit, and nothing left out."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.documentation import Account, write
from services.integrations.ticket_notes import notes_of, plain
from tests.services.integrations.letters import letter

LIMIT = 400
SESSION = (
    "problem_summary",
    "problem_domain",
    "environment",
    "customer_name",
    "customer_contact",
    "customer_reachable_until",
    "ticket_system",
    "ticket_number",
    "confidence_tier",
)


def test_markdown_reads_well_where_nobody_renders_it():
    written = (
        "# Outlook can\\_t connect\n\n- **Priority:** High\n\n## Why it is handed over\n\n"
        "5 \\* 3 \\\\ server\n\n````\n# not a heading, **not bold**\n```\n  C:\\\\x\n````\n"
    )
    assert plain(written) == (
        "Outlook can_t connect\n\n- Priority: High\n\nWHY IT IS HANDED OVER\n\n"
        "5 * 3 \\ server\n\n    # not a heading, **not bold**\n    ```\n      C:\\\\x"
    )


@given(st.text(), st.text())
def test_what_was_typed_is_seen_as_it_was_typed(reason: str, notes: str):
    session: dict[str, Any] = dict.fromkeys(SESSION) | {"problem_summary": "Outlook"}
    now = datetime(2026, 11, 24, tzinfo=UTC)
    account = Account(session, [], "Tess", None, reason, notes, "HIGH", [], [], now)

    seen = plain(write(account)).splitlines()

    assert " ".join(reason.split()) in seen
    lines = notes.rstrip().splitlines()
    if len(lines) > 1:
        assert "\n".join(f"    {line}" for line in lines) in "\n".join(seen)
    elif lines:
        assert " ".join(notes.split()) in seen


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]) | st.just("\n")))
def test_however_it_is_cut_everything_arrives_within_the_limit(words: str):
    told = letter(markdown="", words=words, purpose="returned")
    notes = notes_of(told, LIMIT)

    assert len({note.marker for note in notes}) == len(notes)
    assert all(len(note.text.encode("utf-16-le")) // 2 <= LIMIT for note in notes)
    assert all(note.text.endswith(note.marker) for note in notes)
    middle = [note.text.split("\n\n", 1)[1].removesuffix(note.marker) for note in notes]
    assert "".join("".join(middle).split()).count("".join(words.split())) >= 1


def test_a_line_longer_than_a_note_is_cut():
    notes = notes_of(letter(markdown="x" * 3000), LIMIT)
    assert sum(note.text.count("x") for note in notes) >= 3000
    assert all(len(note.text) <= LIMIT for note in notes)


def test_a_marker_stays_the_same_when_the_text_grows():
    before = notes_of(letter(markdown="x\n" * 500), LIMIT)
    after = notes_of(letter(markdown="x\n" * 1000), LIMIT)
    assert [note.marker for note in after[: len(before)]] == [note.marker for note in before]
