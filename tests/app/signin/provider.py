"""An identity provider on this machine: a real HTTP server whose keys and moods a test decides."""

import asyncio
import warnings
from contextlib import suppress
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

SigningKey = RSAKey | ECKey | OKPKey
ALGORITHMS = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}
STATUS = b"HTTP/1.1 %b\r\nconnection: close\r\ncontent-length: %d\r\n"


def rsa(kid: str = "rsa", bits: int = 2048) -> RSAKey:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", SecurityWarning
        )  # about a short key, which is what is wanted
        return RSAKey.generate_key(bits, {"kid": kid})


def ec(kid: str = "ec", curve: str = "P-256") -> ECKey:
    return ECKey.generate_key(curve, {"kid": kid})


def ed(kid: str = "ed") -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid})


def public(key: SigningKey, **members: Any) -> dict[str, Any]:
    """As it is published, with ``members`` changed; None takes one away."""
    jwk = {**key.as_dict(private=False), "use": "sig", "alg": ALGORITHMS[key.key_type], **members}
    return {name: value for name, value in jwk.items() if value is not None}


def signed(key: SigningKey, claims: dict[str, Any], **header: Any) -> str:
    """A token of that key; ``header`` changes what it says of itself, None leaves it out."""
    algorithm = ALGORITHMS[key.key_type]
    said = {"alg": algorithm, "kid": key.kid, **header}
    said = {name: value for name, value in said.items() if value is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # about the name EdDSA
        return jwt.encode(said, claims, key, [said["alg"]])


class Provider:
    """Serves ``keys``. ``hits`` counts requests. A ``mood`` makes it misbehave."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = list(keys)
        self.hits = 0
        self.mood = "well"
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/keys"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._open:  # of whoever gave up in the middle of an answer
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    async def __aenter__(self) -> "Provider":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            asked = await reader.readuntil(b"\r\n\r\n")
            here = asked.startswith(b"GET /keys ")
            self.hits += here
            await self._answer(writer, self.mood if here else "well")
        writer.close()
        self._open.discard(writer)

    async def _answer(self, writer: asyncio.StreamWriter, mood: str) -> None:
        body = orjson.dumps({"keys": self.keys})
        status, headers = b"200 OK", b"content-type: application/json\r\n"
        match mood:
            case "broken":
                status = b"500 Internal Server Error"
            case "moved":
                # to keys that would do, if they were fetched
                status, headers = b"302 Found", b"location: /elsewhere\r\n"
            case "garbled":
                body = b"<html>"
            case "huge":
                body += b" " * 300_000
            case "hanging":
                await asyncio.sleep(60)
            case "slow":
                await asyncio.sleep(0.3)
        writer.write(STATUS % (status, len(body)) + headers + b"\r\n")
        if mood == "dripping":
            for byte in body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.2)
        writer.write(body)
        await writer.drain()
