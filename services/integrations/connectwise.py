"""Notes on ConnectWise PSA's service tickets.

Source: docs/integrations/connectwise.md.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field

from services.integrations.outgoing import Answer, Outgoing
from services.integrations.protocol import Refused, TryAgain
from services.integrations.psa import (
    LOOKED_THROUGH,
    TOO_MANY,
    TicketSystem,
    numbered,
    part,
)
from services.integrations.ticket_notes import Note, among

PAGE: Final = 25
"""Notes that are listed at a time: at their longest they fit into LOOKED_THROUGH."""
PAGES: Final = 200

_MODEL: Final = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class ConnectWiseSettings(BaseModel):
    model_config = _MODEL

    site: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?$",
        description="The API's host, such as api-eu.myconnectwise.net",
    )
    company_id: str = Field(
        pattern=r"^[A-Za-z0-9_.-]{1,50}$",
        description="What is entered as the company when signing in",
    )
    codebase: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_.]{1,40}$",
        description="Such as v4_6_release; asked for at the site when left out",
    )
    version: str = Field(
        default="2025.16",
        pattern=r"^[0-9]{1,4}\.[0-9]{1,4}$",
        description="The version of the API that is spoken",
    )


class ConnectWiseSecrets(BaseModel):
    model_config = _MODEL

    public_key: str = Field(
        min_length=1, max_length=200, repr=False, description="Of the API member's key pair"
    )
    private_key: str = Field(
        min_length=1, max_length=200, repr=False, description="Of the API member's key pair"
    )
    client_id: str = Field(
        min_length=1, max_length=200, repr=False, description="From developer.connectwise.com"
    )


class ConnectWiseChannel(TicketSystem):
    vendor: ClassVar[str] = "ConnectWise"
    limit: ClassVar[int] = 32_000
    keys: ClassVar[str] = "the company, the key pair or the client id"
    grant: ClassVar[str] = (
        "give the API member's role Service Desk > Service Tickets, add and inquire"
    )
    fields: ClassVar[tuple[str, ...]] = ("text", "internalAnalysisFlag", "processNotifications")

    def __init__(
        self, settings: ConnectWiseSettings, secrets: ConnectWiseSecrets, outgoing: Outgoing
    ) -> None:
        super().__init__(outgoing)
        self._settings = settings
        self._codebase = settings.codebase
        pair = f"{settings.company_id}+{secrets.public_key}:{secrets.private_key}"
        self._headers = {
            "authorization": f"Basic {b64encode(pair.encode()).decode()}",
            "clientid": secrets.client_id,
            "accept": f"application/vnd.connectwise.com+json; version={settings.version}",
        }

    async def greet(self) -> str:
        answer = self.check(await self._request("GET", "/system/info"))
        version = part(answer, lambda info: str(info["version"])[:40])
        return f"ConnectWise {version} accepts the keys. No note was written."

    async def find(self, number: str) -> int:
        return numbered(number, self.vendor)

    async def look(self, ticket: int, marker: str, notes: Sequence[Note]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for page in range(1, PAGES + 1):
            query = urlencode(
                # the newest first: what an earlier attempt left is on the first page
                {"fields": "id,text", "orderBy": "id desc", "pageSize": PAGE, "page": page}
            )
            listed = await self._request("GET", f"/service/tickets/{ticket}/notes?{query}")
            self.check(listed, ticket=ticket)
            texts = part(listed, lambda rows: [(str(r["id"]), r.get("text") or "") for r in rows])
            found = among(notes, texts) | found
            if len(found) == len(notes) or len(texts) < PAGE:
                return found
        raise Refused(TOO_MANY.format(vendor=self.vendor))

    async def add(self, ticket: int, note: Note) -> str:
        wanted = {
            "text": note.text,
            "internalAnalysisFlag": True,
            "detailDescriptionFlag": False,
            "resolutionFlag": False,
            "issueFlag": False,
            "customerUpdatedFlag": False,
            "processNotifications": False,
        }
        answer = await self._request("POST", f"/service/tickets/{ticket}/notes", json=wanted)
        return part(self.check(answer, ticket=ticket), lambda written: str(int(written["id"])))

    async def _request(self, method: str, path: str, *, json: Any = None) -> Answer:
        remembered = self._codebase
        answer = await self._at(await self._found_codebase(), method, path, json)
        if answer.status == 404 and remembered and not self._settings.codebase:
            # the code base is of a release, and they may have another one by now
            self._codebase = None
            answer = await self._at(await self._found_codebase(), method, path, json)
        return answer

    async def _at(self, codebase: str, method: str, path: str, json: Any) -> Answer:
        base = f"https://{self._settings.site}/{codebase}/apis/3.0"
        return await self._outgoing.request(
            method, base + path, headers=self._headers, json=json, at_most=LOOKED_THROUGH
        )

    async def _found_codebase(self) -> str:
        if self._codebase is None:
            company = quote(self._settings.company_id, safe="")
            answer = await self._outgoing.request(
                "GET", f"https://{self._settings.site}/login/companyinfo/{company}"
            )
            name = part(self.check(answer), lambda info: info["Codebase"].strip("/"))
            if not re.fullmatch(r"[A-Za-z0-9_.]{1,40}", name):
                raise TryAgain("ConnectWise does not say its code base: enter it in the settings.")
            self._codebase = name
        return self._codebase
