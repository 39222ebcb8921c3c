"""What Slack's error codes mean, in words that say what to do."""

from __future__ import annotations

from typing import Final

from services.integrations.outgoing import Answer
from services.integrations.protocol import NotSent, Refused, TryAgain

NO_CARD: Final = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
)
"""Answers of chat.update: there is nothing to edit any more."""

NO_USER: Final = frozenset({"user_not_found", "user_not_visible"})

_CHANNEL: Final = (
    "Slack doesn't know the channel. A private channel is known once the app was invited to it "
    "(/invite in the channel); otherwise enter the channel's id again."
)
_INVITE: Final = "The app is not in the channel: invite it there (/invite)."
_ARCHIVED: Final = "The channel is archived: enter another one, or take it out of the archive."
_TOKEN: Final = "Slack doesn't accept the bot token any more: enter a new one."  # noqa: S105
_SCOPE: Final = (
    "The app lacks a scope: give it chat:write, for claiming users:read and users:read.email as "
    "well, install it again and enter its token."
)
_RESTRICTED: Final = (
    "A rule of the workspace keeps the app from posting there: ask whoever administers Slack."
)
_WEBHOOK: Final = "Slack doesn't know the webhook's address any more: create one and enter it."
_LENGTH: Final = "Slack finds the message too long. This is a fault of Baton: please report it."
_FORM: Final = (
    "Slack doesn't understand the message's form. This is a fault of Baton: please report it."
)

_REFUSALS: Final = {
    "channel_not_found": _CHANNEL,
    "not_in_channel": _INVITE,
    "is_archived": _ARCHIVED,
    "channel_is_archived": _ARCHIVED,
    **dict.fromkeys(
        ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"), _TOKEN
    ),
    **dict.fromkeys(("missing_scope", "not_allowed_token_type", "no_permission"), _SCOPE),
    **dict.fromkeys(
        (
            "restricted_action",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "restricted_action_non_threadable_channel",
            "ekm_access_denied",
            "access_denied",
            "team_access_not_granted",
            "org_login_required",
            "action_prohibited",
            "posting_to_general_channel_denied",
        ),
        _RESTRICTED,
    ),
    **dict.fromkeys(
        ("no_service", "no_service_id", "no_team", "team_disabled", "invalid_token"), _WEBHOOK
    ),
    **dict.fromkeys(("msg_too_long", "msg_blocks_too_long", "too_many_attachments"), _LENGTH),
    **dict.fromkeys(
        (
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_arguments",
            "invalid_arg_name",
            "invalid_payload",
            "invalid_json",
            "json_not_object",
            "no_text",
        ),
        _FORM,
    ),
}
_PASSING: Final = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "internal_error",
        "fatal_error",
        "rollup_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
    }
)


def problem(code: object, answer: Answer) -> NotSent | None:
    """None for a code that is not known here."""
    if not isinstance(code, str):
        return None
    if code in _REFUSALS:
        return Refused(f"{_REFUSALS[code]} ({code})", status=answer.status)
    if code in _PASSING:
        return TryAgain(f"Slack can't take it just now ({code}).", status=answer.status)
    return None
