"""The one way out over HTTP: guarded, bounded in time and size, and discreet.

No redirect is followed, no proxy of the environment used, no cookie kept, and no word of an answer
or of a secret is part of an error. Source: docs/integrations/README.md, "What the service connects
to".
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import httpcore2
import httpx2
import orjson

from services.integrations.addresses import PublicOnly, Resolve, resolve
from services.integrations.protocol import Refused, TryAgain

BODY: Final = 64 * 1024  # bytes of an answer that are read, unless more are asked for
PORTS: Final = (443, 8443)
LONGEST_WAIT: Final = timedelta(hours=1)
AGENT: Final = "Baton/1"

DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Answer:
    """``headers`` have lower-case names; ``body`` is what was asked for of it, at most."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises TryAgain for what isn't JSON: most likely a proxy or an outage page spoke."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise TryAgain(
                f"The answer could not be understood (HTTP {self.status}, not JSON).",
                status=self.status,
            ) from None


class Outgoing:
    """Requests to vendors, and to addresses that tenants have given.

    Only https to ports 443 and 8443 of the public internet, except to hosts of ``allowed``, which
    the operator trusts. ``routes`` sends requests for one origin to another, which is trusted for
    these alone: an egress gateway. ``tls`` says which certificates are believed; ``authorities``
    is a file with those of more authorities, who are believed about what the operator trusts.
    """

    def __init__(
        self,
        *,
        allowed: Collection[str] = (),
        routes: Mapping[str, str] | None = None,
        timeout: timedelta = timedelta(seconds=15),
        tls: ssl.SSLContext | None = None,
        authorities: Path | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        self._allowed = frozenset(host.lower() for host in allowed)
        self._routes = {
            _origin(httpx2.URL(whence)): httpx2.URL(whither)
            for whence, whither in (routes or {}).items()
        }
        self._timeout = timeout.total_seconds()
        tls = tls or httpx2.create_ssl_context(trust_env=False)
        # apart, so that no connection opened for a trusted request serves another
        self._public = _pool(tls, PublicOnly(resolve))
        self._trusted = _pool(tls if authorities is None else _believing(authorities), None)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        at_most: int = BODY,
    ) -> Answer:
        """One request, whatever the answer's status. At most one of json, form and content, and no
        more than ``at_most`` bytes of the answer.

        Raises TryAgain when nobody answers in time, and Refused for an address that nothing is sent
        to.
        """
        given = {"user-agent": AGENT, "accept-encoding": "identity", **(headers or {})}
        if json is not None:
            content = orjson.dumps(json)
            given = {"content-type": "application/json", **given}
        try:
            request = httpx2.Request(method, url, headers=given, data=form, content=content)
        except (httpx2.InvalidURL, UnicodeError, ValueError):
            raise Refused(
                "The request can't be written: an address, a key or a token has characters that "
                "don't belong into one. Enter them again."
            ) from None
        host = request.url.host
        try:
            async with asyncio.timeout(self._timeout):
                return await self._carried(request, at_most)
        except (TimeoutError, httpcore2.TimeoutException):
            raise TryAgain(f"{host} did not answer in time.") from None
        except httpcore2.LocalProtocolError:
            raise Refused(
                "The request can't be written: a key or a token has characters that don't belong "
                "into one. Enter it again."
            ) from None
        except httpcore2.ConnectError:
            raise TryAgain(f"{host} could not be reached, or not securely.") from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError):
            raise TryAgain(f"The connection to {host} broke before there was an answer.") from None

    async def aclose(self) -> None:
        await self._public.aclose()
        await self._trusted.aclose()

    async def _carried(self, request: httpx2.Request, at_most: int) -> Answer:
        url = request.url
        pool = self._trusted
        if url.scheme not in DEFAULT_PORTS or not url.host:
            raise Refused("Only addresses that start with https:// are used.")
        if (gateway := self._routes.get(_origin(url))) is not None:
            url = url.copy_with(scheme=gateway.scheme, netloc=gateway.netloc)
            request.headers["host"] = gateway.netloc.decode("ascii")
        elif url.host.lower() not in self._allowed:
            _check(url)
            pool = self._public
        part = self._timeout / 2
        sent = httpcore2.Request(
            request.method,
            httpcore2.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            # of each step; however many there are, the caller's limit holds for all together
            extensions={"timeout": {"connect": part, "read": part, "write": part, "pool": part}},
        )
        response = await pool.handle_async_request(sent)
        try:
            return Answer(
                response.status,
                {
                    name.decode("latin-1").lower(): value.decode("latin-1")
                    for name, value in response.headers
                },
                await _beginning(response, at_most),
            )
        finally:
            await response.aclose()


def _believing(authorities: Path) -> ssl.SSLContext:
    tls = httpx2.create_ssl_context(trust_env=False)
    tls.load_verify_locations(cafile=authorities)
    return tls


def _pool(
    tls: ssl.SSLContext, network: httpcore2.AsyncNetworkBackend | None
) -> httpcore2.AsyncConnectionPool:
    return httpcore2.AsyncConnectionPool(
        ssl_context=tls,
        max_connections=200,
        max_keepalive_connections=20,
        keepalive_expiry=5,
        network_backend=network,
    )


async def _beginning(response: httpcore2.Response, at_most: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) >= at_most:
            break
    return bytes(body[:at_most])


def _origin(url: httpx2.URL) -> str:
    port = url.port or DEFAULT_PORTS.get(url.scheme)
    return f"{url.scheme}://{url.host.lower()}:{port}"


def _check(url: httpx2.URL) -> None:
    """Refuse what no look at the network is needed for."""
    if url.scheme != "https":
        raise Refused("Only addresses that start with https:// are used.")
    if url.userinfo:
        raise Refused("An address must not contain a user name or password (before an @).")
    if (url.port or 443) not in PORTS:
        raise Refused("Only the ports 443 and 8443 are used.")


def judge(answer: Answer, vendor: str) -> None:
    """Nothing for 2xx. Raises TryAgain for what may pass, and Refused for what will not."""
    status = answer.status
    if 200 <= status < 300:
        return
    if status in {408, 409, 425, 429} or status >= 500:
        busy = f"{vendor} asked for a pause" if status == 429 else f"{vendor} has trouble"
        raise TryAgain(
            f"{busy} (HTTP {status}).",
            status=status,
            after=_asked_wait(answer.headers.get("retry-after")),
        )
    raise Refused(f"{vendor} {_refusal(status)} (HTTP {status}).", status=status)


def _refusal(status: int) -> str:
    match status:
        case 401:
            return "doesn't accept the key or token: enter it again"
        case 403:
            return "doesn't permit this: check what the key or token may do"
        case 404 | 410:
            return "doesn't know the address: check it, and whether it was deleted there"
        case 413:
            return "finds it too long"
        case _ if status < 400:
            return "sends us to another address, which is never followed: enter the final one"
        case _:
            return "refused it"


def _asked_wait(value: str | None) -> timedelta | None:
    """``Retry-After``, as seconds or as a date. RFC 9110, section 10.2.3."""
    if value is None:
        return None
    try:
        if value.strip().isdecimal():
            wait = timedelta(seconds=min(int(value[:12]), LONGEST_WAIT.total_seconds()))
        else:
            until = parsedate_to_datetime(value)
            wait = until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return None
    return min(max(wait, timedelta()), LONGEST_WAIT)
