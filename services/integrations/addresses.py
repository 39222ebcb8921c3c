"""Which addresses tenants may make the service connect to.

A tenant's URL must not reach what only this machine or its network can: metadata services,
databases, the service itself. A name is resolved once, at connection time, and the connection goes
to the very address that was checked, so a name that resolves to something else the next time gains
nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Final

import httpcore2

from services.integrations.protocol import Refused, TryAgain

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052

NOWHERE: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32",  # Azure: the host of a virtual machine, with its secrets
            "192.0.0.0/24",  # RFC 6890; Oracle's metadata are at 192.0.0.192
            "192.88.99.0/24",  # RFC 7526: relays of 6to4
            "3fff::/20",  # RFC 9637: for documentation
        ),
    )
)
"""Global as Python sees it, and still only of the network that we run in, or of nobody."""

ISATAP: Final = (0x00005EFE, 0x02005EFE)
"""In the upper half of an interface identifier: an IPv4 address follows. RFC 5214, section 6.1."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The numeric addresses of a name, best first. Numbers in any spelling are names, too:
    ``127.1``, ``0x7f000001``, ``2130706433`` and ``0177.1`` come out as what they mean."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(text: str) -> bool:
    """Whether it is an address of the public internet, and so is every IPv4 address inside it."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if "%" in text:  # a zone is one of this machine's links
        return False
    return all(_is_public(part) for part in _within(address))


def _is_public(address: Address) -> bool:
    odd = address.is_multicast or address.is_reserved or address.is_unspecified
    local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    nowhere = any(address in network for network in NOWHERE)
    return address.is_global and not (odd or local or nowhere)


def _within(address: Address) -> Iterator[Address]:
    """The address, or what a translator on the way would make of it."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
        return
    if address in NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return
    yield address
    if address.sixtofour is not None:
        yield address.sixtofour
    if int(address) >> 32 & 0xFFFFFFFF in ISATAP:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


class PublicOnly(httpcore2.AsyncNetworkBackend):
    """Opens connections to addresses of the public internet, and to no others.

    Every address of the name has to be public, not just the one that is used: a name that mixes
    them is an attempt. TLS and ``Host`` are the caller's, and keep the name.
    """

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await self._checked(host, port)
        patience = None if timeout is None else timeout / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._network.connect_tcp(
                    address, port, patience, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._network.connect_tcp(
            addresses[-1], port, patience, local_address, socket_options
        )

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError):
            addresses = []
        if not addresses:
            raise TryAgain(f"There is no address for the name {host}.")
        if not all(map(is_public, addresses)):
            raise Refused(
                f"{host} is not on the public internet, so nothing is sent there. Whoever runs "
                "this installation can allow it (BATON_OUTGOING_ALLOW)."
            )
        return addresses

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
