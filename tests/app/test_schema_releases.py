"""`baton schema` keeps what was released, and says what would break."""

from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.commands import program
from schema.schema import sdl

PROJECT = Path(__file__).parents[2]
THIS = f"schema-{version('baton')}.graphql"
MORE = sdl().replace("type Viewer {", "type Viewer {\n  shoeSize: Int\n", 1)


def schema(option: str, folder: Path) -> Result:
    return CliRunner().invoke(program(), ["schema", option, str(folder)])


def test_the_last_release_in_the_repository_is_kept() -> None:
    assert schema("--against", PROJECT / "docs" / "releases").exit_code == 0


def test_the_last_release_counts_by_its_number(tmp_path: Path) -> None:
    (tmp_path / "schema-0.9.0.graphql").write_text(MORE)
    (tmp_path / "schema-0.10.0.graphql").write_text(sdl())
    assert schema("--against", tmp_path).exit_code == 0
    (tmp_path / "schema-0.11.0.graphql").write_text(MORE)
    done = schema("--against", tmp_path)
    assert done.exit_code == 1
    assert "Viewer.shoeSize was removed." in done.stderr


def test_a_gate_without_a_release_is_no_gate(tmp_path: Path) -> None:
    assert schema("--against", tmp_path).exit_code == 1


def test_a_release_keeps_the_schema_under_its_version(tmp_path: Path) -> None:
    done = schema("--release", tmp_path)
    assert done.exit_code == 0
    assert (tmp_path / THIS).read_text() == sdl()
    assert schema("--against", tmp_path).exit_code == 0


@pytest.mark.parametrize("earlier", ["schema-0.0.1.graphql", THIS])
def test_a_release_that_breaks_the_one_before_is_not_made(tmp_path: Path, earlier: str) -> None:
    (tmp_path / earlier).write_text(MORE)
    done = schema("--release", tmp_path)
    assert done.exit_code == 1
    assert "Viewer.shoeSize was removed." in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == [earlier]
    assert (tmp_path / earlier).read_text() == MORE
