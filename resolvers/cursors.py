"""Where a client stands in its account's log, as an opaque text."""

import binascii
from base64 import urlsafe_b64encode
from struct import Struct
from typing import Final
from uuid import UUID

from resolvers.errors import ClientError, ErrorCode

# version, the end of the account's id (its beginning is a time that others share), number
FORM: Final = Struct(">B8sq")
VERSION: Final = 1
LONGEST: Final = 64

INVALID: Final = (
    "This cursor was not given out for your account's events. Use the `cursor` of an event or of "
    "`handoffQueue` as it is, or leave `after` out to start with what happens from now on."
)


def write(account_id: UUID, seq: int) -> str:
    return seal(FORM.pack(VERSION, account_id.bytes[8:], seq))


def read(account_id: UUID, cursor: str) -> int:
    """The event's number. Raises ClientError for a cursor that is malformed or of another account.

    That the log has come so far is for the log to say.
    """
    opened = unseal(cursor)
    if opened is None or len(opened) != FORM.size:
        raise ClientError(INVALID, ErrorCode.CURSOR_INVALID)
    version, account, seq = FORM.unpack(opened)
    if version != VERSION or account != account_id.bytes[8:] or seq < 0:
        raise ClientError(INVALID, ErrorCode.CURSOR_INVALID)
    return int(seq)


def seal(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def unseal(text: str) -> bytes | None:
    """None for anything that ``seal`` did not make."""
    if len(text) > LONGEST or not text.isascii():
        return None
    standard = text.replace("-", "+").replace("_", "/")
    try:
        content = binascii.a2b_base64(standard + "=" * (-len(text) % 4), strict_mode=True)
    except binascii.Error:
        return None
    return content if seal(content) == text else None
