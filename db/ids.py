"""Identifiers inside the service: UUIDv7, so that primary keys grow with time.

Outside they are TypeIDs (``schema/ids.py``).
"""

from uuid import UUID

from uuid_utils import uuid7 as _uuid7


def uuid7() -> UUID:
    """A new time-ordered identifier (RFC 9562, version 7) as the standard library's type."""
    return UUID(bytes=_uuid7().bytes)
