"""What holds the project together: its pins, its names, its front door."""

import fnmatch
import os
import re
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions, packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[1]
FLOORS = ("app", "schema", "resolvers", "services", "db")
NOT_PINNED = {"baton", "pip", "setuptools"}  # ourselves, and what an environment is born with

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())


def pins() -> dict[str, str]:
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def own_files() -> Iterator[Path]:
    """Every file of the project as it lies here, tracked or about to be."""
    ignored = [line.rstrip("/") for line in (PROJECT / ".gitignore").read_text().split()]
    for directory, inside, files in os.walk(PROJECT):
        inside[:] = [
            name
            for name in inside
            if name != ".git" and not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)
        ]
        yield from (Path(directory, name) for name in files)


# -- what is installed


def test_everything_that_is_installed_is_pinned_at_its_version():
    installed = {canonicalize_name(d.name): d.version for d in distributions()}
    loose = {
        name: version
        for name, version in installed.items()
        if name not in NOT_PINNED and pins().get(name) != version
    }
    assert loose == {}, "pin these in constraints.txt, or make clean"


def test_nothing_is_pinned_that_nobody_asks_for():
    asked_for = {
        canonicalize_name(Requirement(requirement).name)
        for distribution in distributions()
        for requirement in distribution.requires or ()
    }
    assert pins().keys() - asked_for == set()


def test_no_dependency_brings_a_package_of_our_names():
    """PyPI has a `schema` and an `app`; whichever comes first on the path would win."""
    for floor in FLOORS:
        assert set(packages_distributions().get(floor, [])) <= {"baton"}
        spec = find_spec(floor)
        assert spec is not None
        assert spec.origin == str(PROJECT / floor / "__init__.py")


def test_an_installation_holds_more_than_python_files():
    """What a program reads beside its modules has to be in the wheel as well."""
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["*"]
    beside = [
        path
        for path in own_files()
        if path.relative_to(PROJECT).parts[0] in FLOORS and path.suffix not in {".py", ".pyc"}
    ]
    assert beside
    left_behind = [
        str(path)
        for path in beside
        if not any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)
    ]
    assert left_behind == []


# -- what is written down

ADDRESSES = [
    re.escape(address)
    for address in (
        "pypi." + "org",
        "files.python" + "hosted",
        "registry.npm" + "js",
        "/sim" + "ple/",
        "-index" + "-url",
        "find" + "-links",
        "file:" + "///",
    )
]
HOMES = ["/ho" + r"me/\w", "/Us" + r"ers/\w", "/ro" + "ot/"]
# a checkout right under the root has too plain a name to look for
HERE = [re.escape(f"{PROJECT}/")] if len(PROJECT.parts) > 2 else []


def test_no_file_names_a_package_registry_or_a_place_on_this_machine():
    telling = re.compile(rf"{'|'.join(ADDRESSES)}|(?<![\w.~/-])({'|'.join(HOMES + HERE)})")
    found = [
        f"{path.relative_to(PROJECT)}: {match[0]}"
        for path in own_files()
        for match in telling.finditer(path.read_text(errors="replace"))
    ]
    assert found == []


# -- the front door


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The door alone, with programs behind it that only say that they were called."""
    shutil.copy(PROJECT / "Makefile", tmp_path)
    shutil.copytree(PROJECT / ".ci", tmp_path / ".ci")
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("baton", "lint-imports", "mypy", "pytest", "python", "ruff"):
        script(programs / name, f'echo {name} "$@" >> called')
    (tmp_path / ".venv" / ".installed").write_text(f"{tmp_path}\n")
    return tmp_path


def script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


# what a make above this test run tells its own children is not for these
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFL"))}


def make(checkout: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["make", *arguments]
    return subprocess.run(
        command, cwd=checkout, env=PLAIN, capture_output=True, text=True, check=False
    )


def called(checkout: Path) -> list[str]:
    return (checkout / "called").read_text().splitlines()


def test_make_alone_lists_every_target_with_a_line_about_it(checkout):
    said = make(checkout).stdout.splitlines()
    targets = re.findall(r"^\.PHONY: ([a-z-]+)$", (PROJECT / "Makefile").read_text(), re.M)
    assert [line.split()[1] for line in said] == targets
    assert all(len(line.split()) > 4 for line in said)
    assert {"serve", "test", "check", "schema", "demo"} <= set(targets)
    assert not (checkout / "called").exists()


def test_make_test_runs_every_check_and_then_the_tests(checkout):
    assert make(checkout, "test").returncode == 0
    assert called(checkout) == [
        "ruff check",
        "ruff format --check",
        "mypy",
        "lint-imports --no-logo",
        "baton schema --check schema.graphql",
        "baton schema --against docs/releases",
        "pytest -n 2 --dist loadfile",
    ]


@pytest.mark.parametrize("part", ["ruff", "mypy", "lint-imports", "baton", "pytest"])
def test_make_test_fails_when_any_part_of_it_fails(checkout, part):
    script(checkout / ".venv" / "bin" / part, "exit 3")
    assert make(checkout, "test").returncode != 0


def test_continuous_integration_runs_make_test(checkout):
    elsewhere = checkout / "elsewhere"
    elsewhere.mkdir()
    subprocess.run([checkout / ".ci" / "run"], cwd=elsewhere, check=True, capture_output=True)
    assert called(checkout)[-1].startswith("pytest")


@pytest.mark.parametrize(
    ("state", "installs"),
    [
        ("as it was left", False),
        ("a pin has changed", True),
        ("the checkout was moved", True),
        ("the interpreter is gone", True),
        ("the installation was interrupted", True),
    ],
)
def test_the_environment_is_made_again_exactly_when_it_must_be(checkout, state, installs):
    stamp = checkout / ".venv" / ".installed"
    match state:
        case "a pin has changed":
            later = stamp.stat().st_mtime + 5
            os.utime(checkout / "constraints.txt", (later, later))
        case "the checkout was moved":
            stamp.write_text("/somewhere/else\n")
        case "the interpreter is gone":
            (checkout / ".venv" / "bin" / "python").unlink()
        case "the installation was interrupted":
            stamp.unlink()
    planned = make(checkout, "--dry-run", "serve").stdout
    assert (".ci/environment.py" in planned) == installs


def test_a_machine_without_a_fitting_python_is_told_what_is_needed(checkout):
    (checkout / ".venv" / ".installed").unlink()
    done = make(checkout, "serve", "PYTHON=/no/such/python")
    assert done.returncode != 0
    assert "Python 3.11 or newer" in done.stderr
    assert "make PYTHON=" in done.stderr
    assert not (checkout / "called").exists()


def test_ctrl_c_reaches_the_service_and_make_has_nothing_to_add(checkout):
    script(
        checkout / ".venv" / "bin" / "baton",
        # it takes a moment, as the service does: what ends in the very instant is reaped before
        # make has heard of the signal, and missed by it then
        "trap 'sleep 0.3; echo stopped; exit 0' INT; echo $1 $BATON_DEMO\n"
        "while :; do sleep 0.05; done",
    )
    serving = subprocess.Popen(
        ["make", "serve"],
        cwd=checkout,
        env=PLAIN,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert serving.stdout is not None
    assert serving.stdout.readline() == "serve true\n"
    os.killpg(serving.pid, signal.SIGINT)  # as the terminal does
    said, complaints = serving.communicate(timeout=10)
    assert (said, complaints) == ("stopped\n", "")
