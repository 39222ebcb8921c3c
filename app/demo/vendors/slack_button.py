"""A button on a card in Slack, pressed: what Slack then posts to the app."""

from __future__ import annotations

import hashlib
import hmac
import time
from urllib.parse import urlencode

import orjson

from services.integrations.slack_blocks import CLAIM

RESPONSE_URL = "https://hooks.slack.com/actions/T0DEMO/1/demo"


def pressed(
    user: str, handoff: str, secret: str, *, age: float = 0
) -> tuple[bytes, dict[str, str]]:
    """The body and the headers when a user claims, signed ``age`` seconds ago.

    Source: docs.slack.dev/authentication/verifying-requests-from-slack.
    """
    payload = {
        "type": "block_actions",
        "user": {"id": user},
        "actions": [{"action_id": CLAIM, "value": handoff}],
        "response_url": RESPONSE_URL,
    }
    body = urlencode({"payload": orjson.dumps(payload).decode()}).encode()
    sent_at = str(int(time.time() - age))
    digest = hmac.new(secret.encode(), f"v0:{sent_at}:".encode() + body, hashlib.sha256)
    return body, {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": sent_at,
        "x-slack-signature": f"v0={digest.hexdigest()}",
    }
