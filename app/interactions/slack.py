"""The button on a card in Slack: whoever presses it claims, by the same rule as everybody.

Slack signs what it sends with the app's own secret, and wants an answer within three seconds. What
came of it is then said to who pressed, by the address that came with it.
Source: docs/integrations/slack.md, "Claiming from the card".
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import orjson
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from db.database import Database, Row
from db.models.vocabulary import IntegrationKind
from resolvers import claims
from resolvers.context import Context
from services import accounts, engineers, ids
from services.actor import Actor
from services.handoffs.claiming import Claimed
from services.handoffs.problems import HandoffAlreadyClaimed
from services.handoffs.transitions import UNGUARDED
from services.ids import Kind
from services.integrations import kinds
from services.integrations.configuring import with_secrets
from services.integrations.desk import Desk
from services.integrations.problems import VaultLocked
from services.integrations.protocol import NotSent
from services.integrations.slack import SlackChannel, verify_signature
from services.integrations.slack_blocks import CLAIM
from services.problems import Problem

logger = logging.getLogger(__name__)

PATH: Final = "/integrations/slack/{account}/{integration}/actions"
LONGEST: Final = 256 * 1024
"""Bytes of what Slack sends: it repeats the whole message that the button is on."""
WITHIN: Final = 2.5
"""Seconds until it is answered. Slack waits for three."""
ANSWERS: Final = "hooks.slack.com"

STRANGER: Final = (
    "Baton does not know you: no engineer of the account has the address that Slack has of you. "
    "Open the handoff and claim it there."
)
LATE: Final = "That took too long. Open the handoff to see whether it is yours."
AWAY: Final = "Baton could not ask Slack who you are. Open the handoff and claim it there."


@dataclass(frozen=True, slots=True)
class Pressed:
    """``answer_to`` is where what came of it is said to who pressed."""

    user: str
    handoff: str
    answer_to: str


class SlackActions:
    """``context`` makes the context in which an engineer does something."""

    def __init__(
        self,
        database: Database,
        desk: Desk,
        context: Callable[[Actor], Context],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._desk = desk
        self._context = context
        self._clock = clock

    async def pressed(self, request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return PlainTextResponse("Too large.", 413)
        found = await self._integration(request)
        if found is None or not self._is_signed(request, body, found):
            # the same for an integration that is not there: nobody is told which there are
            return PlainTextResponse("The signature does not fit.", 401)
        pressed = _pressed(body)
        if pressed is None:
            return Response(status_code=200)  # a link was opened, or a button that is not ours
        try:
            async with asyncio.timeout(WITHIN):
                said = await self._claim(found, pressed)
        except TimeoutError:
            said = LATE
        return Response(status_code=200, background=BackgroundTask(self._answer, pressed, said))

    async def _integration(self, request: Request) -> Row | None:
        """With its secrets."""
        account_id = await accounts.by_slug(self._database, request.path_params["account"])
        integration_id = ids.parse(request.path_params["integration"], Kind.INTEGRATION)
        if account_id is None or integration_id is None:
            return None
        async with self._database.transaction(account_id) as tx:
            found = await with_secrets(tx, [integration_id])
        usable = (row for row in found if row["kind"] == IntegrationKind.SLACK and row["enabled"])
        return next(usable, None)

    def _is_signed(self, request: Request, body: bytes, integration: Row) -> bool:
        try:
            secret = self._desk.vault.open(integration["secrets"]).get("signing_secret")
        except VaultLocked as locked:
            logger.error("a button in Slack can't be checked: %s", locked)  # noqa: TRY400
            return False
        return bool(secret) and verify_signature(
            str(secret),
            request.headers.get("x-slack-request-timestamp", ""),
            body,
            request.headers.get("x-slack-signature", ""),
            self._clock(),
        )

    async def _claim(self, integration: Row, pressed: Pressed) -> str:
        """Returns what to say to who pressed."""
        channel = kinds.channel(integration, self._desk.vault, self._desk.outgoing)
        assert isinstance(channel, SlackChannel)  # noqa: S101  # it is the integration's kind
        try:
            email = await channel.email_of(pressed.user)
        except NotSent as problem:
            logger.warning("Slack does not say who pressed a button: %s", problem.why)
            return AWAY
        actor = email and await self._engineer(integration["account_id"], email)
        if not actor:
            return STRANGER
        context = self._context(actor)
        return _told(await claims.claim_handoff(context, pressed.handoff, None, UNGUARDED))

    async def _engineer(self, account_id: UUID, email: str) -> Actor | None:
        async with self._database.transaction(account_id) as tx:
            return await engineers.active(tx, email)

    async def _answer(self, pressed: Pressed, said: str) -> None:
        answer = {"response_type": "ephemeral", "replace_original": False, "text": said}
        try:
            await self._desk.outgoing.request("POST", pressed.answer_to, json=answer)
        except NotSent as problem:
            logger.warning("who pressed a button in Slack is not told: %s", problem.why)


def _told(outcome: Claimed | Problem) -> str:
    match outcome:
        case Claimed():
            return "It is yours. Open the handoff to go on."
        case HandoffAlreadyClaimed():
            since = f"{outcome.claimed_at:%H:%M} UTC"
            return f"{outcome.claimed_by['name']} has it since {since}."
    return str(outcome)


async def _body(request: Request) -> bytes | None:
    """None for more than Slack would send."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            return None
    return body


def _pressed(body: bytes) -> Pressed | None:
    """None unless it is the button that claims."""
    try:
        said: Any = orjson.loads(parse_qs(body.decode())["payload"][0])
        [action] = said["actions"]
        answer_to = said["response_url"]
        where = urlsplit(answer_to)
        if action["action_id"] != CLAIM or (where.scheme, where.netloc) != ("https", ANSWERS):
            return None
        return Pressed(str(said["user"]["id"]), str(action["value"]), answer_to)
    except (ValueError, KeyError, TypeError):
        return None
