"""Internal notes on Autotask's tickets.

Autotask counts the requests of all integrations of a customer together, and shuts them all out when
they are too many. A note costs two requests, and one more for a ticket that was not met before:
finding the ticket, looking for the note, writing it. Nothing is asked at the same time.
Source: docs/integrations/autotask.md.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from services.integrations.outgoing import Answer, Outgoing
from services.integrations.protocol import Letter, Refused, Sent
from services.integrations.psa import TicketSystem, part
from services.integrations.ticket_notes import Note, among

DOOR: Final = "https://webservices.autotask.net/atservicesrest"
"""Where everybody asks for their zone."""

ZONE: Final = r"^https://[A-Za-z0-9-]{1,60}\.autotask\.net(/[A-Za-z0-9_-]{1,60})*/?$"
REMEMBERED: Final = 1000
TITLE: Final = 250  # characters

_MODEL: Final = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class AutotaskSettings(BaseModel):
    model_config = _MODEL

    user_name: str = Field(
        min_length=1, max_length=200, description="The API user's name, with the part after the @"
    )
    note_type: int = Field(
        ge=0, le=2**31 - 1, description="The value of the note type that handoffs are written as"
    )
    publish: int = Field(
        ge=0,
        le=2**31 - 1,
        description="The value of Publish to that only colleagues see; each customer has their own",
    )
    zone: str | None = Field(
        default=None,
        max_length=300,
        pattern=ZONE,
        description="Such as https://webservices5.autotask.net/atservicesrest; "
        "asked for when left out",
    )


class AutotaskSecrets(BaseModel):
    model_config = _MODEL

    integration_code: str = Field(
        min_length=1, max_length=200, repr=False, description="The API tracking identifier"
    )
    secret: str = Field(
        min_length=1, max_length=200, repr=False, description="The API user's password"
    )


class AutotaskChannel(TicketSystem):
    vendor: ClassVar[str] = "Autotask"
    limit: ClassVar[int] = 32_000
    keys: ClassVar[str] = "the user name, the secret or the tracking identifier"
    grant: ClassVar[str] = "give the API user a security level that may read tickets and add notes"
    fields: ClassVar[tuple[str, ...]] = ("noteType", "publish", "title", "description", "ticketID")
    refusing: ClassVar[frozenset[int]] = frozenset({400, 422, 500})  # it blames itself for ours

    def __init__(
        self, settings: AutotaskSettings, secrets: AutotaskSecrets, outgoing: Outgoing
    ) -> None:
        super().__init__(outgoing)
        self._settings = settings
        self._zone = settings.zone and settings.zone.rstrip("/")
        self._serially = asyncio.Lock()
        self._ids: dict[str, int] = {}
        self._headers = {
            "apiintegrationcode": secrets.integration_code,
            "username": settings.user_name,
            "secret": secrets.secret,
        }

    async def send(self, letter: Letter, earlier: str | None) -> Sent:
        async with self._serially:
            return await super().send(letter, earlier)

    async def greet(self) -> str:
        answer = self.check(await self._request("GET", "TicketNotes/entityInformation/fields"))
        labels = part(answer, _labels)
        chosen = {"noteType": self._settings.note_type, "publish": self._settings.publish}
        for name, value in chosen.items():
            if value not in labels.get(name, {}):
                raise Refused(
                    f"Autotask accepts the keys, but {value} is no active value of {name} there: "
                    f"choose one of {_listed(labels.get(name, {}))}."
                )
        kind, seen_by = (labels[name][value] for name, value in chosen.items())
        return f"Autotask accepts the keys. Notes are {kind!r}, published to {seen_by!r}."

    async def find(self, number: str) -> int:
        number = number.strip()
        if number not in self._ids:
            asked = _query(["id"], _is("ticketNumber", number))
            answer = self.check(await self._request("POST", "Tickets/query", asked))
            ids = part(answer, lambda found: [int(item["id"]) for item in found["items"]])
            if not ids:
                raise Refused(
                    f"Autotask has no ticket {number!r}, or hides it from this user: check the "
                    "number that the session is linked to."
                )
            if len(self._ids) >= REMEMBERED:
                self._ids.clear()
            self._ids[number] = ids[0]
        return self._ids[number]

    async def look(self, ticket: int, marker: str, notes: Sequence[Note]) -> Mapping[str, str]:
        # in their titles: short, always plain text, and all chunks found with one request
        here = [_is("ticketID", ticket), {"op": "contains", "field": "title", "value": marker}]
        asked = _query(["id", "title"], *here)
        answer = self.check(await self._request("POST", "TicketNotes/query", asked))
        titles = part(
            answer,
            lambda found: [(str(item["id"]), item["title"] or "") for item in found["items"]],
        )
        return among(notes, titles)

    async def add(self, ticket: int, note: Note) -> str:
        wanted = {
            "ticketID": ticket,
            "title": f"{note.title} {note.marker}"[:TITLE],
            "description": note.text,
            "noteType": self._settings.note_type,
            "publish": self._settings.publish,
        }
        answer = await self._request("POST", f"Tickets/{ticket}/Notes", wanted)
        return part(self.check(answer, ticket=ticket), lambda done: str(int(done["itemId"])))

    async def _request(self, method: str, path: str, json: Any = None) -> Answer:
        url = f"{await self._found_zone()}/v1.0/{path}"
        return await self._outgoing.request(method, url, headers=self._headers, json=json)

    async def _found_zone(self) -> str:
        if not self._zone:
            self._zone = await self.zone()
        return self._zone

    async def zone(self) -> str:
        """Where the user's data is. It does not change: it belongs into the settings."""
        user = self._settings.user_name
        query = urlencode({"user": user})
        answer = await self._outgoing.request("GET", f"{DOOR}/v1.0/zoneInformation?{query}")
        # it answers 500 for a user whom it does not know, with words; without any it has trouble
        if answer.status == 404 or (answer.status == 500 and answer.body.startswith(b"{")):
            raise Refused(
                f"Autotask knows no API user {user!r} (HTTP {answer.status}): check the name, "
                "with the part after the @.",
                status=answer.status,
            )
        url = part(self.check(answer), lambda found: str(found["url"]))
        if not re.fullmatch(ZONE, url):
            raise Refused(
                "Autotask names a zone that is none of its own: enter the zone in the settings."
            )
        return url.rstrip("/")


def _is(field: str, value: str | int) -> dict[str, Any]:
    return {"op": "eq", "field": field, "value": value}


def _query(fields: Sequence[str], *conditions: dict[str, Any]) -> dict[str, Any]:
    return {"MaxRecords": 500, "IncludeFields": list(fields), "filter": list(conditions)}


def _labels(described: Any) -> dict[str, dict[int, str]]:
    """The active values of each field that has a list of them, and their names."""
    return {
        field["name"]: {
            int(choice["value"]): str(choice["label"])
            for choice in field["picklistValues"]
            if choice["isActive"]
        }
        for field in described["fields"]
        if field.get("picklistValues")
    }


def _listed(labels: Mapping[int, str]) -> str:
    return ", ".join(f"{value} ({label})" for value, label in labels.items())
