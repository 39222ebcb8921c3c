"""A letter says what happened, who did it and what they said, and holds no secret."""

import dataclasses
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from db.models.vocabulary import Approach, IntegrationKind, StepKind, StepOutcome
from services.deliveries import finishing
from services.handoffs.cancelling import cancel
from services.handoffs.claiming import claim
from services.handoffs.releasing import release
from services.handoffs.resolving import resolve
from services.handoffs.returning import return_
from services.ids import Kind, public
from services.integrations import (
    cards,
    content,
    email_message,
    ticket_notes,
    webhook,
)
from services.integrations.protocol import Person, Ticket, Tried
from services.sessions.recording import StepDraft, record_step
from tests.harness.assessed import assessed
from tests.harness.messages import answer, cites
from tests.harness.story import NOON, WITH_MODEL, escalated, started
from tests.services.deliveries.parts import WITH_MAIL, connect, ended, run, set_all, taken_by

SECRET = "Tr0ub4dor-3-horse"
AUTOTASK = IntegrationKind.AUTOTASK
MINUTE = timedelta(minutes=1)


class Story:
    """One handoff with a ticket, told of in notes, minute by minute."""

    def __init__(self, database, account, raised):
        self.database, self.account = database, account
        self.handoff_id, self.session_id = raised.handoff["id"], raised.session["id"]
        self.now = NOON

    async def then(self, verb, actor, *said, **how):
        self.now += MINUTE
        about = self.session_id if verb is resolve else self.handoff_id
        return await run(
            self.database, self.account, verb, actor, about, *said, now=self.now, **how
        )

    async def letters(self):
        """Everything that is told by now, in order."""
        letters = []
        while taken := await taken_by(self.database, self.account):
            for each in taken:
                letters.append(await self.letter(each))
                assert await ended(self.database, self.account, finishing.sent(each, "1"))
        return sorted(letters, key=lambda letter: letter.happened_at)

    async def letter(self, taken):
        letters = await run(self.database, self.account, content.letters, [taken], WITH_MAIL)
        return letters[taken.id]


@pytest.fixture
async def story(database, account):
    await connect(database, account, AUTOTASK)
    session = await started(
        database,
        account.tier1,
        steps=2,
        customer_name="Contoso",
        ticket_system="Autotask",
        ticket_number="T20261124.0001",
    )
    raised = await escalated(
        database,
        account.tier1,
        session,
        options=WITH_MODEL,
        target_id=account.tier2.id,
        notes="Since this morning",
    )
    return Story(database, account, raised)


async def test_a_raise_tells_everything_that_whoever_takes_it_needs(story, account):
    [letter] = await story.letters()
    assert letter.purpose == "raised"
    assert letter.handoff_id == public(Kind.HANDOFF, story.handoff_id)
    assert (letter.status, letter.priority) == ("OPEN", "NORMAL")
    assert (letter.problem, letter.reason) == ("Outlook can't connect", "I am out of ideas")
    assert (letter.notes, letter.customer) == ("Since this morning", "Contoso")
    assert (letter.raised_by, letter.who, letter.words) == ("Tier1", "Tier1", None)
    assert (letter.target, letter.claimed_by) == ("Tier2", None)
    assert letter.raised_at == letter.happened_at == NOON
    assert letter.tried == (Tried("Check 1", "did not work"), Tried("Check 2", "inconclusive"))
    assert (letter.step_count, letter.ruled_out, letter.suspected) == (
        2,
        ("Cause 1",),
        ("Cause 2",),
    )
    assert letter.markdown.startswith("# Outlook can't connect")
    assert letter.link == (
        f"https://desk.example/pilot/{public(Kind.SESSION, story.session_id)}?pickup=true"
    )
    assert letter.ticket == Ticket("Autotask", "T20261124.0001")
    assert (letter.recipient, letter.redactions) == (None, 0)


def suggested(letter):
    """By whom, and what: as a card, a mail and a webhook tell it."""
    [part] = [
        part
        for part in cards.card(letter, cards.SHRINKING[0], len, whole=True).parts
        if part.label.startswith("Suggested next")
    ]
    sam = Person("Sam", "sam@example.com")
    mail = email_message.compose(letter, "baton@example.com", sam, None)
    plain = message_from_bytes(mail, policy=default).get_body(("plain",)).get_content()
    heading, _, step = plain[plain.index("Suggested next") :].splitlines()[:3]
    told = webhook.message(letter)["data"]["handoff"]
    assert list(part.texts) == [step] == told["nextSteps"]
    return part.label, heading, told["nextStepsDerived"], step


async def test_what_a_step_has_confirmed_is_not_said_to_be_suspected_still(database, account):
    await connect(database, account, AUTOTASK)
    ticket = {"ticket_system": "Autotask", "ticket_number": "T20261124.0001"}
    session = await started(database, account.tier1, steps=2, **ticket)
    draft = StepDraft(StepKind.CHECK, "Look at the port", None, "A dead port", StepOutcome.WORKED)
    await run(database, account, record_step, account.tier1, session["id"], draft, now=NOON)
    raised = await escalated(database, account.tier1, session)
    [letter] = await Story(database, account, raised).letters()
    assert (letter.confirmed, letter.suspected) == (("A dead port",), ("Cause 2",))
    parts = cards.card(letter, cards.SHRINKING[0], len, whole=True).parts
    shown = {part.label: list(part.texts) for part in parts}
    assert (shown["Confirmed"], shown["Still suspected"]) == (["A dead port"], ["Cause 2"])
    sam = Person("Sam", "sam@example.com")
    mail = email_message.compose(letter, "baton@example.com", sam, None)
    plain = message_from_bytes(mail, policy=default).get_body(("plain",)).get_content()
    assert "Confirmed\n\nA dead port\n\nStill suspected\n\nCause 2\n" in (
        plain.replace("\r\n", "\n")
    )


async def test_what_is_suggested_next_is_derived_from_the_frozen_steps(story):
    [letter] = await story.letters()
    assert suggested(letter) == (
        "Suggested next, by rule from the steps",
        "Suggested next steps, by rule from what was recorded",
        True,
        "Repeat: Check 2",
    )
    [note] = ticket_notes.notes_of(letter, 10_000)
    assert "by rule from the recorded steps:\n\n- Repeat: Check 2\n" in note.text


async def test_what_a_model_suggests_takes_the_place_of_what_was_derived_and_is_said_so(
    story, database, account
):
    await assessed(database, account.id, story.handoff_id)
    [letter] = await story.letters()
    assert suggested(letter) == (
        "Suggested next, by a language model from the steps",
        "Suggested next steps, by a language model from what was recorded",
        False,
        "Look again",
    )


async def test_a_model_that_suggests_nothing_leaves_it_to_the_rule(story, database, account):
    await assessed(database, account.id, story.handoff_id, answer(suggestedNextSteps=[]))
    [letter] = await story.letters()
    assert suggested(letter)[2:] == (True, "Repeat: Check 2")


async def test_no_secret_is_in_what_a_model_suggests(story, database, account):
    step = {"title": f"Try password={SECRET}", "detail": None, "evidence": ["S2"]}
    await assessed(database, account.id, story.handoff_id, answer(suggestedNextSteps=[step]))
    [letter] = await story.letters()
    assert letter.next_steps == ("Try password=[redacted]",)


async def test_nothing_is_suggested_once_nobody_is_to_find_out_what_comes_next(story, account):
    await story.then(claim, account.tier2)
    [taken, *others] = await taken_by(story.database, account)
    assert (await story.letter(taken)).next_steps == ("Repeat: Check 2",)
    await story.then(return_, account.tier2, "Renew the certificate")
    assert [(await story.letter(each)).next_steps for each in (taken, *others)] == [
        () for _ in (taken, *others)
    ]


async def test_no_part_of_a_secret_is_in_what_is_suggested(database, account):
    """At the end of a title as long as can be, where a suggestion is too long to be a title."""
    await connect(database, account, AUTOTASK)
    session = await started(
        database, account.tier1, steps=0, ticket_system="Autotask", ticket_number="T1"
    )
    key = f"sk-{'k3yM4t3r' * 3}"
    title = f"{'x' * (199 - len(key))} {key}"
    draft = StepDraft(StepKind.CHECK, title, outcome=StepOutcome.PENDING)
    await run(database, account, record_step, account.tier1, session["id"], draft, now=NOON)
    story = Story(database, account, await escalated(database, account.tier1, session))
    [letter] = await story.letters()
    assert letter.next_steps == (f"Finish: {title.replace(key, '[redacted]')}",)
    assert "k3yM4t3r" not in repr(letter)
    assert letter.redactions == 3  # among what was tried and suggested, and in the documentation


async def test_a_card_is_changed_to_what_it_would_be_if_it_were_sent_now(database, account):
    await connect(database, account, IntegrationKind.SLACK, settings={"channel": "#escalations"})
    session = await started(database, account.tier1)
    raised = await escalated(database, account.tier1, session, options=WITH_MODEL)
    story = Story(database, account, raised)
    [taken] = await taken_by(database, account)
    before = await story.letter(taken)
    assert await ended(database, account, finishing.sent(taken, "C1:1.1"))
    await assessed(database, account.id, story.handoff_id)

    [taken] = await taken_by(database, account)
    letter = await story.letter(taken)

    assert (taken.purpose, letter.quiet) == ("assessed", True)
    assert letter == dataclasses.replace(
        before,
        quiet=True,
        next_steps=("Look again",),
        next_steps_derived=False,
        **{part: getattr(letter, part) for part in ("delivery_id", "key", "marker", "markdown")},
    )
    await story.then(claim, account.tier2, approach=Approach.CONTINUE)
    letter = await story.letter(taken)
    assert (letter.purpose, letter.who, letter.status) == ("claimed", "Tier2", "CLAIMED")
    assert (letter.quiet, letter.approach) == (True, "CONTINUE")


async def test_what_is_told_late_of_a_raise_has_what_a_model_made_of_it(story, database, account):
    await assessed(database, account.id, story.handoff_id)
    [letter] = await story.letters()
    [note] = ticket_notes.notes_of(letter, 10_000)
    assert "\n\nASSESSMENT\n\nBy a language model, from the steps below." in note.text
    assert "- Likely cause: Perhaps cause 2. (medium confidence, step 2)\n" in note.text


async def test_a_note_that_is_tried_again_says_what_it_said_the_first_time(
    story, database, account
):
    """Of several notes some may be on the ticket already."""
    [first] = await taken_by(database, account)
    before = (await story.letter(first)).markdown
    await assessed(database, account.id, story.handoff_id)
    await set_all(database, account, "lease_until = now() - interval '1 second'")
    [second] = await taken_by(database, account)
    assert (await story.letter(second)).markdown == before
    assert "## Assessment" not in before


async def test_no_secret_is_in_what_a_model_made_of_it(story, database, account):
    """Also where it is escaped, and is not what it was."""
    said = answer(summary=cites(f"They use ghp_{'a1B2' * 9} there", "S1"))
    await assessed(database, account.id, story.handoff_id, said)
    [letter] = await story.letters()
    assert "They use [redacted] there\n" in letter.markdown


async def test_each_follow_up_tells_of_its_own_event_however_often_there_is_one(story, account):
    await story.then(claim, account.tier2)
    await story.then(release, account.tier2, "Pulled away")
    await story.then(claim, account.tier3)
    await story.then(return_, account.tier3, "Renew the certificate")
    told = [(one.purpose, one.who, one.words) for one in await story.letters()]
    assert told == [
        ("raised", "Tier1", None),
        ("claimed", "Tier2", None),
        ("released", "Tier2", "Pulled away"),
        ("claimed", "Tier3", None),
        ("returned", "Tier3", "Renew the certificate"),
    ]


async def test_a_claim_is_told_with_how_its_claimer_goes_about_it(story, account):
    """Each with its own, also when it is told late."""
    await story.then(claim, account.tier2, approach=Approach.FRESH_START)
    await story.then(release, account.tier2, "Pulled away")
    await story.then(claim, account.tier3, approach=Approach.AI_FIRST)
    _, first, released, second = await story.letters()
    assert [each.approach for each in (first, released, second)] == [
        "FRESH_START",
        None,
        "AI_FIRST",
    ]
    card = cards.card(first, cards.SHRINKING[0], len, whole=False)
    assert card.news == "Tier2 has taken it over, starting afresh"
    [note] = ticket_notes.notes_of(second, 10_000)
    assert "Tier3 has taken this over from Tier1, beginning with the assessment (" in note.text
    assert email_message.news(first) == "Tier2 has taken it over, starting afresh."
    assert webhook.message(second)["data"]["approach"] == "AI_FIRST"


async def test_a_resolution_is_told_in_its_words(story, account):
    await story.then(claim, account.tier2)
    await story.then(resolve, account.tier2, "Renewed the certificate")
    letter = (await story.letters())[-1]
    assert (letter.purpose, letter.who) == ("resolved", "Tier2")
    assert (letter.words, letter.status) == ("Renewed the certificate", "RESOLVED")
    assert "pickup" not in letter.link


async def test_the_end_is_told_with_what_fixed_it_and_what_was_done_since(story, account):
    """In words of the last version, without what the ticket has been told before."""
    await story.then(claim, account.tier2)
    draft = StepDraft(
        StepKind.ACTION, "Renewed it", f"password: {SECRET}", outcome=StepOutcome.WORKED
    )
    await run(
        story.database, account, record_step, account.tier2, story.session_id, draft, now=NOON
    )
    await story.then(resolve, account.tier2, f"New certificate.\nPassword: {SECRET}")
    raised, *_, letter = await story.letters()
    assert letter.purpose == "resolved"
    assert letter.markdown == (
        "## What fixed it\n\n```\nNew certificate.\nPassword: [redacted]\n```\n\n"
        "## Done since the handoff (1)\n\n"
        "3. **Renewed it**: worked (Action, Tier2, 2026-11-24 12:00 UTC)\n\n"
        "   password: [redacted]"
    )
    [note] = ticket_notes.notes_of(letter, 10_000)
    assert "Tier2 has resolved this" in note.text
    assert "WHAT FIXED IT\n\n    New certificate.\n    Password: [redacted]\n" in note.text
    assert "DONE SINCE THE HANDOFF (1)\n\n3. Renewed it: worked (Action, Tier2" in note.text
    # what is told late of the raise is told as it was then
    assert "WHY IT IS HANDED OVER" in ticket_notes.notes_of(raised, 10_000)[0].text
    assert "New certificate" not in raised.markdown


async def test_who_withdraws_is_named(story, account):
    await story.then(cancel, account.tier1)
    letter = (await story.letters())[-1]
    assert (letter.purpose, letter.who, letter.words) == ("cancelled", "Tier1", None)


async def test_mail_is_for_one_person(database, account):
    session = await started(database, account.tier1)
    await escalated(database, account.tier1, session, options=WITH_MAIL, target_id=account.tier2.id)
    taken = await taken_by(database, account)
    letters = await run(database, account, content.letters, taken, WITH_MAIL)
    named = {person.id: Person(person.name, person.email) for person in account.everybody}
    assert len(letters) == len(taken) > 1
    assert {id_: letter.recipient for id_, letter in letters.items()} == {
        each.id: named[each.engineer_id] for each in taken
    }


async def test_what_is_written_together_says_what_it_says_alone(story, database, account):
    """Two calls for help, one of which was taken and put back, twice: nothing is told of another,
    or at another's time."""
    session = await started(database, account.tier1, problem_summary="The printer is on fire")
    await escalated(database, account.tier1, session, options=WITH_MAIL)
    for _ in range(2):
        await story.then(claim, account.tier2)
        await story.then(release, account.tier2, f"No time at {story.now:%H:%M}")
    together = []
    while taken := await taken_by(database, account):
        together += taken
        assert await ended(database, account, *(finishing.sent(each, "1") for each in taken))
    letters = await run(database, account, content.letters, together, WITH_MAIL)
    assert letters == {each.id: await story.letter(each) for each in together}
    assert [len({letter.marker for letter in letters.values()}), len(letters)] == [6, len(together)]
    assert len({letter.words for letter in letters.values()}) == 3


async def test_key_and_marker_are_the_same_for_every_attempt(story, database, account):
    [first] = await taken_by(database, account)
    before = await story.letter(first)
    await set_all(database, account, "lease_until = now() - interval '1 second'")
    [second] = await taken_by(database, account)
    again = await story.letter(second)
    assert (again.key, again.marker) == (before.key, before.marker)

    redelivered = await story.letter(dataclasses.replace(second, nonce=1))
    assert redelivered.key != before.key
    assert redelivered.marker == before.marker


async def test_effects_of_one_handoff_have_markers_of_their_own(story, account):
    await story.then(claim, account.tier2)
    await story.then(release, account.tier2, "Pulled away")
    await story.then(claim, account.tier3)
    letters = await story.letters()
    assert len({letter.marker for letter in letters}) == len(letters) == 4
    assert len({letter.key for letter in letters}) == 4
    assert all(letter.marker.startswith(f"{letter.handoff_id}/") for letter in letters)


async def test_no_secret_is_in_any_text_of_a_letter(database, account):
    await connect(database, account, AUTOTASK)
    said = f"password={SECRET}"
    session = await started(
        database,
        account.tier1,
        problem_summary=f"Can't sign in with {said}",
        customer_name=f"Contoso {said}",
        ticket_system="Autotask",
        ticket_number="T20261124.0002",
    )
    raised = await escalated(
        database, account.tier1, session, reason=f"Even with {said}", notes=f"It was {said}"
    )
    story = Story(database, account, raised)
    await story.then(claim, account.tier2)
    await story.then(return_, account.tier2, f"Set {said} again")
    for letter in await story.letters():
        assert SECRET not in repr(letter)
        assert letter.redactions >= 4
    assert letter.words == "Set password=[redacted] again"
