"""Tenants can't make the service connect to what only its own network can reach."""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from services.integrations.addresses import is_public
from services.integrations.outgoing import Outgoing
from services.integrations.protocol import NotSent, Refused, TryAgain
from tests.services.integrations.internet import PUBLIC, Internet, certified, internet, serving

NAME = "hooks.acme.test"

WRITTEN = [
    "127.0.0.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "2130706433",  # 127.0.0.1 as one number
    "0x7f000001",
    "0x7f.1",
    "017700000001",
    "127.1",
    "0",
    "0.0.0.0",  # noqa: S104
    "[::]",
    "169.254.169.254",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "[fd00::1]",
    "[fe80::1]",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::1]",
    "224.0.0.1",
    "255.255.255.255",
    "LOCALHOST",
    "0X7F.1",
    "2852039166",  # 169.254.169.254
    "0xa9fea9fe",
    "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
    "[fd00:ec2::254]",  # metadata of Amazon
    "100.100.100.200",  # of Alibaba
    "168.63.129.16",  # of Azure
    "192.0.0.192",  # of Oracle
    "[::127.0.0.1]",
]

NOT_PUBLIC = [
    "10.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "203.0.113.1",
    "240.0.0.1",
    "::127.0.0.1",
    "::ffff:192.168.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:a9fe:a9fe::1",
    "2001:db8::1",
    "fec0::1",
    "fe80::1%eth0",
    "ff02::1",
    "ff0e::1",
    "0.1.2.3",
    "100.127.255.254",
    "192.88.99.1",
    "::7f00:1",
    "::ffff:0:7f00:1",  # RFC 2765
    "2001:0:7f00:1::1",  # Teredo
    "2001:20::1",
    "100::1",
    "3fff::1",
    "5f00::1",
    "2606:4700::5efe:10.0.0.1",  # ISATAP
    "2606:4700::200:5efe:a9fe:a9fe",
    "2606:4700::1111%eth0",
    "no address",
]


@pytest.fixture
def net() -> Iterator[Internet]:
    with internet() as made:
        yield made


@pytest.fixture
async def outgoing() -> AsyncIterator[Outgoing]:
    made = Outgoing()
    yield made
    await made.aclose()


@pytest.mark.parametrize("host", WRITTEN)
async def test_an_address_of_this_network_is_refused_however_it_is_written(
    net: Internet, outgoing: Outgoing, host: str
) -> None:
    with pytest.raises(Refused, match="is not on the public internet") as refused:
        await outgoing.request("POST", f"https://{host}/hook", json={})
    assert net.dialled == []
    assert str(refused.value).startswith(host.strip("[]").lower())


@pytest.mark.parametrize(
    "host",
    [
        "localhost.",
        "127.0.0.1.",
        "169.254.169.254.",
        "[fe80::1%25lo]",
        "[::1%25lo]",
        "\uff11\uff12\uff17.0.0.1",  # wide digits
        "127\u30020\u30020\u30021",  # dots of other scripts
        "public.test@127.0.0.1",
        "127.0.0.1#@public.test",
        "127.0.0.1\\@public.test",
    ],
)
async def test_whatever_the_resolver_makes_of_an_odd_spelling_nothing_is_dialled(
    net: Internet, outgoing: Outgoing, host: str
) -> None:
    with pytest.raises(NotSent):
        await outgoing.request("POST", f"https://{host}/hook", json={})
    assert net.dialled == []


@pytest.mark.parametrize("host", ["inside.test.", "INSIDE.test"])
async def test_a_dot_at_the_end_or_large_letters_change_nothing(net: Internet, host: str) -> None:
    net.names = {name: [["10.0.0.5"]] for name in ("inside.test", "inside.test.")}
    made = Outgoing(resolve=net.resolve)
    with pytest.raises(Refused, match="is not on the public internet"):
        await made.request("GET", f"https://{host}/")
    assert net.dialled == []
    await made.aclose()


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_the_public_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_what_is_the_public_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "addresses", [["10.0.0.5"], [PUBLIC, "10.0.0.5"], [PUBLIC, "::1"], ["::ffff:127.0.0.1"]]
)
async def test_a_name_with_one_address_inside_is_refused_whatever_the_others_are(
    net: Internet, addresses: list[str]
) -> None:
    net.names[NAME] = [addresses]
    outgoing = Outgoing(resolve=net.resolve)
    with pytest.raises(Refused, match="is not on the public internet") as refused:
        await outgoing.request("POST", f"https://{NAME}/hook")
    assert net.dialled == []
    assert not any(address in str(refused.value) for address in addresses)
    await outgoing.aclose()


async def test_the_connection_goes_to_the_address_that_was_checked_and_tls_keeps_the_name(
    net: Internet,
) -> None:
    heard: list[bytes] = []

    async def answer(request: bytes, writer: object) -> None:
        heard.append(request)
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")  # type: ignore[attr-defined]

    server, client = certified(NAME)
    # a rebinding name server: public when it is checked, this machine ever after
    net.names[NAME] = [[PUBLIC], ["127.0.0.1"]]
    async with serving(answer, server) as port:
        net.places[PUBLIC] = port
        outgoing = Outgoing(tls=client, resolve=net.resolve)
        assert (await outgoing.request("POST", f"https://{NAME}/hook")).status == 204
        assert net.dialled == [(PUBLIC, 443)]
        assert f"host: {NAME}\r\n".encode() in heard[0].lower()

        with pytest.raises(Refused, match="is not on the public internet"):
            await outgoing.request("POST", f"https://{NAME}/hook")
        assert len(net.dialled) == 1
        await outgoing.aclose()


async def test_the_next_address_is_tried_where_one_does_not_answer(net: Internet) -> None:
    async def answer(request: bytes, writer: object) -> None:
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")  # type: ignore[attr-defined]

    server, client = certified(NAME)
    net.names[NAME] = [["8.8.8.8", PUBLIC]]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        net.places["8.8.8.8"] = closed.getsockname()[1]
        async with serving(answer, server) as port:
            net.places[PUBLIC] = port
            outgoing = Outgoing(tls=client, resolve=net.resolve)
            assert (await outgoing.request("GET", f"https://{NAME}/")).status == 204
            await outgoing.aclose()


async def test_a_name_without_an_address_may_have_one_later(outgoing: Outgoing) -> None:
    with pytest.raises(TryAgain, match=r"no address for the name nowhere\.invalid"):
        await outgoing.request("POST", "https://nowhere.invalid/hook")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.acme.test/", "start with https://"),
        ("ftp://hooks.acme.test/", "start with https://"),
        ("file:/etc/passwd", "start with https://"),
        ("https:///etc/passwd", "start with https://"),
        ("hooks.acme.test", "start with https://"),
        ("https://hooks.acme.test:22/", "ports 443 and 8443"),
        ("https://hooks.acme.test:80/", "ports 443 and 8443"),
        ("https://user:hunter2@hooks.acme.test/", "user name or password"),
        ("https://hooks.acme.test:x/", "can't be written"),
        ("https://0177.0.0.1/", "can't be written"),
        ("https://hooks\nacme.test/", "can't be written"),
    ],
)
async def test_only_plain_https_addresses_are_used(
    net: Internet, outgoing: Outgoing, url: str, said: str
) -> None:
    with pytest.raises(Refused, match=said) as refused:
        await outgoing.request("GET", url)
    assert net.dialled == []
    assert "hunter2" not in str(refused.value)
