"""Files of documents by id, as client tools write them and as they are kept here.

``{"id": "document", …}`` is what graphql-codegen's client preset (``persistedDocuments``) and
relay-compiler (``persistConfig.file``) write; ``generate-persisted-query-manifest`` of Apollo has a
format of its own. Ids are opaque: SHA-1, SHA-256, MD5, whatever the tool has made.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, Final

import orjson

APOLLO: Final = "apollo-persisted-query-manifest"
ID: Final = re.compile(r"[!-~]{1,200}")
PREFIX: Final = "sha256:"
"""Of ids that say what they are. Source: GraphQL over HTTP, appendix "Persisted Documents"."""
FORMATS: Final = f'neither `{{"id": "document", …}}` nor a manifest of the format {APOLLO}'


class NoManifest(Exception):
    """The message completes "FILE is …"."""


def read(content: bytes) -> dict[str, str]:
    """Documents by id. Raises NoManifest; whether they are GraphQL is not looked at."""
    try:
        given = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise NoManifest(f"not JSON: {error}") from None
    if type(given) is not dict:
        raise NoManifest(FORMATS)
    documents: dict[str, str] = {}
    for id_, text in of_apollo(given) if given.get("format") == APOLLO else given.items():
        if type(id_) is not str or type(text) is not str:
            raise NoManifest(FORMATS)
        if not ID.fullmatch(id_):
            raise NoManifest(f"no manifest: {id_[:80]!r} can't be an id")
        if id_.startswith(PREFIX) and id_ != PREFIX + digest(text):
            raise NoManifest(f"damaged: {id_} is not the SHA-256 of its document")
        documents[bare(id_)] = text
    return documents


def of_apollo(manifest: dict[str, Any]) -> list[tuple[Any, Any]]:
    operations = manifest.get("operations")
    if type(operations) is not list or not all(type(each) is dict for each in operations):
        raise NoManifest(FORMATS)
    return [(each.get("id"), each.get("body")) for each in operations]


def written(documents: dict[str, str]) -> bytes:
    """As it is kept: sorted by id, a document a line."""
    return orjson.dumps(documents, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def bare(id_: str) -> str:
    """Without the prefix that says SHA-256, since not all tools write it."""
    return id_.removeprefix(PREFIX)


def digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
