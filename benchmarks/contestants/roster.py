"""Who is measured: how each is started, asked, connected to, and told of events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from app.signin import mint
from benchmarks.contestants import bells
from benchmarks.contestants.serving import POOL
from benchmarks.documents import post
from benchmarks.world import Desk, World
from services.actor import Actor

SECRET: Final = "a secret that signs the tokens of benchmarks only"
BATON: Final = "Baton"
FLOOR: Final = "floor"
FRAMES: Final = "ready frames"
PLAIN: Final = "plain Strawberry"


@dataclass(frozen=True, slots=True)
class Opening:
    """How an engineer opens a socket. ``init`` is the message `connection_init`."""

    path: str
    headers: dict[str, str]
    init: dict[str, object]


Request = Callable[[str, Actor, bytes], bytes]
Open = Callable[[Actor], Opening]


@dataclass(frozen=True, slots=True)
class Contestant:
    name: str
    command: Callable[[str, int], Sequence[str]]
    environment: Callable[[str, int], dict[str, str]]
    request: Request
    opening: Open
    channel: str


def contestants(world: World) -> tuple[Contestant, ...]:
    slugs = [desk.slug for desk in world.desks]
    tokens = tokens_of(world.desks)

    def own(module: str, *which: str) -> Callable[[str, int], Sequence[str]]:
        name = f"benchmarks.contestants.{module}"
        return lambda dsn, port: ("-m", name, *which, dsn, str(port), *slugs)

    def floor(name: str, channel: str) -> Contestant:
        command = own("floor", channel)
        return Contestant(name, command, nothing, at_the_floor, open_at_the_floor, channel)

    return (
        Contestant(
            BATON,
            lambda dsn, port: ("-m", "app", "web"),
            settings,
            signed_in(tokens),
            open_signed_in(tokens),
            bells.BATON,
        ),
        floor(FLOOR, bells.FLOOR),
        floor(FRAMES, bells.FRAMES),
        Contestant(PLAIN, own("plain"), nothing, by_header, open_by_header, bells.PLAIN),
    )


def nothing(dsn: str, port: int) -> dict[str, str]:
    return {}


def settings(dsn: str, port: int) -> dict[str, str]:
    """Nothing but what has to be set: what is measured is what is shipped.

    The subscribers are thousands on the tokens of a few engineers, who ask as fast as they can.
    """
    return {
        "BATON_DATABASE_URL": dsn,
        "BATON_DATABASE_POOL": str(POOL),
        "BATON_AUTH_SECRET": SECRET,
        "BATON_HOST": "127.0.0.1",
        "BATON_PORT": str(port),
        "BATON_SOCKET_LIMIT_PER_ENGINEER": "100000",
        "BATON_SOCKET_LIMIT_PER_ACCOUNT": "100000",
        "BATON_RATE_LIMIT_PER_ENGINEER": "1000000000",
        "BATON_RATE_LIMIT_PER_ACCOUNT": "1000000000",
    }


def tokens_of(desks: Sequence[Desk]) -> dict[UUID, str]:
    return {
        actor.id: mint(
            SECRET,
            subject=actor.email,
            account=desk.slug,
            email=actor.email,
            name=actor.name,
            role=actor.role,
            tier=actor.tier,
            lifetime=timedelta(hours=1),
            now=datetime.now(UTC),
        )
        for desk in desks
        for actor in desk.everybody
    }


def signed_in(tokens: Mapping[UUID, str]) -> Request:
    def request(path: str, actor: Actor, body: bytes) -> bytes:
        return post("/graphql", {"authorization": f"Bearer {tokens[actor.id]}"}, body)

    return request


def open_signed_in(tokens: Mapping[UUID, str]) -> Open:
    def opening(actor: Actor) -> Opening:
        return Opening("/graphql", {}, init({"authorization": f"Bearer {tokens[actor.id]}"}))

    return opening


def init(payload: dict[str, str]) -> dict[str, object]:
    return {"type": "connection_init", "payload": payload}


def at_the_floor(path: str, actor: Actor, body: bytes) -> bytes:
    return post(f"/{path}/{actor.id.hex}", {}, body)


def open_at_the_floor(actor: Actor) -> Opening:
    return Opening(f"/live/{actor.id.hex}", {}, init({}))


def by_header(path: str, actor: Actor, body: bytes) -> bytes:
    return post("/graphql", {"x-engineer": actor.id.hex}, body)


def open_by_header(actor: Actor) -> Opening:
    return Opening("/graphql", {"x-engineer": actor.id.hex}, init({}))
