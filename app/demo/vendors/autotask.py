"""Autotask, as far as zones, tickets' numbers and their notes go."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from app.demo.vendors.base import Asked, FakeVendor, Reply
from app.demo.vendors.counting import units

ZONE = "https://webservices5.autotask.net/ATServicesRest"
USER = "baton@acme.example"
INTEGRATION_CODE = "autotask-code"
SECRET = "autotask-secret"  # noqa: S105  # the demo's
NOTE_TYPES = {1: "Task Summary", 3: "Task Notes"}
PUBLISH = {1: "All Autotask Users", 2: "Internal Users Only"}
LONGEST = 32_000


@dataclass
class FakeAutotask(FakeVendor):
    """``tickets`` are the ids of numbers, and ``notes`` those of each ticket, by id."""

    tickets: dict[str, int] = field(default_factory=lambda: {"T20261124.0042": 5002})
    notes: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: {5002: []})
    zone: str = ZONE
    allowed: bool = True
    secret: str = SECRET

    name = "Autotask"

    def __post_init__(self) -> None:
        super().__init__()

    def reply(self, asked: Asked) -> Reply:
        path = asked.path.lower().removeprefix("/atservicesrest/v1.0/")
        if path == "zoneinformation":
            return self._zone(parse_qs(asked.query))
        return self._refused(asked) or self._answered(asked, path)

    def _zone(self, query: dict[str, list[str]]) -> Reply:
        if query.get("user") != [USER]:
            return Reply(500, {"errors": ["No zone is known for the user."]})
        return Reply(200, {"zoneName": "Pre-release", "url": f"{self.zone}/"})

    def _refused(self, asked: Asked) -> Reply | None:
        names = ("apiintegrationcode", "username", "secret")
        if tuple(map(asked.headers.get, names)) != (INTEGRATION_CODE, USER, self.secret):
            return Reply(401, {"errors": ["The Username and/or Secret is invalid."]})
        return None if self.allowed else Reply(403, b"")

    def _answered(self, asked: Asked, path: str) -> Reply:
        match asked.method, path:
            case "GET", "ticketnotes/entityinformation/fields":
                return Reply(200, {"fields": _FIELDS})
            case "POST", "tickets/query":
                return self._tickets(asked.json())
            case "POST", "ticketnotes/query":
                return self._found(asked.json())
            case "POST", _ if child := re.fullmatch(r"tickets/(\d+)/notes", path):
                return self._written(int(child[1]), asked.json())
        return Reply(404, b"")

    def _tickets(self, query: dict[str, Any]) -> Reply:
        rows = [{"id": key, "ticketNumber": number} for number, key in self.tickets.items()]
        return _items(rows, query)

    def _found(self, query: dict[str, Any]) -> Reply:
        return _items([note for notes in self.notes.values() for note in notes], query)

    def _written(self, ticket: int, wanted: dict[str, Any]) -> Reply:
        if ticket not in self.notes:
            return Reply(404, b"")
        for name, longest in (("title", 250), ("description", LONGEST)):
            text = wanted.get(name)
            if not isinstance(text, str) or not 0 < units(text) <= longest:
                return Reply(500, {"errors": [f"Missing or too long: {name}."]})
        for name, values in (("noteType", NOTE_TYPES), ("publish", PUBLISH)):
            if wanted.get(name) not in values:
                return Reply(500, {"errors": [f"Value for field: {name} is not in the picklist."]})
        number = 30_000 + sum(map(len, self.notes.values()))
        self.notes[ticket].append({**wanted, "id": number, "ticketID": ticket})
        self.accepted(self.notes[ticket][-1])
        return Reply(200, {"itemId": number})


def _items(rows: list[dict[str, Any]], query: dict[str, Any]) -> Reply:
    if not query.get("filter") or query.get("MaxRecords", 500) > 500:
        return Reply(500, {"errors": ["A filter is required, and at most 500 records."]})
    named = query.get("IncludeFields")
    found = [row for row in rows if all(_fits(row, condition) for condition in query["filter"])]
    items = [{k: v for k, v in row.items() if named is None or k in named} for row in found]
    details = {"count": len(items), "nextPageUrl": None}
    return Reply(200, {"items": items, "pageDetails": details})


def _fits(row: dict[str, Any], condition: dict[str, Any]) -> bool:
    value = row[condition["field"]]
    if condition["op"] == "contains":
        return str(condition["value"]).lower() in str(value).lower()
    return bool(value == condition["value"])


def _picklist(name: str, labels: dict[int, str]) -> dict[str, Any]:
    values = [{"value": str(v), "label": label, "isActive": True} for v, label in labels.items()]
    retired = {"value": "99", "label": "Retired", "isActive": False}
    return {"name": name, "isPickList": True, "picklistValues": [*values, retired]}


_FIELDS = [
    {"name": "description", "isPickList": False, "picklistValues": None},
    _picklist("noteType", NOTE_TYPES),
    _picklist("publish", PUBLISH),
]
