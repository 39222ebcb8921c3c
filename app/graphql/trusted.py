"""Documents that were made known beforehand, and are asked for by their id."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from typing import Final

from graphql import GraphQLError

from app.graphql.manifest import NoManifest, bare, digest, read
from app.graphql.results import RequestError
from resolvers.errors import ErrorCode

LOOK_AFTER: Final = 1.0
"""Seconds from one look at the file to the next. A look takes some microseconds."""
NOT_FOUND: Final = "PersistedQueryNotFound"
"""Word for word: some clients know by this alone that they may send the document instead."""
ID_REQUIRED: Final = (
    "This server carries out trusted documents only: send the id of one that was added beforehand, "
    "as `documentId`, instead of a text."
)

logger = logging.getLogger(__name__)


class TrustedDocuments:
    """``only``: no other document is carried out, whatever transport it comes by."""

    def __init__(self, documents: Mapping[str, str] | None = None, *, only: bool = False) -> None:
        self.only = only
        self.texts: dict[str, str] = {}
        self.know(documents or {})

    def know(self, documents: Mapping[str, str]) -> None:
        """Instead of those before. Each by the SHA-256 of its text as well, whatever its tool has
        called it."""
        self.texts = {digest(text): text for text in documents.values()} | dict(documents)

    def find(self, document_id: str) -> str | None:
        return self.texts.get(bare(document_id))

    def text(self, document_id: str | None, query: str | None) -> str:
        """The document that a request means: the trusted one, if it names one that is known, else
        the one that it brings, where that will do. Raises RequestError."""
        if document_id is not None:
            found = self.find(document_id)
            if found is not None:
                return found
            if self.only or not query:
                raise RequestError([GraphQLError(NOT_FOUND)], ErrorCode.PERSISTED_QUERY_NOT_FOUND)
        if self.only or not query:
            raise RequestError([GraphQLError(ID_REQUIRED)], ErrorCode.PERSISTED_QUERY_ID_REQUIRED)
        return query


class TrustedFile(TrustedDocuments):
    """Those of a file, which is read again when it has changed.

    A file that is missing at the beginning has none. When it goes or can't be read later, what is
    known stays known: who puts another in its place may do it in two steps.
    """

    def __init__(
        self, file: Path, *, only: bool = False, clock: Callable[[], float] = monotonic
    ) -> None:
        """Raises OSError and NoManifest."""
        super().__init__(only=only)
        self.file = file
        self.clock = clock
        self.look_at = 0.0
        self.state = state_of(file)
        if self.state is not None:
            self.load()

    def find(self, document_id: str) -> str | None:
        now = self.clock()
        if now >= self.look_at:
            self.look_at = now + LOOK_AFTER
            self.look()
        return super().find(document_id)

    def look(self) -> None:
        state = state_of(self.file)
        if state == self.state:
            return
        self.state = state  # also of one that can't be read: that is said once
        if state is None:
            logger.warning("%s is gone: its documents stay trusted", self.file)
            return
        try:
            self.load()
        except (OSError, NoManifest) as error:
            logger.warning("%s can't be read, its documents stay: %s", self.file, error)

    def load(self) -> None:
        documents = read(self.file.read_bytes())
        self.know(documents)
        logger.info("%d documents of %s are trusted", len(documents), self.file)


def state_of(file: Path) -> tuple[int, ...] | None:
    """Another one when the file is another, or has changed; None where none can be seen."""
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
