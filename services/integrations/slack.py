"""Slack: cards by a bot, which are edited as their handoff moves on, or by an incoming webhook.

Source: docs/integrations/slack.md; docs.slack.dev/reference/methods/chat.postMessage.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.integrations import slack_blocks
from services.integrations.outgoing import Answer, Outgoing, judge
from services.integrations.protocol import Letter, NotSent, Purpose, Refused, Sent, TryAgain
from services.integrations.slack_problems import NO_CARD, NO_USER, problem

API: Final = "https://slack.com/api"
JSON: Final = {"content-type": "application/json; charset=utf-8"}

HOOK_REFUSALS: Final = frozenset({400, 403, 404, 410})
"""With these a webhook says one word. Source:
docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, "Handling errors"."""

DOCUMENTING: Final = 5.0  # seconds: an attempt that ran out of time after its card posts it again
NOTHING_TO_CHANGE: Final = "There is no card that could be changed."
QUIET: Final = {"unfurl_links": False, "unfurl_media": False}
"""No preview of the pages that a message links to."""

OLDEST: Final = timedelta(minutes=5)
"""Of what Slack has signed. Source: docs.slack.dev/authentication/verifying-requests-from-slack."""

ANEW: Final = frozenset({Purpose.RAISED, Purpose.UNREACHED, Purpose.TEST})
"""What has to be noticed: an edited card makes no sound."""


class SlackSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: str | None = Field(
        default=None,
        description="The channel's id (C…), or its name with #; with a bot token only",
        pattern=r"^(#[^\s#@<>]{1,80}|[CDG][A-Z0-9]{6,20})$",
    )


class SlackSecrets(BaseModel):
    """Either a bot token or a webhook's address."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    bot_token: str | None = Field(
        default=None,
        description="Bot User OAuth Token (xoxb-…), with the scope chat:write",
        pattern=r"^xoxb-[A-Za-z0-9-]{10,250}$",
        repr=False,
    )
    signing_secret: str | None = Field(
        default=None,
        description="Signing Secret of the app, for the button that claims",
        pattern=r"^[A-Za-z0-9]{16,128}$",
        repr=False,
    )
    webhook_url: str | None = Field(
        default=None,
        description="Address of an incoming webhook (https://hooks.slack.com/services/…)",
        pattern=r"^https://hooks\.slack\.com/services/[A-Za-z0-9]+/[A-Za-z0-9]+/[A-Za-z0-9]+$",
        max_length=300,
        repr=False,
    )

    @model_validator(mode="after")
    def one_way(self) -> Self:
        if (self.bot_token is None) == (self.webhook_url is None):
            raise ValueError("Give either a bot token or the address of an incoming webhook.")
        return self


class SlackChannel:
    """Raises ValueError for a bot without a channel."""

    def __init__(self, settings: SlackSettings, secrets: SlackSecrets, outgoing: Outgoing) -> None:
        if secrets.bot_token and not settings.channel:
            raise ValueError("Say which channel the bot posts to.")
        self._channel = settings.channel
        self._secrets = secrets
        self._outgoing = outgoing
        # without a token nobody can be asked who it was that pressed the button
        self._claimable = None not in {secrets.signing_secret, secrets.bot_token}

    async def send(self, letter: Letter, earlier: str | None) -> Sent:
        if letter.quiet:
            return await self._revise(letter, earlier)
        if self._secrets.webhook_url is not None:
            return await self._hook(self._secrets.webhook_url, letter)
        if earlier is not None and letter.purpose not in ANEW:
            return await self._edit(letter, earlier)
        sent = await self._post(letter)
        if letter.purpose is Purpose.RAISED and letter.markdown and sent.reference:
            return await self._document(letter, sent.reference)
        return sent

    async def email_of(self, user: str) -> str | None:
        """Of the Slack user who pressed a button. None if Slack doesn't tell, or if nobody here
        vouches for it: the user is of another organisation, which sees the channel too.

        Raises TryAgain or Refused, the latter also when the integration has no bot token.
        """
        if self._secrets.bot_token is None:
            raise Refused("Who somebody is can be asked with a bot token only.")
        try:
            found = await self._call("users.info", form={"user": user})
        except _Missing:
            return None
        person = found.get("user")
        if not isinstance(person, dict) or person.get("deleted") or person.get("is_bot"):
            return None
        if not _same_house(person, await self._call("auth.test", form={})):
            return None
        profile = person.get("profile")
        email = profile.get("email") if isinstance(profile, dict) else None
        return email if isinstance(email, str) else None

    async def _post(self, letter: Letter) -> Sent:
        whole = letter.purpose is Purpose.RAISED
        message = self._message(letter, whole=whole)
        said = await self._call(
            "chat.postMessage", json={"channel": self._channel, **message, **QUIET}
        )
        return Sent(_reference(said), "Slack has posted it.")

    async def _edit(self, letter: Letter, earlier: str) -> Sent:
        """A card that nobody can edit any more is followed by another message."""
        try:
            return await self._update(letter, earlier)
        except _Missing:
            return await self._post(letter)

    async def _revise(self, letter: Letter, earlier: str | None) -> Sent:
        """Where there is no card to be changed, nothing is missing: a message would be noise."""
        if self._secrets.bot_token is None or earlier is None:
            return Sent(None, NOTHING_TO_CHANGE)
        try:
            return await self._update(letter, earlier)
        except _Missing:
            return Sent(None, NOTHING_TO_CHANGE)

    async def _update(self, letter: Letter, card: str) -> Sent:
        """Raises _Missing, too."""
        channel, _, ts = card.partition(":")
        message = self._message(letter, whole=True)
        await self._call("chat.update", json={"channel": channel, "ts": ts, **message})
        return Sent(card, "Slack has changed the card.")

    async def _document(self, letter: Letter, card: str) -> Sent:
        """The card is what was promised, and it is there: to fail now would post it twice."""
        channel, _, ts = card.partition(":")
        blocks = slack_blocks.documentation(letter)
        message = {"channel": channel, "thread_ts": ts, **_with(blocks, "Documentation"), **QUIET}
        try:
            async with asyncio.timeout(DOCUMENTING):
                await self._call("chat.postMessage", json=message)
        except TimeoutError:
            why = f"There was no answer within {DOCUMENTING:g} s."
        except NotSent as trouble:
            why = trouble.why
        else:
            return Sent(card, "Slack has posted the card, and the documentation in its thread.")
        return Sent(card, f"Slack has posted the card, not the documentation: {why}")

    async def _hook(self, url: str, letter: Letter) -> Sent:
        message = self._message(letter, whole=letter.purpose is Purpose.RAISED)
        answer = await self._outgoing.request(
            "POST", url, headers=JSON, content=orjson.dumps({**message, **QUIET})
        )
        if answer.status == 200 and answer.body.strip() == b"ok":
            return Sent(None, "Slack has posted it.")
        if answer.status in HOOK_REFUSALS:
            code = answer.body.decode("ascii", "replace").strip()
            if (trouble := problem(code, answer)) is not None:
                raise trouble
        judge(answer, "Slack")
        raise _strange(answer)

    def _message(self, letter: Letter, *, whole: bool) -> dict[str, Any]:
        blocks = slack_blocks.blocks(letter, whole=whole, claimable=self._claimable)
        return _with(blocks, slack_blocks.fallback(letter))

    async def _call(
        self,
        method: str,
        *,
        json: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """Slack answers 200 even when it refuses; ``ok`` says so."""
        bearer = {"authorization": f"Bearer {self._secrets.bot_token}"}
        answer = await self._outgoing.request(
            "POST",
            f"{API}/{method}",
            headers={**JSON, **bearer} if json is not None else bearer,
            content=orjson.dumps(json) if json is not None else None,
            form=form,
        )
        judge(answer, "Slack")
        said = answer.json()
        if not isinstance(said, dict) or not isinstance(said.get("ok"), bool):
            raise _strange(answer)
        if said["ok"]:
            return said
        if said.get("error") in NO_CARD | NO_USER:
            raise _Missing("Slack doesn't have it any more.", status=answer.status)
        raise problem(said.get("error"), answer) or TryAgain(
            "Slack refused it, for a reason that is not known here.", status=answer.status
        )


class _Missing(Refused):
    """There is no such card, or no such person."""


def verify_signature(
    signing_secret: str, timestamp: str, body: bytes, signature: str, now: datetime
) -> bool:
    """Whether Slack sent this, and not long ago. ``timestamp`` and ``signature`` are the headers
    ``X-Slack-Request-Timestamp`` and ``X-Slack-Signature``; ``body`` is as it came."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        return False
    if abs(now.timestamp() - int(timestamp)) > OLDEST.total_seconds():
        return False
    signed = b"v0:%s:%s" % (timestamp.encode(), body)
    expected = "v0=" + hmac.new(signing_secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def _with(blocks: list[dict[str, Any]], text: str) -> dict[str, Any]:
    """``text`` is what a notification shows. Slack doesn't look for names and links in it."""
    return {"text": text, "blocks": blocks, "parse": "none", "link_names": False}


def _same_house(person: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """Whether it is the app's workspace, or another one of the same company, that knows them."""
    enterprise = person.get("enterprise_user")
    company = enterprise.get("enterprise_id") if isinstance(enterprise, dict) else None
    team = person.get("team_id")
    return team == own.get("team_id", "") or (
        company is not None and company == own.get("enterprise_id")
    )


def _reference(said: Mapping[str, Any]) -> str | None:
    channel, ts = said.get("channel"), said.get("ts")
    if isinstance(channel, str) and isinstance(ts, str):
        return f"{channel}:{ts}"[:200]
    return None


def _strange(answer: Answer) -> TryAgain:
    return TryAgain("Slack's answer could not be understood.", status=answer.status)
