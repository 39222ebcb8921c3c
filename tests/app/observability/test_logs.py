"""Logs: one shape for everything that is said, and no secret in any of it."""

import asyncio
import io
import logging
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass

import asyncpg
import orjson
import pytest
import structlog
from pydantic import SecretStr
from structlog.contextvars import bound_contextvars

from app.observability import configure, redact
from app.observability.logs import StdlibHandler
from app.observability.redaction import MASK
from db.ids import uuid7

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
SECRETS = [
    f"Bearer {JWT}",
    f"refused {JWT} because",
    "Authorization: Bearer canary-opaque-token-1234567890",
    "authorization: token canary",
    "{'authorization': 'Basic canary'}",
    "Cookie: session=canary",
    "postgresql://app:canary@db.example.com/baton",
    "postgres://app:c%40nary-canary@db/baton?sslmode=require",
    "redis://:canary@cache:6379/0",
    "could not connect to 'smtp://baton:canary@mail.example.com:587'",
    "https://user:canary@id.example.com/keys and more",
    "host=db user=app password=canary dbname=baton",
    "{'password': 'can, ary canary', 'user': 'app'}",
    '{"client_secret": "canary \\u00e9 canary"}',
    r'"{\"api_key\": \"canary\"}"',
    "BATON_AUTH_SECRET=canary-canary",
    "password: canary",
    "?access_token=canary&x=1",
    "x-api-key: canary",
    "https://hooks.slack.com/services/T000/B000/canary",
    "sk-ant-api03-canary-canary-canary",
    "xoxb-1234-canary-canary",
    "ghp_canarycanarycanary1234",
    "-----BEGIN PRIVATE KEY-----\ncanary\ncanary\n-----END PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----\ncanary, cut off",
]
HARMLESS = [
    "handoff 01hz claimed by Sam at 12:30, 3 tokens used",
    "https://pilot.example.com:8443/pilot/session_01?pickup=true",
    "postgresql://app@db.example.com:5432/baton",
    "http://[::1]:8000/users/@me",
    "GET /graphql 200 in 12.5 ms",
    "The token expired at 2026-03-05 12:00:00 UTC.",
    "The token's tier must be the number 1, 2 or 3.",
    "escalated: the password was reset, no change",
]


@dataclass
class Lines:
    stream: io.BytesIO

    @property
    def text(self) -> str:
        return self.stream.getvalue().decode()

    @property
    def all(self) -> list[dict[str, object]]:
        return [orjson.loads(line) for line in self.text.splitlines()]

    @property
    def last(self) -> dict[str, object]:
        return self.all[-1]


@pytest.fixture
def lines(restored: None) -> Lines:
    stream = io.BytesIO()
    configure("json", "INFO", stream=stream)
    return Lines(stream)


# One shape


def test_an_event_is_one_line_of_json_with_what_is_known_of_the_request(lines):
    with bound_contextvars(request_id="r-1", account="acme"):
        structlog.get_logger("app.test").info("handoff.claimed", handoff="h-1", count=3)

    line = lines.last
    assert line.pop("timestamp")
    assert line == {
        "event": "handoff.claimed",
        "level": "info",
        "logger": "app.test",
        "request_id": "r-1",
        "account": "acme",
        "handoff": "h-1",
        "count": 3,
    }


def test_libraries_speak_in_the_same_shape(lines):
    with bound_contextvars(request_id="r-1"):
        logging.getLogger("uvicorn.error").warning("closing %d connections", 3)

    assert lines.last["event"] == "closing 3 connections"
    assert lines.last["logger"] == "uvicorn.error"
    assert lines.last["level"] == "warning"
    assert lines.last["request_id"] == "r-1"


def test_an_exception_is_told_with_its_causes_and_without_local_variables(lines):
    def fail() -> None:
        local = "canary"
        try:
            _ = {}["the cause"]
        except KeyError as cause:
            raise ValueError(f"{len(local)} letters") from cause

    for log in (structlog.get_logger("app.test"), logging.getLogger("library")):
        try:
            fail()
        except ValueError:
            log.exception("it failed")
        told = lines.last["exception"]
        assert "KeyError: 'the cause'" in told
        assert "ValueError: 6 letters" in told
        assert 'local = "canary"' not in told
        assert lines.last["level"] == "error"


def test_what_is_below_the_level_is_not_written(lines):
    structlog.get_logger("app.test").debug("quiet")
    logging.getLogger("library").debug("quiet")

    assert lines.text == ""


def test_a_level_may_be_chosen(restored):
    stream = io.BytesIO()
    configure("json", "DEBUG", stream=stream)

    structlog.get_logger("app.test").debug("said")
    logging.getLogger("library").debug("said")
    logging.getLogger("httpx2").info("GET https://example.com/secret-path")
    logging.getLogger("uvicorn.error").debug('< TEXT {"type":"connection_init","payload":"x"}')

    assert [line["event"] for line in Lines(stream).all] == ["said", "said"]


def test_uvicorn_prepares_no_access_lines_of_its_own(restored):
    configure(stream=io.BytesIO())  # here, for pytest adds handlers of its own before each test

    assert not logging.getLogger("uvicorn.access").hasHandlers()


def test_warnings_are_logged(lines):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old habits", DeprecationWarning, stacklevel=1)

    assert "old habits" in lines.last["event"]
    assert lines.last["logger"] == "py.warnings"


def test_requests_at_once_keep_their_ids_apart(lines):
    async def request(number: int) -> None:
        with bound_contextvars(request_id=f"r-{number}"):
            await asyncio.sleep(0)
            structlog.get_logger("app.test").info("done", number=number)

    async def all_at_once() -> None:
        await asyncio.gather(*(asyncio.create_task(request(number)) for number in range(20)))

    asyncio.run(all_at_once())
    assert all(line["request_id"] == f"r-{line['number']}" for line in lines.all)
    assert len(lines.all) == 20


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no")


def test_values_of_any_kind_can_be_said(lines):
    loop: list[object] = []
    loop.append(loop)
    structlog.get_logger("app.test").info(
        "odd", huge=10**30, half="\ud800", broken=Broken(), loop=loop, nan=float("nan"), raw=b"\xff"
    )

    assert lines.last["event"] == "odd"
    assert "can't be shown" in lines.last["broken"]


def test_a_message_that_does_not_fit_its_arguments_is_still_told(restored, capsys):
    lines = Lines(io.BytesIO())
    configure(stream=lines.stream)  # here, for pytest adds handlers of its own before each test
    logging.getLogger("library").warning("%d items", "password=canary")
    logging.getLogger("library").warning(Broken())

    assert lines.all[0]["event"] == "%d items"
    assert "can't be shown" in lines.all[1]["event"]
    assert "canary" not in lines.text + capsys.readouterr().err


def test_a_record_that_can_not_be_rendered_is_mentioned_and_not_printed(capsys):
    stream = io.BytesIO()
    handler = StdlibHandler([refuse], stream.write)

    handler.handle(logging.makeLogRecord({"name": "library", "msg": "password=canary"}))

    assert orjson.loads(stream.getvalue())["event"] == "log.unreadable"
    assert "canary" not in stream.getvalue().decode() + capsys.readouterr().err


def refuse(*_: object) -> bytes:
    raise RuntimeError("out of order")


def test_a_closed_standard_error_does_no_harm(restored):
    stream = io.BytesIO()
    configure("json", stream=stream)
    stream.close()

    structlog.get_logger("app.test").error("unheard")


def test_the_console_format_is_for_people(restored):
    stream = io.BytesIO()
    configure("console", stream=stream)

    structlog.get_logger("app.test").info("handoff.claimed", by="Sam")
    try:
        int("password=canary")
    except ValueError:
        structlog.get_logger("app.test").exception("it failed\x1b[2J")

    text = stream.getvalue().decode()
    assert "handoff.claimed" in text
    assert "by=Sam" in text
    assert "ValueError: invalid literal" in text
    assert "canary" not in text
    assert "\x1b" not in text


# No secrets


@pytest.mark.parametrize("format", ["json", "console"])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_not_written_wherever_it_is_put(restored, format, secret):
    stream = io.BytesIO()
    configure(format, stream=stream)
    ours, theirs = structlog.get_logger("app.test"), logging.getLogger("library")

    ours.info(secret)
    ours.info("said", detail=secret, listed=[secret], nested={"deep": {"deeper": (secret,)}})
    ours.info("said", nested={secret: 1}, number=Said(secret))
    theirs.warning(secret)
    theirs.warning("said %s and %r", secret, {"key": [secret]})
    try:
        fail(secret)
    except RuntimeError as error:
        error.add_note(secret)
        ours.exception("failed")
        theirs.error("failed: %s", error, exc_info=True)
        ours.warning("failed", exc_info=error)

    written = stream.getvalue().decode()
    assert "canary" not in written
    assert "c2lnbmF0dXJl" not in written
    assert MASK in written


def fail(secret: str) -> None:
    try:
        give_up(secret)
    except OSError as cause:
        raise RuntimeError(secret, secret) from cause


def give_up(secret: str) -> None:
    raise OSError(secret)


class Said:
    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "smtp_password",
        "secret",
        "client_secret",
        "token",
        "access_token",
        "Authorization",
        "set-cookie",
        "api_key",
        "anthropic-api-key",
        "secret_keys",
        "private_key",
        "dsn",
        "credentials",
    ],
)
def test_what_stands_under_a_secret_s_name_is_not_written(lines, key):
    structlog.get_logger("app.test").info("said", **{key: "canary"}, nested={key: ["canary"]})

    assert "canary" not in lines.text
    assert lines.last[key] == MASK


SLUG = "canary-of-no-shape"
QUOTING = [
    "INSERT INTO account (id, slug, name) VALUES (gen_random_uuid(), $1, 'x')",  # not this account
    "INSERT INTO account (id, slug, name) VALUES (app_account(), $1, NULL)",  # a row that fails
    "INSERT INTO account (id, slug, name) SELECT app_account(), $1, 'x' FROM (VALUES (1), (2)) two",
    "SELECT $1::text::int",
    "SELECT $1::int",  # asyncpg's own
]


@pytest.mark.parametrize("sql", QUOTING)
async def test_what_the_database_quotes_of_a_row_is_not_written(lines, database, sql):
    async def fail() -> None:
        async with database.transaction(uuid7()) as tx:
            await tx.execute(sql, SLUG)

    async def fail_in_a_group() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())

    ours, theirs = structlog.get_logger("app.test"), logging.getLogger("library")

    def in_a_message(error: BaseException) -> None:
        theirs.error("failed: %s", error)

    def as_it_is(error: BaseException) -> None:
        ours.warning("failed", exc_info=error)

    def as_a_cause(error: BaseException) -> None:
        problem = RuntimeError("it failed")
        problem.__cause__ = error
        theirs.error("failed", exc_info=problem)

    for failing in (fail, fail_in_a_group):
        for tell in (in_a_message, as_it_is, as_a_cause):
            try:
                await failing()
            except (asyncpg.PostgresError, ExceptionGroup) as error:
                tell(error)
    assert len(lines.all) == 6
    assert "asyncpg.exceptions" in lines.text
    assert SLUG not in lines.text


def test_an_exception_is_read_by_the_rules_for_what_leaves_as_well(lines):
    try:
        fail("Kennwort: Winter26Linnet, net use Z: \\\\fs01\\s linnet26 /user:ACME\\bob")
    except RuntimeError:
        structlog.get_logger("app.test").exception("failed")
    assert "linnet" not in str(lines.last["exception"]).lower()


def test_counts_and_ids_are_not_mistaken_for_secrets(lines):
    structlog.get_logger("app.test").info(
        "said", max_tokens=1000, session_id="s-1", idempotency_key="k-1", keys=3, passed=True
    )

    line = lines.last
    assert (line["max_tokens"], line["keys"], line["passed"]) == (1000, 3, True)
    assert (line["session_id"], line["idempotency_key"]) == ("s-1", "k-1")


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays_as_it_is(text):
    assert redact(text) == text


def test_what_surrounds_a_secret_stays_readable():
    assert redact("at postgresql://app:x@db:5432/baton?a=b now") == (
        "at postgresql://app:[redacted]@db:5432/baton?a=b now"
    )


def test_settings_secrets_hide_themselves(lines):
    structlog.get_logger("app.test").info("said", value=SecretStr("canary"))

    assert "canary" not in lines.text


def test_long_text_is_cut_after_the_masking(lines):
    structlog.get_logger("app.test").info("x" * 19_985 + " postgres://a:canary@db/" + "y" * 5000)

    assert "canary" not in lines.text
    assert len(lines.text) < 21_000


@pytest.mark.parametrize(
    "evil",
    [
        "://" * 300_000,
        "://a:" * 200_000,
        "://a:" + "b@" * 400_000,
        "password" * 100_000,
        "password " + " " * 900_000,
        "token" + " " * 900_000,
        "bearer " * 100_000,
        "a-" * 400_000,
        "eyJaaaaaaaaa." * 70_000,
        "-----BEGIN PRIVATE KEY-----" * 30_000,
        '\\"secret\\"' * 90_000,
        "sk-" * 300_000,
    ],
)
def test_masking_takes_time_in_proportion_to_the_text(evil):
    started = time.perf_counter()
    redact(evil)

    assert time.perf_counter() - started < 3


def test_a_crash_is_told_without_its_secrets():
    program = (
        "from app.observability import configure\n"
        "configure()\n"
        "raise RuntimeError('no way to postgresql://app:canary@db/baton')\n"
    )
    crashed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert crashed.returncode == 1
    line = orjson.loads(crashed.stderr)
    assert (line["event"], line["level"]) == ("process.crashed", "critical")
    assert "RuntimeError" in line["exception"]
    assert "canary" not in crashed.stderr
