"""A request over HTTP that is sent again, in the same words, until it is answered."""

import asyncio
import random
from collections.abc import Callable
from typing import Any, Final

import httpx2

PATIENCE: Final = 60.0  # seconds; what is not answered by then fails the run
PAUSES: Final = (0.05, 0.5)


class Unanswered(Exception):
    """Refused where it should not be, or not answered for too long."""


class Asking:
    """``retries``: how often a request had to be sent again."""

    def __init__(self, http: httpx2.AsyncClient, url: Callable[[], str], seed: str) -> None:
        self.retries = 0
        self._http = http
        self._url = url
        self._chance = random.Random(seed)

    async def ask(self, token: str, document: str, **variables: Any) -> dict[str, Any]:
        """The value of the one root field."""
        said: object = None
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        said = await self._answer(token, document, variables)
                    except (httpx2.TransportError, ValueError) as error:
                        said = error  # cut off, or answered by somebody who knows no GraphQL
                    if isinstance(said, dict) and not _passes(said):
                        return _value(said)
                    self.retries += 1
                    await asyncio.sleep(self._chance.uniform(*PAUSES))
        except TimeoutError:
            raise Unanswered(f"{document} {variables}: {said!r}") from None

    async def _answer(self, token: str, document: str, variables: dict[str, Any]) -> Any:
        response = await self._http.post(
            f"{self._url()}/graphql",
            json={"query": document, "variables": variables},
            headers={"authorization": f"Bearer {token}"},
        )
        return response.json()


def _passes(answer: dict[str, Any]) -> bool:
    codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
    return codes == {"UNAVAILABLE"}


def _value(answer: dict[str, Any]) -> dict[str, Any]:
    if "errors" in answer:
        raise Unanswered(str(answer))
    [value] = answer["data"].values()
    found: dict[str, Any] = value
    return found
