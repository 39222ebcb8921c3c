"""The file of trusted documents: what clients' tools write is read, and changes are noticed."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from app.graphql.documents import Documents
from app.graphql.manifest import NoManifest, read, written
from app.graphql.trusted import LOOK_AFTER, TrustedFile
from schema.schema import schema

MANIFESTS = Path(__file__).parents[2] / "harness" / "manifests"


@pytest.mark.parametrize(
    ("tool", "count", "id_"),
    [
        ("codegen", 4, "2d1f76cbc1d2449a66d995aaf27673e7d6ca9c4bd15ae865b4b0f453c63999aa"),
        ("relay", 3, "4970d31e6dc7e1e34d9271fb7cdb0a5c"),
        ("apollo", 2, "f1fd97d7a0d24f027f05d1821b5bec746442fb031cd880501b62f4f1d9fcc23d"),
    ],
)
def test_what_the_tools_of_clients_write_is_read_as_they_write_it(
    tool: str, count: int, id_: str
) -> None:
    """graphql-codegen's client preset 6.2, relay-compiler 21.0, Apollo's manifest generator 1.4."""
    documents = read((MANIFESTS / f"{tool}.json").read_bytes())
    assert len(documents) == count
    assert documents[id_].startswith("query")
    for text in documents.values():
        assert Documents(schema).get(text).node
    assert read(written(documents)) == documents


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "not JSON"),
        (b"[]", "neither"),
        (b'"x"', "neither"),
        (b'{"a": 7}', "neither"),
        (b'{"format": "apollo-persisted-query-manifest"}', "neither"),
        (b'{"format": "apollo-persisted-query-manifest", "operations": [{"id": "a"}]}', "neither"),
        (b'{"a b": "{ me }"}', "can't be an id"),
        (b'{"": "{ me }"}', "can't be an id"),
        (b'{"sha256:00": "{ me }"}', "not the SHA-256"),
    ],
)
def test_any_other_file_is_told_apart(content: bytes, why: str) -> None:
    with pytest.raises(NoManifest, match=why):
        read(content)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def later(self) -> None:
        self.now += LOOK_AFTER


def put(file: Path, documents: Any) -> None:
    """As a deployment does: another file takes its place."""
    beside = file.with_suffix(".new")
    beside.write_bytes(documents if type(documents) is bytes else orjson.dumps(documents))
    beside.replace(file)


def test_a_change_is_noticed_within_a_second_and_what_was_taken_away_is_gone(
    tmp_path: Path,
) -> None:
    file, clock = tmp_path / "documents.json", Clock()
    trusted = TrustedFile(file, clock=clock)
    assert trusted.find("a") is None
    put(file, {"a": "{ me }", "b": "{ you }"})
    clock.later()
    assert (trusted.find("a"), trusted.find("b")) == ("{ me }", "{ you }")
    put(file, {"b": "{ you }"})
    clock.later()
    assert (trusted.find("a"), trusted.find("b")) == (None, "{ you }")


@pytest.mark.parametrize("content", [b"{", b"[]", None])
def test_a_file_that_is_gone_or_damaged_takes_nothing_away_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes | None
) -> None:
    file, clock = tmp_path / "documents.json", Clock()
    put(file, {"a": "{ me }"})
    trusted = TrustedFile(file, clock=clock)
    file.unlink() if content is None else put(file, content)
    for _ in range(3):
        clock.later()
        assert trusted.find("a") == "{ me }"
    [record] = [each for each in caplog.records if each.levelname == "WARNING"]
    assert str(file) in record.getMessage()
    put(file, {"b": "{ you }"})
    clock.later()
    assert (trusted.find("a"), trusted.find("b")) == (None, "{ you }")
