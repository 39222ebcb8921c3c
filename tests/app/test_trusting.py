"""Documents get into the file that is trusted by `baton documents`, all of them or none."""

import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from click.testing import Result
from typer.testing import CliRunner

from app import trusting
from app.commands import program
from app.service import trusted_of
from app.settings import SettingsError, load

MANIFESTS = Path(__file__).parents[1] / "harness" / "manifests"
MINE = "query Mine { viewer { openHandoffCount } }"

Baton = Callable[..., Result]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "data" / "documents.json"


@pytest.fixture
def baton(kept: Path) -> Baton:
    def run(*arguments: str | Path) -> Result:
        environment = {"BATON_DOCUMENTS_FILE": str(kept)}
        return CliRunner().invoke(program(), ["documents", *map(str, arguments)], env=environment)

    return run


def manifest(place: Path, documents: object) -> Path:
    file = place / f"{len(list(place.iterdir()))}.json"
    file.write_bytes(orjson.dumps(documents))
    return file


def test_what_three_tools_have_written_is_added_listed_and_removed(
    baton: Baton, kept: Path
) -> None:
    files = [MANIFESTS / f"{tool}.json" for tool in ("codegen", "relay", "apollo")]
    added = baton("add", *files)
    assert (added.exit_code, added.stdout.split(":")[0]) == (0, "9 added, 9 are trusted")
    assert baton("add", files[0]).stdout.startswith("0 added, 9 are")
    listed = baton("list")
    lines = dict(line.split("  ", 1) for line in listed.stdout.splitlines())
    assert listed.exit_code == 0
    assert len(lines) == 9
    assert lines["e7355c4173c269c801aebcb5b8977a32"] == "mutation DeskClaimMutation"
    one = sha256(MINE.encode()).hexdigest()
    assert lines[one] == "query Mine"
    assert baton("remove", f"sha256:{one}").stdout.startswith("8 are left")
    assert baton("remove", "--file", files[1]).stdout.startswith("5 are left")
    assert one not in baton("list").stdout
    assert len(orjson.loads(kept.read_bytes())) == 5


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("{ viewer", "Syntax Error"),
        ("{ viewr { openHandoffCount } }", "Cannot query field 'viewr' on type 'Query'"),
        ("query ($id: Int) { node(id: $id) { id } }", "Variable '$id'"),
        ("fragment F on Handoff { id }", "never used"),
    ],
)
def test_a_document_that_does_not_fit_the_schema_keeps_all_out_and_is_named(
    baton: Baton, kept: Path, tmp_path: Path, document: str, why: str
) -> None:
    file = manifest(tmp_path, {"good": MINE, "bad": document})
    refused = baton("add", file)
    assert refused.exit_code == 1
    assert "- bad: " in refused.stderr
    assert why in refused.stderr
    assert "(line 1, column " in refused.stderr
    assert "good" not in refused.stderr
    assert not kept.exists()


def test_an_id_means_one_document_for_ever(baton: Baton, kept: Path, tmp_path: Path) -> None:
    baton("add", manifest(tmp_path, {"mine": MINE}))
    before = kept.read_bytes()
    other = manifest(tmp_path, {"more": MINE, "mine": "{ __typename }"})
    refused = baton("add", other)
    assert (refused.exit_code, "mine is another document" in refused.stderr) == (1, True)
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["add", "nowhere.json"], "There is no nowhere.json."),
        (["add", MANIFESTS.parent / "postgres.py"], "is not JSON"),
        (["add", MANIFESTS], "can't be read"),
        (["remove", "stranger"], "stranger is not trusted"),
        (["remove"], "Say which"),
    ],
)
def test_what_can_not_be_done_is_told_without_a_traceback(
    baton: Baton, arguments: list[str | Path], why: str
) -> None:
    refused = baton(*arguments)
    assert refused.exit_code == 1
    assert why in refused.stderr
    assert "Traceback" not in refused.stderr


def test_where_nothing_can_be_written_it_is_told(baton: Baton, kept: Path) -> None:
    kept.parent.write_text("a file where the folder should be")
    refused = baton("add", MANIFESTS / "relay.json")
    assert (refused.exit_code, f"{kept} can't be written" in refused.stderr) == (1, True)


def test_what_the_schema_has_grown_out_of_is_listed_as_that(baton: Baton, kept: Path) -> None:
    kept.parent.mkdir()
    kept.write_bytes(orjson.dumps({"old": "{ handoffsOfOld }", "mine": MINE}))
    listed = baton("list")
    assert listed.exit_code == 1
    assert "old  Cannot query field 'handoffsOfOld'" in listed.stdout
    assert "mine  query Mine" in listed.stdout


def test_none_are_listed_where_there_are_none(baton: Baton, kept: Path) -> None:
    listed = baton("list")
    assert (listed.exit_code, listed.stdout) == (0, "")
    assert str(kept) in listed.stderr


def test_who_adds_at_the_same_time_loses_nothing(kept: Path, tmp_path: Path) -> None:
    files = [manifest(tmp_path, {f"mine{number}": MINE}) for number in range(8)]
    threads = [threading.Thread(target=trusting.add, args=(kept, [file])) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(orjson.loads(kept.read_bytes())) == 8


@pytest.mark.parametrize(
    ("mode", "content", "why"),
    [
        ("require", None, "baton documents add"),
        ("require", b"{}", "baton documents add"),
        ("require", b"[]", "is neither"),
        ("allow", b"{", "is not JSON"),
    ],
)
def test_nothing_is_started_that_would_carry_nothing_out_or_not_what_it_should(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: str, content: bytes | None, why: str
) -> None:
    file = tmp_path / "documents.json"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("BATON_TRUSTED_DOCUMENTS", mode)
    monkeypatch.setenv("BATON_DOCUMENTS_FILE", str(file))
    with pytest.raises(SettingsError, match=why):
        trusted_of(load(serving=False))


@pytest.mark.parametrize(
    ("mode", "documents", "said"),
    [
        ("allow", {}, "ok there are 0, and others are carried out"),
        ("require", {"mine": MINE}, "ok there are 1, and nothing else is carried out"),
        ("require", {}, "not ok there are 0, and nothing else is carried out"),
        (
            "allow",
            {"mine": MINE, "old": "{ handoffsOfOld }"},
            "warning there are 2, and others are carried out; 1 of them do not fit",
        ),
        ("allow", [], "not ok"),
    ],
)
def test_the_doctor_says_what_is_trusted_and_what_the_schema_has_grown_out_of(
    tmp_path: Path, mode: str, documents: object, said: str
) -> None:
    environment = {
        "BATON_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "BATON_AUTH_SECRET": "x" * 32,
        "BATON_TRUSTED_DOCUMENTS": mode,
        "BATON_DOCUMENTS_FILE": str(manifest(tmp_path, documents)),
        "COLUMNS": "500",
    }
    told = CliRunner().invoke(program(), ["doctor"], env=environment)
    assert f"trusted documents: {said}" in told.stdout
