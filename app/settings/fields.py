"""Every setting: its name, type, default and meaning. docs/configuration.md says the same."""

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.settings import values
from db.embedded import default_data_dir

PREFIX = "BATON_"

DatabaseUrl = Annotated[SecretStr, AfterValidator(values.database_url)]
BroadcastUrl = Annotated[SecretStr, AfterValidator(values.broadcast_url)]
MailUrl = Annotated[SecretStr, AfterValidator(values.mail_url)]
SigningSecret = Annotated[SecretStr, AfterValidator(values.signing_secret)]
FernetKey = Annotated[SecretStr, AfterValidator(values.fernet_key)]
WebUrl = Annotated[str, AfterValidator(values.web_url)]
KeyUrl = Annotated[str, AfterValidator(values.key_url)]
Origin = Annotated[str, AfterValidator(values.origin)]
Route = Annotated[str, AfterValidator(values.route)]
Authorities = Annotated[Path, AfterValidator(values.authorities)]
MailAddress = Annotated[str, AfterValidator(values.mail_address)]
Place = Annotated[Path, BeforeValidator(values.place)]
Word = Annotated[str, Field(max_length=200, pattern=r"^\S+$")]
Host = Annotated[str, Field(max_length=253, pattern=r"^[^\s/]+$")]


def setting(
    default: Any = None,
    *,
    expects: str,
    meaning: str,
    unset: str | None = None,
    make: Callable[..., Any] | None = None,
    **bounds: Any,
) -> Any:
    """A field. ``expects`` completes "must be …", ``unset`` says what holds when it isn't given.

    With ``make`` the default is made at start, from the settings declared before it if it takes an
    argument.
    """
    start: dict[str, Any] = {"default": default} if make is None else {"default_factory": make}
    extra: dict[str, Any] = {"expects": expects, "unset": unset}
    return Field(description=meaning, json_schema_extra=extra, **start, **bounds)


class Settings(BaseSettings):
    """What an operator decides. Read once at start by ``load()``, never changed afterwards."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: DatabaseUrl | None = setting(
        expects="a URL such as postgresql://baton_app:password@db.example.com/baton",
        meaning="PostgreSQL 15 or newer, as the application's role",
        unset="an embedded server in `BATON_DATA_DIR`",
    )
    database_owner_url: DatabaseUrl | None = setting(
        expects="a URL such as postgresql://owner:password@db.example.com/baton",
        meaning="The same database as its owner, for `baton migrate` alone; never used at run time",
        unset="none",
    )
    database_pool: int = setting(
        10,
        ge=2,
        le=1000,
        expects="a whole number from 2 to 1000",
        meaning="Connections to the database per process, at most",
    )
    data_dir: Place = setting(
        make=default_data_dir,
        expects="a directory",
        meaning="Where the embedded server and the secrets made at first start are kept",
        unset="the platform's user data directory (`/var/lib/baton` for root)",
    )
    broadcast_url: BroadcastUrl | None = setting(
        expects="a URL that starts with memory://, postgresql://, redis:// or rediss://",
        meaning="What carries the news that there is news from process to process; `memory://` "
        "serves a single process",
        unset="the database itself",
    )
    event_retention: Annotated[
        timedelta, BeforeValidator(values.seconds(least=86_400, most=315_360_000))
    ] = setting(
        timedelta(days=30),
        expects="a number of seconds from 86400 (a day) to 315360000 (ten years)",
        meaning="Seconds that events are kept for streams and histories; 86400 is a day",
    )
    reach_after: Annotated[timedelta, BeforeValidator(values.seconds(least=1, most=86_400))] = (
        setting(
            timedelta(seconds=30),
            expects="a number of seconds from 1 to 86400 (a day)",
            meaning="Seconds after which the raiser of a handoff is told that nobody could be told "
            "of it, if that is so",
        )
    )
    host: Host = setting(
        "127.0.0.1",
        expects="an address or host name to listen on, such as 0.0.0.0",
        meaning="Address to listen on; `0.0.0.0` for all",
    )
    port: int = setting(
        8000,
        ge=0,
        le=65535,
        expects="a whole number from 0 to 65535",
        meaning="Port to listen on; 0 takes a free one",
    )
    worker_host: Host = setting(
        "127.0.0.1",
        expects="an address or host name to listen on, such as 0.0.0.0",
        meaning="Address on which `baton worker` answers probes",
    )
    worker_port: int | None = setting(
        ge=0,
        le=65535,
        expects="a whole number from 0 to 65535",
        meaning="Port on which `baton worker` answers `/livez`, `/readyz` and `/metrics`; 0 takes "
        "a free one",
        unset="it listens on nothing",
    )
    socket_limit: int = setting(
        10_000,
        ge=1,
        le=1_000_000,
        expects="a whole number from 1 to 1000000",
        meaning="Open connections per process, at most; the process needs as many open files",
    )
    socket_limit_per_account: int = setting(
        5_000,
        ge=1,
        le=1_000_000,
        expects="a whole number from 1 to 1000000",
        meaning="Sockets and event streams of one account per process, at most",
    )
    socket_limit_per_engineer: int = setting(
        50,
        ge=1,
        le=1_000_000,
        expects="a whole number from 1 to 1000000",
        meaning="Sockets and event streams of one engineer per process, at most",
    )
    cost_limit: int = setting(
        10_000,
        ge=100,
        le=1_000_000,
        expects="a whole number from 100 to 1000000",
        meaning="Points that one operation may cost, at most: objects of its answer, and what "
        "counts like them",
    )
    rate_limit_per_engineer: int = setting(
        100_000,
        ge=0,
        le=1_000_000_000,
        expects="a whole number from 0 (no limit) to 1000000000",
        meaning="Points that an engineer may spend in a minute per process; 0 for no limit",
    )
    rate_limit_per_account: int = setting(
        1_000_000,
        ge=0,
        le=1_000_000_000,
        expects="a whole number from 0 (no limit) to 1000000000",
        meaning="Points that all engineers of an account may spend in a minute per process; 0 for "
        "no limit",
    )
    query_timeout: Annotated[timedelta, BeforeValidator(values.seconds(least=0.1, most=3600))] = (
        setting(
            timedelta(seconds=10),
            expects="a number of seconds from 0.1 to 3600",
            meaning="Seconds that a query may take, its statements in the database included",
        )
    )
    ping_interval: Annotated[timedelta, BeforeValidator(values.seconds(least=0.1, most=3600))] = (
        setting(
            timedelta(seconds=20),
            expects="a number of seconds from 0.1 to 3600",
            meaning="Seconds from one ping on a socket to the next; event streams are silent no "
            "longer either",
        )
    )
    ping_timeout: Annotated[timedelta, BeforeValidator(values.seconds(least=0.1, most=3600))] = (
        setting(
            timedelta(seconds=20),
            expects="a number of seconds from 0.1 to 3600",
            meaning="Seconds of silence after a ping until its socket is closed",
        )
    )
    allowed_origins: Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(values.listed)] = (
        setting(
            (),
            expects="origins such as https://pilot.example.com, separated by commas",
            meaning="Other origins whose web pages may ask over HTTP and open sockets, separated "
            "by commas",
            unset="the service's own origin only",
        )
    )
    drain_timeout: Annotated[timedelta, BeforeValidator(values.seconds(least=0, most=3600))] = (
        setting(
            timedelta(seconds=15),
            expects="a number of seconds from 0 to 3600",
            meaning="Seconds that requests under way have to finish after SIGTERM",
        )
    )
    auth_secret: SigningSecret | None = setting(
        expects="a text of at least 32 bytes",
        meaning="Secret that tokens are signed with (HS256), at least 32 bytes; either this or "
        "`BATON_AUTH_JWKS_URL`",
        unset="with the embedded server one is made once and kept in `BATON_DATA_DIR`",
    )
    auth_jwks_url: KeyUrl | None = setting(
        expects="an https:// URL",
        meaning="Where the identity provider publishes its keys (RS256, ES256, EdDSA)",
        unset="none",
    )
    auth_issuer: Word | None = setting(
        expects="a text without spaces, exactly as in the tokens",
        meaning="The `iss` that every token must carry; required with `BATON_AUTH_JWKS_URL`",
        unset="not checked",
    )
    auth_audience: Word | None = setting(
        expects="a text without spaces, exactly as in the tokens",
        meaning="An `aud` that every token must carry; required with `BATON_AUTH_JWKS_URL`",
        unset="not checked",
    )
    provision_engineers: bool = setting(
        True,
        expects="true or false",
        meaning="Create an unknown engineer of a known account from the claims of their token",
    )
    secret_keys: Annotated[tuple[FernetKey, ...], NoDecode, BeforeValidator(values.listed)] = (
        setting(
            (),
            expects="keys of 32 bytes in URL-safe base64, separated by commas",
            meaning="Keys that encrypt secrets at rest, newest first, separated by commas",
            unset="with the embedded server one is made once and kept in `BATON_DATA_DIR`",
        )
    )
    link_base: WebUrl = setting(
        make=lambda known: f"http://{own_name(known['host'])}:{known['port']}",
        expects="an http(s) URL such as https://pilot.example.com",
        meaning="Base of the links in notifications",
        unset="`http://`, `BATON_HOST` and `BATON_PORT`",
    )
    anthropic_api_key: SecretStr | None = setting(
        expects="an API key",
        meaning="Access to the language model that writes assessments",
        unset="no assessments; everything else works",
    )
    anthropic_base_url: WebUrl | None = setting(
        expects="an http(s) URL",
        meaning="Where the model is reached, if through a gateway",
        unset="the vendor's own address",
    )
    assessment_model: Word = setting(
        "claude-haiku-5-5",
        expects="the name of a model",
        meaning="Model that writes assessments",
    )
    assessment_budget: Annotated[
        timedelta, BeforeValidator(values.seconds(least=0.1, most=120))
    ] = setting(
        timedelta(seconds=5),
        expects="a number of seconds from 0.1 to 120",
        meaning="Seconds that an assessment may take",
    )
    assessment_daily_limit: int = setting(
        500,
        ge=0,
        le=1_000_000,
        expects="a number from 0 to 1000000",
        meaning="Assessments that an account may have in a day (UTC), at most",
    )
    smtp_url: MailUrl | None = setting(
        expects="a URL such as smtp://user:password@mail.example.com:587",
        meaning="Server for outgoing mail; `smtps://` for TLS from the first byte",
        unset="no mail is sent",
    )
    mail_from: MailAddress | None = setting(
        expects="an address such as baton@example.com",
        meaning="Sender of mail; required with `BATON_SMTP_URL`",
        unset="none",
    )
    outgoing_allow: Annotated[tuple[Host, ...], NoDecode, BeforeValidator(values.listed)] = setting(
        (),
        expects="host names or addresses such as halo.example.com, separated by commas",
        meaning="Hosts that integrations may reach although they are not on the public internet, "
        "separated by commas; by `http://` and on any port, too",
        unset="none: only `https://` on ports 443 and 8443 of the public internet",
    )
    outgoing_routes: Annotated[tuple[Route, ...], NoDecode, BeforeValidator(values.listed)] = (
        setting(
            (),
            expects="pairs of origins such as https://slack.com=http://gateway:9001, separated by "
            "commas",
            meaning="Requests of integrations for one origin go to another instead, such as a "
            "gateway: `https://slack.com=http://gateway:9001`, separated by commas",
            unset="none",
        )
    )
    outgoing_ca: Authorities | None = setting(
        expects="a file with certificates in PEM",
        meaning="File with the certificates (PEM) of authorities that are believed, beside the "
        "public ones, about the hosts of `BATON_OUTGOING_ALLOW` and the gateways of "
        "`BATON_OUTGOING_ROUTES`",
        unset="the public ones alone",
    )
    trusted_documents: Annotated[Literal["allow", "require"], BeforeValidator(values.lower)] = (
        setting(
            "allow",
            expects="allow or require",
            meaning="`require` carries out trusted documents only, `allow` any document, and "
            "trusted ones by their id",
        )
    )
    documents_file: Place = setting(
        make=lambda known: known["data_dir"] / "documents.json",
        expects="a file",
        meaning="File with the trusted documents; every process needs the same",
        unset="`documents.json` in `BATON_DATA_DIR`",
    )
    demo: bool = setting(
        False,
        expects="true or false",
        meaning="Create the demo accounts `acme` and `globex`; on under `make serve`",
    )
    introspection: bool = setting(
        make=lambda known: known["demo"],
        expects="true or false",
        meaning="Introspection, field suggestions and the GraphiQL page",
        unset="as `BATON_DEMO`",
    )
    log_format: Annotated[Literal["json", "console"], BeforeValidator(values.lower)] = setting(
        make=lambda: "console" if sys.stderr.isatty() else "json",
        expects="json or console",
        meaning="`json` for machines, `console` for people",
        unset="`console` on a terminal, `json` otherwise",
    )
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(values.upper)
    ] = setting(
        "INFO",
        expects="DEBUG, INFO, WARNING or ERROR",
        meaning="Least severity that is logged: DEBUG, INFO, WARNING or ERROR",
    )

    @property
    def embedded(self) -> bool:
        """Whether PostgreSQL is ours to run."""
        return self.database_url is None

    def describe(self) -> list[tuple[str, str, bool]]:
        """(environment name, value with secrets masked, is it the default) of every setting."""
        return [
            (
                env_name(name),
                values.shown(getattr(self, name)),
                name not in self.model_fields_set,
            )
            for name in type(self).model_fields
        ]


def env_name(field: str) -> str:
    return PREFIX + field.upper()


def own_name(host: str) -> str:
    """Where a browser on this machine finds a server that listens on ``host``."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not listened on
        return "localhost"
    return f"[{host}]" if ":" in host else host


def documented() -> list[tuple[str, str, str]]:
    """(environment name, default, meaning) of every setting, for docs/configuration.md."""
    rows = []
    for name, field in Settings.model_fields.items():
        extra: Any = field.json_schema_extra
        default = extra["unset"] or f"`{values.shown(field.default)}`"
        rows.append((env_name(name), default, field.description or ""))
    return rows
