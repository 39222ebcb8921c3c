"""Who is shown the page for browsers, and that it is nobody's business where there is none."""

import json
import logging
from pathlib import Path

import pytest
from starlette.requests import Request

from app.explorer import explorer_routes, is_browsed
from app.explorer.serving import Page

CHROME = b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def asked(*accept: bytes, method: str = "GET", query: bytes = b"") -> bool:
    headers = [(b"accept", value) for value in accept]
    return is_browsed({"method": method, "query_string": query, "headers": headers})


@pytest.mark.parametrize(
    "accept",
    [
        (CHROME,),
        (b"text/html",),
        (b"TEXT/HTML; charset=utf-8",),
        (b"text/html;q=0.5, application/json;q=0.4",),
        (b"image/png", b"text/html"),
    ],
)
def test_who_likes_html_best_is_a_browser(accept: tuple[bytes, ...]) -> None:
    assert asked(*accept)


@pytest.mark.parametrize(
    "accept",
    [
        (),
        (b"",),
        (b"*/*",),
        (b"text/*",),
        (b"application/json, text/plain, */*",),
        (b"text/html, application/json",),
        (b"text/html;q=0.8, application/graphql-response+json",),
        (b"text/html;q=0.8, text/event-stream",),
        (b"text/html;q=0",),
        (b"text/html;q=high",),
    ],
)
def test_who_would_as_soon_have_an_answer_is_none(accept: tuple[bytes, ...]) -> None:
    assert not asked(*accept)


def test_who_asks_something_is_none() -> None:
    assert not asked(CHROME, query=b"query=%7Bviewer%7Bmail%7D%7D")
    assert not asked(CHROME, method="POST")
    assert not asked(CHROME, method="HEAD")


def test_where_nothing_was_built_there_is_no_page_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert explorer_routes("/graphql", demo=False, built=tmp_path) == []
    assert "not built" in caplog.text


@pytest.mark.parametrize("demo", [True, False])
async def test_the_page_says_how_to_get_a_token_in_the_demo_alone(*, demo: bool) -> None:
    page = Page("/graphql", {"script": "a.js", "style": "a.css"}, demo=demo)
    shown = bytes((await page.shown(Request({"type": "http"}))).body).decode()
    assert f'data-demo="{json.dumps(demo)}"' in shown
