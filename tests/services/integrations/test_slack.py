"""Slack: a card somebody can act on, edited as its handoff moves on, refused in plain words."""

import hashlib
import hmac
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from app.demo.vendors.base import Fault, Served
from app.demo.vendors.slack import COMPANY, ORIGINS, TOKEN, WEBHOOK, FakeSlack, Message, trouble
from services.integrations import slack
from services.integrations.outgoing import Outgoing
from services.integrations.protocol import Letter, NotSent, Purpose, Refused, Tried, TryAgain
from services.integrations.slack import (
    SlackChannel,
    SlackSecrets,
    SlackSettings,
    verify_signature,
)
from services.integrations.slack_blocks import CLAIM, MOST, OPEN
from tests.services.integrations import golden
from tests.services.integrations.letters import letter

BRIEF = timedelta(milliseconds=400)
BELIEVING_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # everything here is routed to a fake
SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"
HOOK = f"https://hooks.slack.com{WEBHOOK}"
FOLLOW_UPS = [
    (Purpose.CLAIMED, "CLAIMED", None),
    (Purpose.RELEASED, "OPEN", "I am called away"),
    (Purpose.RETURNED, "RETURNED", "Look at the sign-in log first"),
    (Purpose.RESOLVED, "RESOLVED", "A policy was in the way"),
    (Purpose.CANCELLED, "CANCELLED", None),
]
HOSTILE = "<!channel> @here #general <https://evil.example|Baton> & https://evil.example"


@dataclass
class Workspace:
    fake: FakeSlack
    bot: SlackChannel
    hook: SlackChannel

    @property
    def card(self) -> Message:
        return self.fake.messages[0]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FakeSlack, Served]]:
    fake = FakeSlack()
    with fake.serving() as served:
        yield fake, served


@pytest.fixture
async def outgoing(served: tuple[FakeSlack, Served]) -> AsyncIterator[Outgoing]:
    outgoing = Outgoing(
        routes=dict.fromkeys(ORIGINS, served[1].origin), timeout=BRIEF, tls=BELIEVING_NOBODY
    )
    yield outgoing
    await outgoing.aclose()


@pytest.fixture
def here(served: tuple[FakeSlack, Served], outgoing: Outgoing) -> Workspace:
    fake, _ = served
    fake.__init__()  # as new
    return Workspace(fake, bot(outgoing), hook(outgoing))


def bot(outgoing: Outgoing, **secrets: Any) -> SlackChannel:
    given = {"bot_token": TOKEN, "signing_secret": SIGNING} | secrets
    return SlackChannel(SlackSettings(channel="#escalations"), SlackSecrets(**given), outgoing)


def hook(outgoing: Outgoing) -> SlackChannel:
    return SlackChannel(SlackSettings(), SlackSecrets(webhook_url=HOOK), outgoing)


def follow_up(purpose: Purpose, status: str, words: str | None, **changes: Any) -> Letter:
    facts = {
        "purpose": purpose,
        "status": status,
        "words": words,
        "who": "Sam Ortiz",
        "claimed_by": "Sam Ortiz" if status not in {"OPEN", "CANCELLED"} else None,
        "key": f"handoff:{purpose}2:SLACK",
        "happened_at": datetime(2026, 11, 24, 14, 2, tzinfo=UTC),
    }
    return letter(**(facts | changes))


def written(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": message.blocks}


def told(message: Message) -> str:
    return orjson.dumps(message.blocks).decode()


def actions(message: Message) -> dict[str, dict[str, Any]]:
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return {button["action_id"]: button for row in rows for button in row["elements"]}


# -- a bot's card


async def test_a_raised_handoff_is_a_card_with_its_documentation_in_the_thread(here: Workspace):
    sent = await here.bot.send(letter(), None)

    card, document = here.fake.messages
    assert sent.reference == f"{card.channel}:{card.ts}"
    assert (card.thread, document.thread) == (None, card.ts)
    assert "Everything there is to say." in told(document)
    golden.expect("slack-raised", written(card))
    golden.expect("slack-documentation", written(document))


@pytest.mark.parametrize(("purpose", "status", "words"), FOLLOW_UPS)
async def test_the_card_is_edited_as_its_handoff_moves_on(
    here: Workspace, purpose: Purpose, status: str, words: str | None
):
    reference = (await here.bot.send(letter(markdown=""), None)).reference

    sent = await here.bot.send(follow_up(purpose, status, words), reference)

    assert sent.reference == reference
    assert [message.edits for message in here.fake.messages] == [1]
    golden.expect(f"slack-{purpose}", written(here.card))


async def test_what_is_no_news_changes_the_card_and_is_no_message_of_its_own(here: Workspace):
    reference = (await here.bot.send(letter(markdown=""), None)).reference
    quiet = letter(next_steps=["Look again"], next_steps_derived=False, quiet=True)

    sent = await here.bot.send(quiet, reference)

    assert sent.reference == reference
    assert [message.edits for message in here.fake.messages] == [1]
    assert "by a language model from the steps*\\n• Look again" in told(here.card)


@pytest.mark.parametrize("reference", [None, "C0ESCALATE:1.000001"])
async def test_where_there_is_no_card_what_is_no_news_is_not_told(
    here: Workspace, reference: str | None
):
    for channel in (here.bot, here.hook):
        sent = await channel.send(letter(quiet=True), reference)
        assert sent.said == "There is no card that could be changed."
    assert here.fake.messages == []


@pytest.mark.parametrize("purpose", [Purpose.UNREACHED, Purpose.TEST])
async def test_what_has_to_be_noticed_is_a_message_of_its_own(here: Workspace, purpose: Purpose):
    reference = (await here.bot.send(letter(markdown=""), None)).reference

    await here.bot.send(letter(purpose=purpose), reference)

    card, message = here.fake.messages
    assert card.edits == 0
    golden.expect(f"slack-{purpose}", written(message))


async def test_a_card_that_is_gone_is_followed_by_a_message(here: Workspace):
    await here.bot.send(follow_up(*FOLLOW_UPS[0]), "C0ESCALATE:1.000001")

    assert "Sam Ortiz has taken it over" in here.card.text


@pytest.mark.parametrize("code", ["cant_update_message", "edit_window_closed"])
async def test_a_card_that_may_not_be_edited_is_followed_by_a_message(here: Workspace, code: str):
    reference = (await here.bot.send(letter(markdown=""), None)).reference
    here.fake.codes.append(code)

    await here.bot.send(follow_up(*FOLLOW_UPS[0]), reference)

    assert len(here.fake.messages) == 2


async def test_a_follow_up_without_a_card_is_a_message_with_the_news_alone(here: Workspace):
    sent = await here.bot.send(follow_up(*FOLLOW_UPS[3]), None)

    assert sent.reference == f"{here.card.channel}:{here.card.ts}"
    assert "A policy was in the way" in told(here.card)
    assert "What was tried" not in told(here.card)


@pytest.mark.parametrize("trouble", [Fault.SERVER_ERROR, Fault.BUSY, Fault.HANG, Fault.LOSE_ANSWER])
async def test_a_thread_that_fails_does_not_have_the_card_posted_twice(
    here: Workspace, trouble: Fault
):
    here.fake.faults.extend([None, trouble])

    sent = await here.bot.send(letter(), None)

    assert sent.reference == f"{here.card.channel}:{here.card.ts}"
    assert "not the documentation" in sent.said


async def test_a_thread_that_hangs_does_not_use_up_the_time_of_the_card(
    here: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(slack, "DOCUMENTING", 0.05)
    here.fake.faults.extend([None, Fault.HANG])

    sent = await here.bot.send(letter(), None)

    assert sent.reference == f"{here.card.channel}:{here.card.ts}"
    assert sent.said.endswith("There was no answer within 0.05 s.")


# -- the button that claims


async def test_claiming_is_offered_where_slack_can_prove_who_asks(here: Workspace):
    await here.bot.send(letter(), None)

    offered = actions(here.card)
    assert offered[CLAIM]["value"] == letter().handoff_id
    assert offered[OPEN]["url"] == letter().link


async def test_claiming_is_not_offered_without_a_signing_secret(
    here: Workspace, outgoing: Outgoing
):
    await bot(outgoing, signing_secret=None).send(letter(), None)

    assert actions(here.card).keys() == {OPEN}


async def test_claiming_is_not_offered_where_nobody_can_say_who_asks(
    here: Workspace, outgoing: Outgoing
):
    secrets = SlackSecrets(webhook_url=HOOK, signing_secret=SIGNING)
    await SlackChannel(SlackSettings(), secrets, outgoing).send(letter(), None)

    assert actions(here.card).keys() == {OPEN}


@pytest.mark.parametrize("status", ["CLAIMED", "RETURNED", "RESOLVED", "CANCELLED", "SUPERSEDED"])
async def test_claiming_is_not_offered_once_it_is_too_late(here: Workspace, status: str):
    await here.bot.send(letter(status=status), None)

    assert actions(here.card).keys() == {OPEN}


async def test_nobody_can_claim_a_test(here: Workspace):
    await here.bot.send(letter(purpose=Purpose.TEST), None)

    assert CLAIM not in actions(here.card)


# -- an incoming webhook


async def test_a_webhook_posts_the_card(here: Workspace):
    sent = await here.hook.send(letter(), None)

    assert sent.reference is None
    assert "What was tried" in told(here.card)


@pytest.mark.parametrize(("purpose", "status", "words"), FOLLOW_UPS)
async def test_a_webhook_posts_the_news_because_it_can_edit_nothing(
    here: Workspace, purpose: Purpose, status: str, words: str | None
):
    await here.hook.send(follow_up(purpose, status, words), "C0ESCALATE:1.000001")

    assert "What was tried" not in told(here.card)
    golden.expect(f"slack-webhook-{purpose}", written(here.card))


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("channel_is_archived", "archive"),
        ("action_prohibited", "rule of the workspace"),
        ("invalid_payload", "report it"),
    ],
)
async def test_a_webhooks_word_is_explained(here: Workspace, code: str, advice: str):
    here.fake.codes.append(code)

    with pytest.raises(Refused, match=advice):
        await here.hook.send(letter(), None)


async def test_a_webhook_that_is_gone_is_refused_without_telling_its_address(here: Workspace):
    here.fake.webhook = "/services/other"

    with pytest.raises(Refused, match="create one and enter it") as refused:
        await here.hook.send(letter(), None)

    assert "demowebhook" not in repr(refused.value)


# -- what others write is text


async def test_nothing_in_a_session_is_a_mention_or_a_link(here: Workspace):
    hostile = letter(
        problem=HOSTILE,
        reason=HOSTILE,
        notes=HOSTILE,
        raised_by=HOSTILE,
        who=HOSTILE,
        target=HOSTILE,
        customer=HOSTILE,
        tried=[Tried(HOSTILE, "worked")],
        suspected=[HOSTILE],
        ruled_out=[HOSTILE],
        next_steps=[HOSTILE],
        markdown=HOSTILE,
    )
    await here.bot.send(hostile, None)

    for asked in here.fake.asked:
        said = asked.json()
        assert (said["parse"], said["link_names"]) == ("none", False)
        assert said["unfurl_links"] is False
        for text in texts(said["blocks"]):
            if text["type"] == "mrkdwn":
                assert text["verbatim"] is True
                assert "<!channel>" not in text["text"]
                assert "<https://evil" not in text["text"]
        assert "<!channel>" not in said["text"]
    document = here.fake.messages[1]
    assert [text["type"] for text in texts(document.blocks) if HOSTILE in text["text"]] == ["text"]


def texts(value: Any) -> Iterator[dict[str, Any]]:
    """Everything that is a text, wherever in the blocks it is."""
    if isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value
        for each in value.values():
            yield from texts(each)


# -- limits


@pytest.mark.parametrize("filling", ["x", "&", "<", "\N{FIRE}", '"', "\\", "\n", "ü"])
async def test_however_much_there_is_to_tell_slack_takes_it(here: Workspace, filling: str):
    much = filling * 20_000
    lines = [much] * 40
    full = letter(
        problem=f"a{much}",
        reason=f"a{much}z",
        notes=f"a{much}z",
        words=f"a{much}z",
        who=f"a{much}",
        raised_by=f"a{much}",
        target=f"a{much}",
        customer=f"a{much}",
        tried=[Tried(f"a{much}", "did not work")] * 100,
        step_count=400,
        suspected=lines,
        ruled_out=lines,
        next_steps=lines,
        markdown=much,
        key="k" * 400,
        redactions=12,
    )
    reference = (await here.bot.send(full, None)).reference
    await here.bot.send(follow_up(Purpose.RESOLVED, "RESOLVED", much, reason=much), reference)
    await here.hook.send(full, None)

    assert len(here.fake.messages) == 3
    for message in here.fake.messages:
        assert trouble(written(message)) is None
        assert len(told(message)) <= MOST


async def test_a_repeat_can_be_recognised_by_its_key(here: Workspace):
    await here.hook.send(letter(), None)
    await here.hook.send(letter(), None)

    assert here.fake.keys == [f"card:{letter().key}"] * 2


# -- what goes wrong


@pytest.mark.parametrize("way", ["bot", "hook"])
@pytest.mark.parametrize("fault", [f for f in Fault if f not in {Fault.REDIRECT, Fault.TLS}])
async def test_trouble_that_passes_is_tried_again(here: Workspace, fault: Fault, way: str):
    here.fake.faults.append(fault)
    channel: SlackChannel = getattr(here, way)

    with pytest.raises(TryAgain) as failed:
        await channel.send(letter(), None)

    assert TOKEN not in repr(failed.value)
    assert "demowebhook" not in repr(failed.value)


@pytest.mark.parametrize("way", ["bot", "hook"])
async def test_slack_is_left_alone_for_as_long_as_it_asks(here: Workspace, way: str):
    here.fake.retry_after = 30
    here.fake.faults.append(Fault.BUSY)
    channel: SlackChannel = getattr(here, way)

    with pytest.raises(TryAgain) as failed:
        await channel.send(letter(), None)

    assert failed.value.after == timedelta(seconds=30)


@pytest.mark.parametrize("way", ["bot", "hook"])
async def test_a_redirect_is_not_followed(here: Workspace, way: str):
    here.fake.faults.append(Fault.REDIRECT)
    channel: SlackChannel = getattr(here, way)

    with pytest.raises(Refused):
        await channel.send(letter(), None)

    assert len(here.fake.asked) == 1


async def test_a_wrong_token_is_refused_without_repeating_it(here: Workspace):
    here.fake.token = "xoxb-another-token"

    with pytest.raises(Refused, match="enter a new one") as refused:
        await here.bot.send(letter(), None)

    assert TOKEN not in repr(refused.value)


async def test_an_unknown_channel_is_refused_with_what_to_do(here: Workspace):
    here.fake.channels.clear()

    with pytest.raises(Refused, match="/invite"):
        await here.bot.send(letter(), None)


async def test_an_archived_channel_is_refused(here: Workspace):
    here.fake.archived.add("C0ESCALATE")

    with pytest.raises(Refused, match="archived"):
        await here.bot.send(letter(), None)


@pytest.mark.parametrize(
    ("code", "kind", "advice"),
    [
        ("not_in_channel", Refused, "invite it"),
        ("token_revoked", Refused, "enter a new one"),
        ("missing_scope", Refused, "chat:write"),
        ("restricted_action", Refused, "rule of the workspace"),
        ("msg_blocks_too_long", Refused, "too long"),
        ("invalid_blocks", Refused, "report it"),
        ("ratelimited", TryAgain, "just now"),
        ("internal_error", TryAgain, "just now"),
        ("xoxb_canary", TryAgain, "not known here"),
    ],
)
async def test_slacks_codes_are_explained_and_unknown_ones_not_repeated(
    here: Workspace, code: str, kind: type[NotSent], advice: str
):
    here.fake.codes.append(code)

    with pytest.raises(kind, match=advice) as failed:
        await here.bot.send(letter(), None)

    assert type(failed.value) is kind
    assert "canary" not in repr(failed.value)


# -- settings


@pytest.mark.parametrize(
    "secrets",
    [
        {},
        {"bot_token": TOKEN, "webhook_url": HOOK},
        {"bot_token": "xoxp-someone-s-own-token"},
        {"bot_token": f"{TOKEN}\n"},
        {"webhook_url": "https://hooks.slack.com.evil.example/services/T/B/x"},
        {"webhook_url": "http://hooks.slack.com/services/T/B/x"},
        {"webhook_url": f"{HOOK}?x"},
        {"bot_token": TOKEN, "password": "canary"},
    ],
)
def test_secrets_that_can_not_be_right_are_not_taken_and_not_repeated(secrets: dict[str, str]):
    with pytest.raises(ValidationError) as refused:
        SlackSecrets.model_validate(secrets)

    for secret in secrets.values():
        assert secret not in str(refused.value)


def test_secrets_are_not_shown():
    shown = repr(SlackSecrets(bot_token=TOKEN, signing_secret=SIGNING))

    assert TOKEN not in shown
    assert SIGNING not in shown


def test_a_bot_has_to_be_told_its_channel():
    with pytest.raises(ValueError, match="which channel"):
        SlackChannel(SlackSettings(), SlackSecrets(bot_token=TOKEN), Outgoing())


# -- who pressed the button


async def test_a_slack_user_is_known_by_their_mail_address(here: Workspace):
    here.fake.join("U0SAM", "sam@example.com")

    assert await here.bot.email_of("U0SAM") == "sam@example.com"
    assert await here.bot.email_of("U0NOBODY") is None


async def test_somebody_of_another_workspace_of_the_company_is_known(here: Workspace):
    here.fake.join(
        "U0SAM", "sam@example.com", team_id="T0OTHER", enterprise_user={"enterprise_id": COMPANY}
    )

    assert await here.bot.email_of("U0SAM") == "sam@example.com"


@pytest.mark.parametrize(
    "facts",
    [
        {"team_id": "T0STRANGER"},
        {"team_id": "T0STRANGER", "enterprise_user": {"enterprise_id": "E0STRANGER"}},
        {"team_id": None},
        {"deleted": True},
        {"is_bot": True},
        {"profile": {}},
        {"profile": None},
    ],
)
async def test_the_word_of_a_stranger_about_their_address_is_not_taken(
    here: Workspace, facts: dict[str, Any]
):
    """A shared channel is seen by people of other companies, which give them any address."""
    here.fake.join("U0SAM", "sam@example.com", **facts)

    assert await here.bot.email_of("U0SAM") is None
    here.fake.company = None
    assert await here.bot.email_of("U0SAM") is None


async def test_a_bot_that_may_not_ask_who_somebody_is_is_told_what_to_do(here: Workspace):
    here.fake.codes.append("missing_scope")

    with pytest.raises(Refused, match=r"users:read\.email"):
        await here.bot.email_of("U0SAM")


async def test_a_webhook_can_not_tell_who_somebody_is(here: Workspace):
    with pytest.raises(Refused, match="bot token"):
        await here.hook.email_of("U0SAM")


# Slack's own example: docs.slack.dev/authentication/verifying-requests-from-slack
STAMP = "1531420618"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F"
    b"96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
THEN = datetime.fromtimestamp(int(STAMP), UTC)


def test_what_slack_signed_is_believed():
    assert verify_signature(SIGNING, STAMP, BODY, SIGNATURE, THEN + timedelta(minutes=4))


@pytest.mark.parametrize(
    ("secret", "stamp", "body", "signature"),
    [
        ("another", STAMP, BODY, SIGNATURE),
        (SIGNING, "1531420619", BODY, SIGNATURE),
        (SIGNING, STAMP, BODY + b"&", SIGNATURE),
        (SIGNING, STAMP, BODY, SIGNATURE[:-1]),
        (SIGNING, STAMP, BODY, ""),
        (SIGNING, STAMP, BODY, "v0=é"),
        (SIGNING, "", BODY, SIGNATURE),
        (SIGNING, "1531420618.0", BODY, SIGNATURE),
        (SIGNING, "١٥٣١٤٢٠٦١٨", BODY, SIGNATURE),
        (SIGNING, "9" * 400, BODY, SIGNATURE),
    ],
)
def test_what_slack_did_not_sign_is_not_believed(
    secret: str, stamp: str, body: bytes, signature: str
):
    assert not verify_signature(secret, stamp, body, signature, THEN)


@pytest.mark.parametrize("age", [timedelta(minutes=5, seconds=1), timedelta(minutes=-6)])
def test_what_slack_signed_long_ago_is_not_believed_again(age: timedelta):
    signed = hmac.new(SIGNING.encode(), f"v0:{STAMP}:".encode() + BODY, hashlib.sha256).hexdigest()

    assert not verify_signature(SIGNING, STAMP, BODY, f"v0={signed}", THEN + age)
