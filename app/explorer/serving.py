"""The page and its files."""

from __future__ import annotations

import json
import logging
from os import PathLike, stat_result
from pathlib import Path
from secrets import token_urlsafe
from string import Template
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

logger = logging.getLogger(__name__)

HERE: Final = Path(__file__).parent
BUILT: Final = HERE / "built"

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "connect-src 'self'",
        "style-src 'self' 'nonce-{nonce}'",
        "style-src-attr 'unsafe-inline'",  # how the editor places its lines
        "img-src 'self' data:",
        "font-src data:",  # those in the style sheet
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}
PAGE_HEADERS: Final = HEADERS | {
    "cache-control": "no-store",  # a nonce is for one answer
    "vary": "accept",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
}
FILE_HEADERS: Final = HEADERS | {
    "cache-control": "public, max-age=31536000, immutable",  # their names hold a hash
}


def explorer_routes(path: str, *, demo: bool, built: Path = BUILT) -> list[BaseRoute]:
    """For a GET of ``path`` that is browsed, and for what the page loads from below it; none where
    nothing was built. ``demo``: the page says how to get a token."""
    try:
        manifest = json.loads((built / "manifest.json").read_bytes())
    except FileNotFoundError:
        logger.warning("There is no page for browsers at %s: it was not built", path)
        return []
    page = Page(path, manifest, demo=demo)
    return [
        Route(path, page.shown, methods=["GET"]),
        Mount(f"{path}/explorer", Files(directory=built / "assets")),
    ]


class Page:
    def __init__(self, path: str, manifest: dict[str, Any], *, demo: bool) -> None:
        self.template = Template((HERE / "page.html").read_text())
        self.known = {
            "files": f"{path.rpartition('/')[2]}/explorer",  # a proxy may know the path by another
            "script": manifest["script"],
            "style": manifest["style"],
            "demo": str(demo).lower(),
        }

    async def shown(self, _: Request) -> Response:
        nonce = token_urlsafe(16)
        policy = {"content-security-policy": POLICY.format(nonce=nonce)}
        page = self.template.substitute(self.known, nonce=nonce)
        return HTMLResponse(page, headers=PAGE_HEADERS | policy)


class Files(StaticFiles):
    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(FILE_HEADERS)
        return response
