"""The page for browsers at /graphql: what is served, and its own way to the service."""

import asyncio
import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from building import explorer
from building.node import PROJECT, Node, NoNode, packages
from tests.clients.conftest import HERE, without_node
from tests.clients.consumer import consumer
from tests.clients.raiser import Raiser
from tests.harness.people import Account
from tests.harness.web import PATIENCE, Client, Web, running, token_of

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"}
FILE = re.compile(r"[\w.]+-[A-Z0-9]{8}\.(?:js|css)")
ARRIVALS = explorer.examples()[-1]


@pytest.fixture(scope="module", autouse=True)
def _built(node: Node) -> None:
    try:
        explorer.build()
    except explorer.NotBuilt as reason:
        without_node(NoNode(str(reason)))


@pytest.fixture(scope="module")
def web(settings: dict[str, str], _built: None) -> Iterator[Web]:
    with running(**settings, introspection="true") as process:
        yield process


@pytest.fixture(scope="module")
def browser(web: Web) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=web.url, headers=BROWSER, timeout=PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def sources(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page's sources, what they import, and the program that visits."""
    folder = tmp_path_factory.mktemp("explorer")
    shutil.copytree(explorer.SOURCES, folder, dirs_exist_ok=True)
    shutil.copytree(HERE / "visitor", folder / "visitor")
    modules = packages(node, explorer.SOURCES / "package.json")
    (folder / "node_modules").symlink_to(modules)
    return folder


# -- what is served


def test_a_browser_is_shown_a_page_that_trusts_nobody_but_us(browser: httpx2.Client) -> None:
    answer = browser.get("/graphql")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"] == "accept"
    policy = dict(
        part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; ")
    )
    [nonce] = re.findall(r'nonce="([^"]+)"', answer.text)
    own = {"script-src", "worker-src", "connect-src"}
    assert policy == dict.fromkeys(own, "'self'") | dict.fromkeys(
        ("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'"
    ) | {
        "style-src": f"'self' 'nonce-{nonce}'",
        "style-src-attr": "'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "data:",
    }
    assert browser.get("/graphql").headers["content-security-policy"].count(nonce) == 0


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere(browser: httpx2.Client) -> None:
    page = browser.get("/graphql").text
    assert re.findall(r"(?:https?:)?//\w+", page) == []
    assert re.findall(r"<script(?![^>]* src=)|<style|\son\w+=|javascript:", page) == []
    assert {link.split("/")[0] for link in re.findall(r'(?:src|href)="([^"]+)"', page)} == {
        "graphql",
        "data:,",
    }


def test_every_file_that_the_page_loads_is_ours_and_may_be_kept(browser: httpx2.Client) -> None:
    found: dict[str, httpx2.Response] = {}
    wanted = set(FILE.findall(browser.get("/graphql").text))
    assert len(wanted) == 2
    while wanted:
        name = wanted.pop()
        found[name] = answer = browser.get(f"/graphql/explorer/{name}")
        assert answer.status_code == 200, name
        kind = {"js": "javascript", "css": "css"}[name.rpartition(".")[2]]
        assert answer.headers["content-type"] == f"text/{kind}; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        wanted |= set(FILE.findall(answer.text)) - found.keys()
    assert found.keys() == {path.name for path in (explorer.BUILT / "assets").iterdir()}
    styles = "".join(answer.text for name, answer in found.items() if name.endswith(".css"))
    assert re.findall(r"@import|url\((?!\"?data:)", styles) == []


def test_the_operations_of_the_readme_are_in_the_page() -> None:
    scripts = "".join(path.read_text() for path in (explorer.BUILT / "assets").glob("*.js"))
    assert len(explorer.examples()) == 4
    for operation in explorer.examples():
        assert operation in scripts


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html", ""])
def test_a_program_is_never_given_the_page(browser: httpx2.Client, accept: str) -> None:
    answer = browser.get("/graphql", headers={"accept": accept})
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_query_in_the_address_is_a_query(browser: httpx2.Client) -> None:
    answer = browser.get("/graphql", params={"query": "{ viewer { mail } }"})
    assert answer.status_code == 401
    posted = browser.post("/graphql", json={"query": "{ viewer { mail } }"})
    assert posted.status_code == 401


def test_there_is_no_page_where_introspection_is_off(settings: dict[str, str]) -> None:
    [file] = (explorer.BUILT / "assets").glob("page-*.css")
    with running(**settings) as closed, httpx2.Client(base_url=closed.url, headers=BROWSER) as it:
        assert it.get("/graphql").status_code == 401
        assert it.get("/graphql", headers={"accept": "text/html"}).status_code == 406
        assert it.get(f"/graphql/explorer/{file.name}").status_code == 404


# -- what it does


async def test_signed_in_it_has_the_schema_and_hears_what_happens(
    web: Web, account: Account, node: Node, sources: Path
) -> None:
    async with (
        Client(web, token_of(account.tier1, account)) as client,
        consumer(
            sources,
            (node.program, "visitor/visit.ts"),
            url=f"{web.url}/graphql",
            token=token_of(account.tier2, account),
            query="query IntrospectionQuery { __schema { subscriptionType { name } } }",
            subscription=ARRIVALS,
        ) as visitor,
    ):
        await visitor.until(lambda it: bool(it.of("listening")))
        [viewer], [answer] = visitor.of("viewer"), visitor.of("answer")
        assert viewer["engineer"]["email"] == account.tier2.email
        assert answer["data"] == {"__schema": {"subscriptionType": {"name": "Subscription"}}}
        raiser = Raiser(client)
        async with asyncio.timeout(PATIENCE):
            while not visitor.events:  # the first may come before the stream has begun
                await raiser.raise_one()
        assert visitor.events[0]["data"]["handoffCreated"]["handoff"]["id"] in raiser.raised
        assert visitor.troubles == []


async def test_a_token_that_is_not_taken_is_told_in_the_services_words(
    web: Web, node: Node, sources: Path
) -> None:
    asked = {"url": f"{web.url}/graphql", "token": "nonsense"}
    async with consumer(sources, (node.program, "visitor/visit.ts"), **asked) as visitor:
        await visitor.until(lambda it: bool(it.troubles))
        assert "not a signed JWT" in str(visitor.troubles[0])


# -- what it is made of


def test_its_programs_pass_the_type_checker(node: Node, workshop: Path, sources: Path) -> None:
    checker = workshop / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [node.program, checker], cwd=sources, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode == 0


def test_every_package_in_it_is_pinned(sources: Path) -> None:
    wanted = json.loads((explorer.SOURCES / "package.json").read_text())
    pins = wanted["dependencies"] | wanted["overrides"]
    lock = json.loads((sources / "node_modules" / ".package-lock.json").read_text())
    loose = {}
    for path, package in lock["packages"].items():
        name, version = path.rpartition("node_modules/")[2], package["version"]
        pinned = {pin for key, pin in pins.items() if key == name or key.startswith(f"{name}@")}
        if version not in pinned and not name.startswith("@esbuild/"):  # esbuild pins its own
            loose[name] = version
    assert loose == {}


def test_an_installation_holds_it() -> None:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = settings["package-data"]["app.explorer"]
    built = [path for path in explorer.BUILT.rglob("*") if path.is_file()]
    assert len(built) > 10
    assert [path for path in built if not any(path.match(pattern) for pattern in patterns)] == []
