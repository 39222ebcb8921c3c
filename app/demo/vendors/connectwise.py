"""ConnectWise PSA, as far as notes on service tickets go."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from app.demo.vendors.base import Asked, FakeVendor, Reply
from app.demo.vendors.counting import units

COMPANY = "acme"
PUBLIC_KEY = "connectwise-public"
PRIVATE_KEY = "connectwise-private"
CLIENT_ID = "5f0c3e2a-demo"
LONGEST = 32_000
FLAGS = (
    "detailDescriptionFlag",
    "internalAnalysisFlag",
    "resolutionFlag",
    "issueFlag",
    "customerUpdatedFlag",
    "processNotifications",
)


@dataclass
class FakeConnectWise(FakeVendor):
    """``notes`` are those of each ticket there is, the oldest first."""

    notes: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: {48231: []})
    allowed: bool = True
    longest: int = LONGEST
    private_key: str = PRIVATE_KEY
    codebase: str = "v4_6_release"  # of the release that runs now: others are not found

    name = "ConnectWise"

    def __post_init__(self) -> None:
        super().__init__()

    def reply(self, asked: Asked) -> Reply:
        if asked.path == f"/login/companyinfo/{COMPANY}":
            return Reply(200, {"Codebase": f"{self.codebase}/", "IsCloud": True})
        refused = self._refused(asked)
        if refused is not None:
            return refused
        path = asked.path.removeprefix(f"/{self.codebase}/apis/3.0")
        if (asked.method, path) == ("GET", "/system/info"):
            return Reply(200, {"version": "v2025.1", "isCloud": True})
        ticket = re.fullmatch(r"/service/tickets/(\d+)/notes", path)
        if ticket is None or int(ticket[1]) not in self.notes:
            return _wrong(404, "NotFound", "Ticket not found")
        notes = self.notes[int(ticket[1])]
        if asked.method == "GET":
            return _listed(notes, asked.query)
        return self._written(int(ticket[1]), asked.json())

    def _refused(self, asked: Asked) -> Reply | None:
        pair = f"{COMPANY}+{PUBLIC_KEY}:{self.private_key}".encode()
        signed_in = asked.headers.get("authorization") == f"Basic {b64encode(pair).decode()}"
        if not signed_in or asked.headers.get("clientid") != CLIENT_ID:
            return _wrong(401, "Unauthorized", "The requested resource requires authentication")
        if not self.allowed:
            return _wrong(403, "SecurityError", "You do not have security permission")
        if "application/vnd.connectwise.com+json; version=" not in asked.headers.get("accept", ""):
            return _wrong(406, "NotAcceptable", "Say which version")
        return None

    def _written(self, ticket: int, wanted: dict[str, Any]) -> Reply:
        text = wanted.get("text")
        if not isinstance(text, str) or not 0 < units(text) <= self.longest:
            return _wrong(400, "InvalidObject", "serviceNote object is invalid", "text")
        if not any(wanted.get(flag) for flag in FLAGS[:3]):
            return _wrong(
                400, "InvalidObject", "serviceNote object is invalid", "detailDescriptionFlag"
            )
        note = {
            "id": 9000 + sum(map(len, self.notes.values())),
            "ticketId": ticket,
            "text": text,
            **{flag: bool(wanted.get(flag, False)) for flag in FLAGS},
        }
        self.notes[ticket].append(note)
        self.accepted(note)
        # as it does: both true, whatever the note is
        return Reply(201, {**note, "internalFlag": True, "externalFlag": True})


def _listed(notes: list[dict[str, Any]], query: str) -> Reply:
    given = {name: values[0] for name, values in parse_qs(query).items()}
    size, page = int(given.get("pageSize", "25")), int(given.get("page", "1"))
    if size > 1000:
        return _wrong(400, "InvalidParameter", "pageSize is at most 1000")
    rows = sorted(notes, key=lambda note: note["id"], reverse=given.get("orderBy") == "id desc")
    fields = given.get("fields", "").split(",") if "fields" in given else None
    return Reply(
        200,
        [
            {name: value for name, value in note.items() if fields is None or name in fields}
            for note in rows[(page - 1) * size : page * size]
        ],
    )


def _wrong(status: int, code: str, message: str, at: str | None = None) -> Reply:
    errors = at and [{"code": "MissingRequiredField", "resource": "serviceNote", "field": at}]
    return Reply(status, {"code": code, "message": message, "errors": errors or None})
