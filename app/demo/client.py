"""A small GraphQL client: one engineer, one connection."""

from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import httpx2

PATIENCE = 15.0  # seconds for one answer


class StoryStopped(Exception):
    """The story can't go on. The message is one sentence for whoever started it."""


def endpoint_of(url: str) -> str:
    """Where GraphQL is served, given the service's address or the endpoint itself."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    path = parts.path.rstrip("/") or "/graphql"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


class Client:
    """Asks as the engineer of a token. Goes straight to the server, past any proxy."""

    def __init__(self, endpoint: str, token: str) -> None:
        self._endpoint = endpoint
        self._http = httpx2.AsyncClient(
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/graphql-response+json, application/json",
            },
            timeout=PATIENCE,
            limits=httpx2.Limits(max_connections=1),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def ask(self, document: str, **variables: Any) -> Any:
        """The answer's ``data``. Raises StoryStopped when there is none, or errors beside it."""
        try:
            response = await self._http.post(
                self._endpoint, json={"query": document, "variables": variables}
            )
        except httpx2.TransportError as error:
            raise StoryStopped(no_answer(self._endpoint, error)) from error
        try:
            body = response.json()
        except ValueError as error:
            raise StoryStopped(
                f"What answers at {self._endpoint} is not Baton (HTTP {response.status_code})."
            ) from error
        if not isinstance(body, dict) or body.get("errors") or "data" not in body:
            raise StoryStopped(refusal(self._endpoint, body))
        return body["data"]


def no_answer(endpoint: str, error: Exception) -> str:
    told = str(error) or type(error).__name__
    return (
        f"No server answers at {endpoint} ({told}). Start one with `make serve`, or give the "
        "address of a running one."
    )


def refusal(endpoint: str, body: Any) -> str:
    """Why the server did not answer, in its own words as far as it has some."""
    errors = body.get("errors") if isinstance(body, dict) else body
    told = [
        str(error.get("message", error)) if isinstance(error, dict) else str(error)
        for error in (errors if isinstance(errors, list) else [errors])
    ]
    return f"The server at {endpoint} refused: {'; '.join(told)}"
