"""HaloPSA, as far as signing in and actions on tickets go."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from app.demo.vendors.base import Asked, FakeVendor, Reply

TENANT = "acme"
CLIENT_ID = "halo-client"
CLIENT_SECRET = "halo-secret"  # noqa: S105  # the demo's
OUTCOMES = {7: "Private Note", 8: "Public Note"}


@dataclass
class FakeHalo(FakeVendor):
    """``actions`` are those of each ticket there is. ``tokens`` are the ones that are valid."""

    actions: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: {2818: []})
    tokens: set[str] = field(default_factory=set)
    given: int = 0
    lasting: int = 3600
    scopes: str = "read:tickets edit:tickets read:actions edit:actions"
    client_secret: str = CLIENT_SECRET

    name = "HaloPSA"

    def __post_init__(self) -> None:
        super().__init__()

    def reply(self, asked: Asked) -> Reply:
        if asked.path == "/auth/token":
            return self._token(asked)
        return self._refused(asked) or self._answered(asked)

    def _refused(self, asked: Asked) -> Reply | None:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.tokens:
            return Reply(401, {"Message": "Authorization has been denied for this request."})
        if "edit:actions" not in self.scopes:
            return Reply(403, {"Message": "Not permitted"})
        return None

    def _answered(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "GET", "/api/Outcome":
                return Reply(200, [{"id": key, "outcome": name} for key, name in OUTCOMES.items()])
            case "GET", "/api/Actions":
                return self._listed(parse_qs(asked.query))
            case "POST", "/api/Actions":
                return self._written(asked.json())
        return Reply(404, b"")

    def _token(self, asked: Asked) -> Reply:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        tenant = parse_qs(asked.query).get("tenant", [""])[0]
        known = form.get("client_id"), form.get("client_secret"), tenant
        if form.get("grant_type") != "client_credentials" or not form.get("scope"):
            return Reply(400, {"error": "invalid_request"})
        if known != (CLIENT_ID, self.client_secret, TENANT):
            return Reply(400, {"error": "invalid_client"})
        self.given += 1
        token = f"halo-token-{self.given}"
        self.tokens.add(token)
        return Reply(
            200, {"access_token": token, "token_type": "Bearer", "expires_in": self.lasting}
        )

    def _listed(self, query: dict[str, list[str]]) -> Reply:
        actions = self.actions.get(int(query["ticket_id"][0]), [])
        # a ticket that there isn't has no actions, and that is all it says
        return Reply(200, {"record_count": len(actions), "actions": actions[::-1]})

    def _written(self, wanted: Any) -> Reply:
        if not isinstance(wanted, list) or len(wanted) != 1:
            return Reply(400, {"Message": "An array of actions is expected."})
        action = wanted[0]
        if action.get("ticket_id") not in self.actions:
            return Reply(404, {"Message": "Ticket not found"})
        if action.get("outcome_id", 7) not in OUTCOMES:
            return Reply(400, {"Message": "Invalid outcome_id"})
        if action.get("outcome", "Private Note") not in OUTCOMES.values():
            return Reply(400, {"Message": "Invalid outcome"})
        if not action.get("note_html") and not action.get("note"):
            return Reply(400, {"Message": "note_html is required"})
        kept = {
            "id": 100 + sum(map(len, self.actions.values())),
            "note": action.get("note") or _text(action["note_html"]),
            **{key: value for key, value in action.items() if key not in {"note", "note_html"}},
        }
        self.actions[action["ticket_id"]].append(kept)
        self.accepted(kept)
        return Reply(201, kept)


def _text(page: str) -> str:
    return html.unescape(re.sub(r"<br\s*/?>", "\n", page)).replace("\xa0", " ")
