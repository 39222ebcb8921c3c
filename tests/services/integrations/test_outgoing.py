"""Requests are bounded in time and size, whatever the other side does, and discreet."""

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from app.demo.vendors.certificates import Authority
from services.integrations.outgoing import BODY, Answer, Outgoing, judge
from services.integrations.protocol import Refused, TryAgain
from tests.services.integrations.internet import PUBLIC, certified, internet, serving

ORIGIN = "https://vendor.test"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"

Serve = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def routed(
    serve: Serve, timeout: timedelta = timedelta(seconds=5)
) -> AsyncIterator[Outgoing]:
    """Requests for ORIGIN reach ``serve``."""
    async with serving(serve) as port:
        outgoing = Outgoing(routes={ORIGIN: f"http://127.0.0.1:{port}"}, timeout=timeout)
        yield outgoing
        await outgoing.aclose()


def saying(
    answer: bytes, heard: list[bytes] | None = None
) -> AbstractAsyncContextManager[Outgoing]:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        if heard is not None:
            heard.append(request)
        writer.write(answer)

    return routed(serve)


async def test_a_routed_origin_is_reached_with_what_was_asked() -> None:
    heard: list[bytes] = []
    async with saying(OK, heard) as outgoing:
        answer = await outgoing.request(
            "POST", f"{ORIGIN}/a/b?c=d%20e", headers={"Authorization": "Bearer x"}, json={"n": "ü"}
        )
        assert (answer.status, answer.json()) == (200, {})
        await outgoing.request("POST", ORIGIN, form={"grant": "a b&c"})
        await outgoing.request("PUT", ORIGIN, content=b"\x00raw")
    as_json, as_form, as_bytes = heard
    assert as_json.startswith(b"POST /a/b?c=d%20e HTTP/1.1\r\n")
    assert as_json.endswith('\r\n\r\n{"n":"ü"}'.encode())
    assert b"content-type: application/json" in as_json.lower()
    assert b"authorization: bearer x" in as_json.lower()
    assert as_form.endswith(b"\r\n\r\ngrant=a+b%26c")
    assert b"application/x-www-form-urlencoded" in as_form
    assert as_bytes.endswith(b"\r\n\r\n\x00raw")


async def test_a_gateway_is_trusted_for_what_is_routed_to_it_and_for_nothing_else() -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)

    async with serving(serve) as port:
        gateway = f"http://127.0.0.1:{port}"
        outgoing = Outgoing(routes={"https://vendor.test:443/": gateway})
        await outgoing.request("GET", "https://VENDOR.test/")
        with pytest.raises(Refused, match="https://"):
            await outgoing.request("GET", gateway)
        for other in ("https://vendor.test:8443/", "https://vendor.test.evil.invalid/"):
            with pytest.raises(TryAgain, match="no address"):
                await outgoing.request("GET", other)
        await outgoing.aclose()


async def test_no_tenant_is_lent_the_connection_to_a_gateway() -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)

    gateway = "gateway.internal"
    server, client = certified(gateway)
    with internet() as net:
        net.names = {gateway: [["10.0.0.5"]]}
        async with serving(serve, server) as port:
            net.places[gateway] = port
            outgoing = Outgoing(
                routes={ORIGIN: f"https://{gateway}"}, tls=client, resolve=net.resolve
            )
            assert (await outgoing.request("GET", ORIGIN)).status == 200  # it is kept open
            with pytest.raises(Refused, match="not on the public internet"):
                await outgoing.request("GET", f"https://{gateway}/")
            await outgoing.aclose()


async def test_a_host_that_the_operator_allows_may_be_private_and_on_any_port() -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)

    async with serving(serve) as port:
        outgoing = Outgoing(allowed=["LOCALHOST"])
        assert (await outgoing.request("GET", f"http://localhost:{port}/")).status == 200
        with pytest.raises(Refused):
            await outgoing.request("GET", f"http://127.0.0.1:{port}/")
        await outgoing.aclose()


async def test_a_redirect_is_an_answer_and_nobody_follows_it() -> None:
    visited: list[bytes] = []

    async def inside(request: bytes, writer: asyncio.StreamWriter) -> None:
        visited.append(request)
        writer.write(OK)

    async with serving(inside) as port:
        where = f"location: http://localhost:{port}/\r\n".encode()
        for status in (301, 302, 303, 307, 308):
            said = b"HTTP/1.1 %d Go\r\n%bcontent-length: 0\r\n\r\n" % (status, where)
            async with saying(said) as outgoing:
                answer = await outgoing.request("POST", ORIGIN, json={})
            assert answer.status == status
            with pytest.raises(Refused, match="never followed"):
                judge(answer, "The webhook")
    assert visited == []


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", OK[:-2]])
async def test_whoever_answers_drop_by_drop_is_not_waited_for(start: bytes) -> None:
    async def drip(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        for _ in range(60):
            writer.write(b"x")  # each within any limit of a single read
            await writer.drain()
            await asyncio.sleep(0.05)

    async with routed(drip, timedelta(seconds=0.4)) as outgoing:
        began = time.monotonic()
        answered = outgoing.request("GET", f"{ORIGIN}/hook?key=hunter2")
        if start == OK[:-2]:  # the body is whole after two drops
            assert (await answered).body == b"xx"
        else:
            with pytest.raises(TryAgain, match=r"vendor\.test did not answer in time") as slow:
                await answered
            assert "hunter2" not in str(slow.value)
        assert time.monotonic() - began < 1.5


async def test_a_body_that_never_ends_is_not_waited_for() -> None:
    async def drip(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n")
        for _ in range(60):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with routed(drip, timedelta(seconds=0.4)) as outgoing:
        began = time.monotonic()
        with pytest.raises(TryAgain, match="in time"):
            await outgoing.request("GET", ORIGIN)
        assert time.monotonic() - began < 1.5


async def test_of_an_endless_answer_only_the_beginning_is_read() -> None:
    written = 0

    async def flood(request: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while written < 500_000_000:
            writer.write(b"x" * 65_536)
            written += 65_536
            await writer.drain()

    async with routed(flood) as outgoing:
        assert len((await outgoing.request("GET", ORIGIN)).body) == BODY
        longer = await outgoing.request("GET", ORIGIN, at_most=3 * BODY)
        assert len(longer.body) == 3 * BODY
    assert written < 50_000_000  # what the buffers of two sockets hold


async def test_an_endless_head_is_an_error() -> None:
    async def flood(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(100_000):
            writer.write(b"x-%d: %b\r\n" % (number, b"y" * 1000))
            await writer.drain()

    async with routed(flood) as outgoing:
        with pytest.raises(TryAgain, match="broke before"):
            await outgoing.request("GET", ORIGIN)


async def test_a_packed_answer_is_not_unpacked() -> None:
    """A megabyte of nothing is a few bytes when it is packed."""
    heard: list[bytes] = []
    packed = (
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\x00"
    )
    async with saying(packed, heard) as outgoing:
        answer = await outgoing.request("GET", ORIGIN)
    assert b"accept-encoding: identity" in heard[0].lower()
    assert answer.body == b"\x1f\x8b\x08\x00"


@pytest.mark.parametrize("body", [b"<html>", b"\xff\xfe", b"{", b""])
async def test_garbage_where_json_was_due_is_worth_another_try(body: bytes) -> None:
    with pytest.raises(TryAgain, match=r"not JSON") as garbage:
        Answer(200, {}, body).json()
    assert garbage.value.status == 200
    assert garbage.value.__cause__ is None


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", b"nonsense\r\n\r\n", b""]
)
async def test_a_connection_that_breaks_is_worth_another_try(said: bytes) -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    async with routed(serve) as outgoing:
        with pytest.raises(TryAgain, match="broke before"):
            await outgoing.request("GET", ORIGIN)


async def test_nobody_listening_is_worth_another_try() -> None:
    outgoing = Outgoing(routes={ORIGIN: "http://127.0.0.1:1"})
    with pytest.raises(TryAgain, match="could not be reached"):
        await outgoing.request("GET", ORIGIN)
    await outgoing.aclose()


async def test_a_certificate_of_somebody_else_is_not_believed() -> None:
    heard: list[bytes] = []

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        heard.append(request)
        writer.write(OK)

    server, client = certified("somebody.test")
    with internet() as net:
        net.names = {"vendor.test": [[PUBLIC]]}
        async with serving(serve, server) as port:
            net.places[PUBLIC] = port
            for trusting in (client, None):
                outgoing = Outgoing(tls=trusting, resolve=net.resolve)
                with pytest.raises(TryAgain, match="not securely"):
                    await outgoing.request("GET", ORIGIN)
                await outgoing.aclose()
    assert heard == []


async def test_the_operators_authority_is_believed_about_what_the_operator_trusts_and_nobody_else(
    tmp_path: Path,
) -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)

    authority = Authority()
    (tmp_path / "authority.pem").write_text(authority.pem)
    names = {"vendor.test": [[PUBLIC]], "gateway.internal": [["10.0.0.5"]]}
    with internet() as net:
        net.names = names
        async with serving(serve, authority.server(*names)) as port:
            net.places = {PUBLIC: port, "gateway.internal": port}
            outgoing = Outgoing(
                routes={"https://routed.test": "https://gateway.internal"},
                authorities=tmp_path / "authority.pem",
                resolve=net.resolve,
            )
            assert (await outgoing.request("GET", "https://routed.test/")).status == 200
            with pytest.raises(TryAgain, match="not securely"):
                await outgoing.request("GET", ORIGIN)
            await outgoing.aclose()


@pytest.mark.parametrize("value", ["hunter2\r\nx: y", "hunter2\u20ac", "hunter2\x00"])
async def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated(value: str) -> None:
    async with saying(OK) as outgoing:
        with pytest.raises(Refused, match="can't be written") as refused:
            await outgoing.request("GET", ORIGIN, headers={"authorization": value})
    shown = "".join(traceback.format_exception(refused.value))
    assert "hunter2" not in shown.replace("hunter2\\", "")


async def test_cookies_are_not_kept_for_the_next_tenant() -> None:
    heard: list[bytes] = []
    said = OK.replace(b"\r\n\r\n", b"\r\nset-cookie: session=hunter2; Path=/\r\n\r\n")
    async with saying(said, heard) as outgoing:
        await outgoing.request("GET", ORIGIN)
        await outgoing.request("GET", ORIGIN)
    assert b"cookie" not in heard[1].lower()


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with saying(OK) as outgoing:
        assert (await outgoing.request("GET", ORIGIN)).status == 200


# -- what an answer means


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_is_nothing_to_talk_about(status: int) -> None:
    judge(Answer(status, {}, b""), "Slack")


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_tried_again(status: int) -> None:
    with pytest.raises(TryAgain, match=rf"Slack .* \(HTTP {status}\)") as again:
        judge(Answer(status, {}, b"hunter2"), "Slack")
    assert (again.value.status, again.value.after) == (status, None)
    assert "hunter2" not in str(again.value)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 413, 422])
def test_what_will_not_pass_is_refused(status: int) -> None:
    with pytest.raises(Refused, match=rf"Slack .* \(HTTP {status}\)") as refused:
        judge(Answer(status, {}, b"hunter2"), "Slack")
    assert refused.value.status == status
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30),
        (" 7 ", 7),
        ("0", 0),
        ("999999999999999999", 3600),
        ("-5", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600),
        ("Fri, 99 Dec 2026 23:59:59 GMT", None),
        ("", None),
    ],
)
def test_the_wait_that_a_vendor_asks_for_is_honoured_up_to_an_hour(
    value: str, seconds: int | None
) -> None:
    with pytest.raises(TryAgain) as again:
        judge(Answer(429, {"retry-after": value}, b""), "Slack")
    assert again.value.after == (None if seconds is None else timedelta(seconds=seconds))


def test_the_wait_may_be_told_as_a_date() -> None:
    until = datetime.now(UTC) + timedelta(minutes=2)
    with pytest.raises(TryAgain) as again:
        judge(Answer(503, {"retry-after": format_datetime(until, usegmt=True)}, b""), "Slack")
    assert again.value.after is not None
    assert timedelta(minutes=1.5) < again.value.after <= timedelta(minutes=2)
