"""What becomes of the file of trusted documents, and what may get into it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graphql import DocumentNode, OperationDefinitionNode

from app.graphql.documents import Documents
from app.graphql.engine import RequestError
from app.graphql.manifest import NoManifest, bare, read, written
from app.graphql.trusted import state_of
from schema.schema import schema


class DocumentsRefused(Exception):
    """The file is as it was. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """A document as it stands to the schema. ``wrong`` is empty when it fits."""

    id: str
    operations: tuple[str, ...] = ()
    wrong: str = ""


def documents_of(file: Path, *, missing: bool = False) -> dict[str, str]:
    """By id. ``missing``: a file that is not there has none. Raises DocumentsRefused."""
    if missing and state_of(file) is None:
        return {}
    try:
        return read(file.read_bytes())
    except FileNotFoundError:
        raise DocumentsRefused(f"There is no {file}.") from None
    except OSError as error:
        raise DocumentsRefused(f"{file} can't be read: {error.strerror}.") from None
    except NoManifest as error:
        raise DocumentsRefused(f"{file} is {error}.") from None


def add(file: Path, sources: Iterable[Path]) -> tuple[int, int]:
    """(how many are new, how many there are now). All of them or none. Raises DocumentsRefused."""
    added: dict[str, str] = {}
    for source in sources:
        join(added, documents_of(source), source)
    if not added:
        raise DocumentsRefused("There are no documents in it.")
    wrong = [each for each in fittings(added) if each.wrong]
    if wrong:
        told = "".join(f"\n  - {each.id}: {each.wrong}" for each in wrong)
        raise DocumentsRefused(f"These do not fit the schema, and nothing was added:{told}")
    with changing(file) as kept:
        before = len(kept)
        join(kept, added, file)
        return len(kept) - before, len(kept)


def join(documents: dict[str, str], more: Mapping[str, str], source: Path) -> None:
    """One id has one document for ever: clients that are out there mean the first."""
    for id_, text in more.items():
        if documents.setdefault(id_, text) != text:
            raise DocumentsRefused(
                f"{id_} is another document already ({source}), and nothing was added. An id that "
                "is made from its document, as by SHA-256, never is."
            )


def remove(file: Path, ids: Iterable[str]) -> int:
    """How many are left. All of them go or none. Raises DocumentsRefused."""
    with changing(file) as kept:
        for id_ in dict.fromkeys(map(bare, ids)):
            if kept.pop(id_, None) is None:
                raise DocumentsRefused(f"{id_} is not trusted, and nothing was removed.")
        return len(kept)


def fittings(documents: Mapping[str, str]) -> Iterator[Fitting]:
    """Against this release's schema and its limits, as a request would be."""
    library = Documents(schema)
    for id_, text in documents.items():
        try:
            yield Fitting(id_, operations_of(library.get(text).node))
        except RequestError as error:
            yield Fitting(id_, wrong="; ".join(map(described, error.formatted())))


def operations_of(document: DocumentNode) -> tuple[str, ...]:
    return tuple(
        f"{each.operation.value} {each.name.value if each.name else ''}".strip()
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
    )


def described(error: Mapping[str, object]) -> str:
    places = error.get("locations")
    if not isinstance(places, list) or not places:
        return str(error["message"])
    return f"{error['message']} (line {places[0]['line']}, column {places[0]['column']})"


@contextmanager
def changing(file: Path) -> Iterator[dict[str, str]]:
    """What is kept there, to be changed. It is written when the block ends well, whole or not at
    all, and nobody else changes it meanwhile. Raises DocumentsRefused."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            kept = documents_of(file, missing=True)
            yield kept
            replace(file, written(kept))
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise DocumentsRefused(f"{file} can't be written: {error.strerror}.") from None


def replace(file: Path, content: bytes) -> None:
    beside = file.with_name(f".{file.name}.new")
    with beside.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)
