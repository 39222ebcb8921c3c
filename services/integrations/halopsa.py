"""Private actions on HaloPSA's tickets.

Source: docs/integrations/halopsa.md.
"""

from __future__ import annotations

import asyncio
import html
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from services.integrations.outgoing import Answer, Outgoing
from services.integrations.protocol import Refused
from services.integrations.psa import (
    LOOKED_THROUGH,
    TicketSystem,
    numbered,
    part,
)
from services.integrations.ticket_notes import Note, among

OUTCOME: Final = "Private Note"
"""What Halo comes with. A tenant may have renamed it."""

SCOPE: Final = "read:tickets edit:tickets read:actions edit:actions"
EARLY: Final = 60
"""Seconds before its end that a token is not used any more."""

_MODEL: Final = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class HaloSettings(BaseModel):
    model_config = _MODEL

    url: str = Field(
        pattern=r"^https://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?/?$",
        description="Such as https://acme.halopsa.com",
    )
    tenant: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_.-]{1,100}$",
        description="As Halo's API page names it; not needed where Halo runs on a server of yours",
    )
    outcome_id: int | None = Field(
        default=None, ge=1, le=2**31 - 1, description="The action that notes are written as"
    )
    outcome: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="The same by name; Private Note when both are left out",
    )


class HaloSecrets(BaseModel):
    model_config = _MODEL

    client_id: str = Field(
        min_length=1, max_length=200, repr=False, description="Of the API application"
    )
    client_secret: str = Field(
        min_length=1, max_length=400, repr=False, description="Of the API application"
    )


class HaloChannel(TicketSystem):
    vendor: ClassVar[str] = "HaloPSA"
    limit: ClassVar[int] = 32_000  # none is documented; a longer note is nothing to read
    keys: ClassVar[str] = "the client id or the secret"
    grant: ClassVar[str] = (
        "give the API application the permissions read:tickets, edit:tickets, read:actions and "
        "edit:actions, and its agent the ticket's area"
    )
    fields: ClassVar[tuple[str, ...]] = (
        "ticket_id",
        "note_html",
        "outcome_id",
        "outcome",
        "hiddenfromuser",
    )

    def __init__(self, settings: HaloSettings, secrets: HaloSecrets, outgoing: Outgoing) -> None:
        super().__init__(outgoing)
        self._settings = settings
        self._secrets = secrets
        self._base = settings.url.rstrip("/")
        self._signing_in = asyncio.Lock()
        self._token = ""
        self._until = 0.0

    async def greet(self) -> str:
        answer = self.check(await self._request("GET", "/api/Outcome"))
        names = part(answer, lambda rows: {row["id"]: str(row.get("outcome", "")) for row in rows})
        wanted = self._settings.outcome_id or self._settings.outcome or OUTCOME
        if wanted not in names and wanted not in names.values():
            raise Refused(
                f"HaloPSA accepts the keys, but has no action {wanted!r}: enter the name or the id "
                "of one that is private."
            )
        return f"HaloPSA accepts the keys, and has the action {names.get(wanted, wanted)}."

    async def find(self, number: str) -> int:
        return numbered(number, self.vendor)

    async def look(self, ticket: int, marker: str, notes: Sequence[Note]) -> Mapping[str, str]:
        query = urlencode({"ticket_id": ticket, "excludesys": "true"})
        answer = self.check(await self._request("GET", f"/api/Actions?{query}"), ticket=ticket)
        return among(
            notes,
            part(answer, lambda listed: [(str(a["id"]), _text(a)) for a in listed["actions"]]),
        )

    async def add(self, ticket: int, note: Note) -> str:
        action: dict[str, Any] = {
            "ticket_id": ticket,
            "note_html": _page(note.text),
            "hiddenfromuser": True,
            "sendemail": False,
        }
        if self._settings.outcome_id is not None:
            action["outcome_id"] = self._settings.outcome_id
        else:
            action["outcome"] = self._settings.outcome or OUTCOME
        # Halo writes several at once: a list, even of one
        answer = self.check(await self._request("POST", "/api/Actions", [action]), ticket=ticket)
        return part(answer, lambda written: str(int(_first(written)["id"])))

    async def _request(self, method: str, path: str, json: Any = None) -> Answer:
        answer = await self._with(await self._signed_in(), method, path, json)
        if answer.status == 401:  # taken back before its time: once more, with a new one
            self._until = 0.0
            answer = await self._with(await self._signed_in(), method, path, json)
        return answer

    async def _with(self, token: str, method: str, path: str, json: Any) -> Answer:
        return await self._outgoing.request(
            method,
            self._base + path,
            headers={"authorization": f"Bearer {token}", "accept": "application/json"},
            json=json,
            at_most=LOOKED_THROUGH,
        )

    async def _signed_in(self) -> str:
        async with self._signing_in:
            if time.monotonic() >= self._until:
                await self._sign_in()
            return self._token

    async def _sign_in(self) -> None:
        tenant = self._settings.tenant
        query = f"?{urlencode({'tenant': tenant})}" if tenant else ""
        answer = await self._outgoing.request(
            "POST",
            f"{self._base}/auth/token{query}",
            form={
                "grant_type": "client_credentials",
                "client_id": self._secrets.client_id,
                "client_secret": self._secrets.client_secret,
                "scope": SCOPE,
            },
        )
        if answer.status in {400, 401}:  # RFC 6749, section 5.2, allows both
            raise Refused(
                f"HaloPSA does not accept the client id, the secret or the tenant (HTTP "
                f"{answer.status}): make a new secret there and save the integration with it.",
                status=answer.status,
            )
        self.check(answer)
        token, seconds = part(
            answer, lambda given: (str(given["access_token"]), int(given["expires_in"]))
        )
        self._token = token
        self._until = time.monotonic() + seconds - EARLY


def _first(written: Any) -> Any:
    return written[0] if isinstance(written, list) else written


def _text(action: Any) -> str:
    return f"{action.get('note') or ''}\n{html.unescape(action.get('note_html') or '')}"


def _page(text: str) -> str:
    """A text as HTML that keeps its lines and what is set in."""
    lines = []
    for line in text.split("\n"):
        bare = line.lstrip(" ")
        lines.append("&nbsp;" * (len(line) - len(bare)) + html.escape(bare, quote=False))
    return "<br>".join(lines)
