"""Settings: what is accepted, what is refused and how it is told, what is shown."""

import asyncio
import base64
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from app.demo.vendors.certificates import Authority
from app.service import outgoing_of, vault_of
from app.settings import Settings, SettingsError, auth_secret, documented, load, secret_key
from db.embedded import default_data_dir
from services.integrations.problems import VaultLocked
from services.integrations.protocol import Refused
from services.integrations.vault import Vault
from tests.services.integrations.internet import serving

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"
SECRET = "a-signing-secret-of-more-than-32-bytes"
DATABASE = "postgresql://baton_app:hunter2@db.example.com/baton"
FERNET = base64.urlsafe_b64encode(b"k" * 32).decode()
KEYS = {
    "auth_jwks_url": "https://id.example.com/keys",
    "auth_issuer": "https://id.example.com",
    "auth_audience": "baton",
}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("BATON_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch):
    """Set settings by their short names."""

    def give(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"BATON_{name.upper()}", value)

    return give


def refusal(**options: bool) -> str:
    with pytest.raises(SettingsError) as refused:
        load(**options)
    return str(refused.value)


# What holds


def test_nothing_has_to_be_set_to_start_with_the_embedded_server():
    settings = load()

    assert settings.embedded
    assert settings.data_dir == default_data_dir()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.link_base == "http://127.0.0.1:8000"
    assert settings.assessment_budget == timedelta(seconds=5)
    assert settings.drain_timeout == timedelta(seconds=15)
    assert settings.provision_engineers is True
    assert settings.demo is settings.introspection is False


def test_an_empty_value_is_the_same_as_none(given):
    given(database_url="", port="", auth_secret="")

    assert load() == Settings()


def test_introspection_follows_the_demo_unless_it_is_said(given):
    given(demo="1")
    assert load().introspection is True
    given(introspection="off")
    assert load().introspection is False


def test_links_lead_to_where_the_service_listens_unless_it_is_said(given):
    given(host="::", port="9000")
    assert load().link_base == "http://localhost:9000"
    given(host="::1")
    assert load().link_base == "http://[::1]:9000"
    given(link_base="https://pilot.example.com/app/")
    assert load().link_base == "https://pilot.example.com/app"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_either_spelling_of_a_database_url_becomes_the_one_asyncpg_takes(given, scheme):
    url = "://app:p%40ss%2Fword@db.example.com:5433/baton?sslmode=require"
    given(database_url=scheme + url, database_owner_url=scheme + url, auth_secret=SECRET)

    settings = load()

    assert not settings.embedded
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql" + url
    assert settings.database_owner_url == settings.database_url


@pytest.mark.parametrize(
    ("given_url", "kept"),
    [
        ("memory://", "memory://"),
        ("postgres://u:p@db/baton", "postgresql://u:p@db/baton"),
        ("redis://:p@cache:6379/1", "redis://:p@cache:6379/1"),
        ("rediss://cache", "rediss://cache"),
    ],
)
def test_the_doorbell_takes_memory_postgres_and_redis(given, given_url, kept):
    given(broadcast_url=given_url)

    broadcast_url = load().broadcast_url

    assert broadcast_url is not None
    assert broadcast_url.get_secret_value() == kept


def test_lists_are_separated_by_commas(given):
    other = base64.urlsafe_b64encode(b"o" * 32).decode()
    given(
        allowed_origins="https://Pilot.example.com, http://localhost:5173/,",
        secret_keys=f"{FERNET},{other}",
    )

    settings = load()

    assert settings.allowed_origins == ("https://pilot.example.com", "http://localhost:5173")
    assert [key.get_secret_value() for key in settings.secret_keys] == [FERNET, other]


def test_the_data_directory_is_absolute_whatever_is_given(given, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    given(data_dir="here")
    assert load().data_dir == tmp_path / "here"
    monkeypatch.setenv("HOME", str(tmp_path))
    given(data_dir="~/there")
    assert load().data_dir == tmp_path / "there"


def test_case_of_words_does_not_matter(given):
    given(log_level="debug", log_format="JSON")

    assert (load().log_level, load().log_format) == ("DEBUG", "json")


# What is refused


def test_an_unknown_name_is_refused_with_the_closest_known_one(given):
    given(databse_url=DATABASE)

    message = refusal()

    assert "BATON_DATABSE_URL is not a setting: did you mean BATON_DATABASE_URL?" in message
    assert "hunter2" not in message


def test_an_unknown_name_like_no_other_is_refused_too(given):
    given(zzz="1")

    assert "BATON_ZZZ is not a setting: remove it." in refusal()


def test_all_problems_are_reported_together_those_between_settings_too(given):
    given(
        port="eighty",
        demo="maybe",
        log_level="LOUD",
        typo="1",
        smtp_url="smtp://mail.example.com",
        database_url=DATABASE,
    )

    message = refusal()

    for expected in (
        "BATON_PORT must be a whole number from 0 to 65535.",
        "BATON_DEMO must be true or false.",
        "BATON_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.",
        "BATON_TYPO is not a setting",
        "BATON_MAIL_FROM is needed with BATON_SMTP_URL",
        "BATON_AUTH_SECRET or BATON_AUTH_JWKS_URL is needed with an external database",
    ):
        assert message.count(expected) == 1
    assert message.count("\n  - ") == 6  # not the defaults that are made from unreadable ones


def test_an_unreadable_setting_is_not_reported_as_missing_as_well(given):
    given(database_url=DATABASE, auth_secret="short")

    assert refusal().count("\n  - ") == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("port", "70000", "from 0 to 65535"),
        ("database_pool", "0", "from 2 to 1000"),
        ("socket_limit", "many", "whole number"),
        ("drain_timeout", "PT15S", "a number of seconds from 0 to 3600"),
        ("drain_timeout", "nan", "a number of seconds"),
        ("assessment_budget", "0", "from 0.1 to 120"),
        ("event_retention", "30", "a number of seconds from 86400 to 315360000"),
        ("event_retention", "30d", "a number of seconds"),
        ("host", "http://here", "an address or host name"),
        ("host", "two words", "an address or host name"),
        ("link_base", "pilot.example.com", "http"),
        ("link_base", "ftp://pilot.example.com", "http"),
        ("link_base", "https://pilot.example.com/?q=1", "without ? or #"),
        ("anthropic_base_url", "gateway", "http"),
        ("allowed_origins", "*", "URL that starts with"),
        ("allowed_origins", "https://pilot.example.com/path", "origins such as"),
        ("mail_from", "baton", "address such as"),
        ("mail_from", "Baton <baton@example.com>", "address such as"),
        ("smtp_url", "mail.example.com", "smtps:// or smtp://"),
        ("smtp_url", "smtp://mail.example.com?starttls=maybe", "for starttls"),
        ("auth_jwks_url", "http://id.example.com/keys", "https://"),
        ("auth_issuer", "two words", "without spaces"),
        ("secret_keys", "tooshort", "32 bytes in URL-safe base64"),
        ("outgoing_allow", "http://halo.example.com", "host names or addresses"),
        ("outgoing_routes", "https://slack.com", "pairs of origins"),
        ("outgoing_routes", "https://slack.com=gateway:9001", "pairs of origins"),
        ("outgoing_ca", "/no/such/file", "certificates in PEM"),
        ("outgoing_ca", __file__, "certificates in PEM"),
        ("broadcast_url", "amqp://queue", "redis://"),
        ("broadcast_url", "redis://", "name a host"),
        ("log_format", "xml", "json or console"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_would(given, field, value, said):
    given(**{field: value})

    assert re.search(rf"BATON_{field.upper()} must .*{re.escape(said)}", refusal())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:hunter2@db/baton", "postgresql:// or postgres://"),
        ("db.example.com hunter2", "must be a URL"),
        ("postgresql://u:hunter2@db:port/baton", "must be a URL"),
        ("postgresql://u:hunter2@x@db/baton", "%40"),
        ("postgresql://u:hunter2@db/baton?channel_binding=require", "channel_binding"),
        ("postgresql://u:hunter2@db/baton?sslmode", "name=value"),
    ],
)
def test_a_database_url_that_asyncpg_would_misread_is_refused(given, url, said):
    given(database_url=url, auth_secret=SECRET)

    message = refusal()

    assert said in message
    assert "hunter2" not in message


def test_a_short_signing_secret_is_refused_without_being_repeated(given):
    given(auth_secret="hunter2-hunter2")

    message = refusal()

    assert "BATON_AUTH_SECRET must have at least 32 bytes, and this one has 15" in message
    assert "hunter2" not in message


def test_no_refusal_repeats_a_secret_not_even_in_its_cause(given):
    given(
        **dict.fromkeys(("auth_secret", "secret_keys", "smtp_url"), "canary-71c1"),
        database_url="canary-71c1://",
        broadcast_url="canary-71c1://",
    )
    with pytest.raises(SettingsError) as refused:
        load()

    assert "canary-71c1" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


# Settings that belong together


def test_an_external_database_needs_a_way_to_sign_in(given):
    given(database_url=DATABASE)

    assert "BATON_AUTH_SECRET or BATON_AUTH_JWKS_URL is needed" in refusal()
    given(auth_secret=SECRET)
    load()


def test_a_command_that_answers_no_requests_needs_no_way_to_sign_in(given):
    given(database_url=DATABASE, database_owner_url=DATABASE)

    load(serving=False)


def test_a_secret_and_published_keys_exclude_each_other(given):
    given(auth_secret=SECRET, **KEYS)

    assert "exclude each other" in refusal()


@pytest.mark.parametrize("missing", ["auth_issuer", "auth_audience"])
def test_published_keys_need_issuer_and_audience(given, missing):
    given(**KEYS | {missing: ""})

    assert f"BATON_{missing.upper()} is needed with BATON_AUTH_JWKS_URL" in refusal()


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080"])
def test_published_keys_may_come_unencrypted_from_this_machine_only(given, host):
    given(**KEYS | {"auth_jwks_url": f"http://{host}/keys"})

    assert load().auth_jwks_url == f"http://{host}/keys"


def test_an_owner_without_an_external_server_is_refused(given):
    given(database_owner_url=DATABASE)

    assert "BATON_DATABASE_OWNER_URL is for an external server" in refusal()


# What is shown and documented


def test_a_description_masks_every_secret_and_tells_what_was_given(given):
    given(
        database_url="postgresql://baton_app:canary-1@db/baton?sslmode=require&password=canary-2",
        broadcast_url="redis://:canary-3@cache:6379",
        auth_secret="canary-4" * 4,
        secret_keys=FERNET,
        anthropic_api_key="canary-5",
        smtp_url="smtp://baton:canary-6@mail:587",
        mail_from="baton@example.com",
    )

    settings = load()
    rows = {name: (value, default) for name, value, default in settings.describe()}

    assert rows["BATON_DATABASE_URL"] == (
        "postgresql://baton_app:********@db/baton?sslmode=require&password=********",
        False,
    )
    assert rows["BATON_SMTP_URL"] == ("smtp://baton:********@mail:587", False)
    assert rows["BATON_BROADCAST_URL"] == ("redis://:********@cache:6379", False)
    assert rows["BATON_AUTH_SECRET"] == ("********", False)
    assert rows["BATON_PORT"] == ("8000", True)
    assert rows["BATON_ASSESSMENT_BUDGET"] == ("5", True)
    assert rows["BATON_EVENT_RETENTION"] == ("2592000", True)
    assert rows["BATON_DEMO"] == ("false", True)
    assert rows["BATON_DATABASE_OWNER_URL"] == ("", True)
    for text in (str(rows), repr(settings), str(settings)):
        assert "canary" not in text
        assert FERNET not in text


def test_the_document_and_the_settings_say_the_same():
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split(" | "))
        for line in DOCUMENT.read_text().splitlines()
        if line.startswith("| `BATON_")
    ]

    assert sorted(rows) == sorted(
        (f"`{name}`", meaning, default) for name, default, meaning in documented()
    )


def test_the_document_names_no_setting_that_does_not_exist():
    named = set(re.findall(r"BATON_[A-Z_]*[A-Z]", DOCUMENT.read_text()))

    assert named == {name for name, _, _ in documented()}


# The secret that is made once


def test_a_secret_is_made_once_and_kept_for_its_owner_alone(tmp_path):
    place = tmp_path / "data"

    secret = auth_secret(place)

    assert auth_secret(place) == secret
    assert len(secret.encode()) >= 32
    assert auth_secret(tmp_path / "other") != secret
    assert stat.S_IMODE((place / "auth-secret").stat().st_mode) == 0o600


def test_starters_at_the_same_moment_get_the_same_secret(tmp_path):
    for attempt in range(20):
        with ThreadPoolExecutor(8) as pool:
            made = set(pool.map(auth_secret, [tmp_path / str(attempt)] * 8))
        assert len(made) == 1


def test_a_secret_that_others_can_read_is_refused_with_the_way_out(tmp_path):
    auth_secret(tmp_path)
    (tmp_path / "auth-secret").chmod(0o644)

    with pytest.raises(SettingsError, match="chmod 600"):
        auth_secret(tmp_path)


def test_a_damaged_secret_is_refused(tmp_path):
    (tmp_path / "auth-secret").write_text("short")
    (tmp_path / "auth-secret").chmod(0o600)

    with pytest.raises(SettingsError, match="damaged"):
        auth_secret(tmp_path)


def test_a_place_that_can_not_be_written_is_told_as_a_setting_to_change(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match="BATON_DATA_DIR"):
        auth_secret(tmp_path / "file" / "data")


def test_a_key_for_secrets_is_made_once_and_a_damaged_one_is_not_replaced(tmp_path):
    key = secret_key(tmp_path)

    assert secret_key(tmp_path) == key
    assert len(base64.urlsafe_b64decode(key)) == 32
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    (tmp_path / "secret-key").write_text(key[:-4])
    with pytest.raises(SettingsError, match="backup"):
        secret_key(tmp_path)


# What is made of settings


def test_secrets_of_the_embedded_server_can_be_read_on_when_the_operator_sets_a_key(
    given, tmp_path
):
    given(data_dir=str(tmp_path))
    sealed = vault_of(load()).seal({"token": "t"})

    given(secret_keys=FERNET)
    vault = vault_of(load())

    assert vault.open(sealed) == {"token": "t"}
    assert Vault([FERNET]).open(vault.seal({"token": "u"})) == {"token": "u"}


def test_no_key_is_made_where_the_operator_gave_one_or_runs_the_database(given, tmp_path):
    given(data_dir=str(tmp_path / "one"), secret_keys=FERNET)
    vault_of(load())
    given(data_dir=str(tmp_path / "two"), secret_keys="", database_url=DATABASE, auth_secret=SECRET)
    with pytest.raises(VaultLocked):
        vault_of(load()).seal({})

    assert list(tmp_path.iterdir()) == []


async def test_integrations_go_out_as_the_operator_says(given):
    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with serving(answer) as port:
        given(
            outgoing_allow="localhost, halo.internal",
            outgoing_routes=f"https://Slack.com/=http://127.0.0.1:{port}",
        )
        outgoing = outgoing_of(load())
        assert (await outgoing.request("GET", "https://slack.com/api")).status == 204
        assert (await outgoing.request("GET", f"http://localhost:{port}/")).status == 204
        with pytest.raises(Refused):
            await outgoing.request("GET", f"http://127.0.0.1:{port}/")
        await outgoing.aclose()


async def test_the_operators_own_authority_is_believed(given, tmp_path):
    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    authority = Authority()
    (tmp_path / "authority.pem").write_text(authority.pem)
    async with serving(answer, authority.server("localhost")) as port:
        given(outgoing_ca=str(tmp_path / "authority.pem"), outgoing_allow="localhost")
        outgoing = outgoing_of(load())
        assert (await outgoing.request("GET", f"https://localhost:{port}/")).status == 204
        await outgoing.aclose()
