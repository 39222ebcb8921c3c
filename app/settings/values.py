"""From the text of an environment variable to a value, and from a value to text that may be shown.

Each reader raises ValueError with a sentence that starts with "must" and never repeats the value:
it may be a secret.
"""

import base64
import binascii
import ipaddress
import math
import ssl
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from pydantic import SecretStr

from services.integrations.mail_server import MailServer, mailable

MASK = "********"

# Parameters that libpq knows and asyncpg would hand to the server, which refuses the connection.
LIBPQ_ONLY = {
    "channel_binding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "options",
    "tcp_user_timeout",
}


def seconds(*, least: float, most: float) -> Callable[[Any], timedelta]:
    def read(value: Any) -> timedelta:
        if isinstance(value, timedelta):
            amount = value.total_seconds()
        else:
            try:
                amount = float(value)
            except (TypeError, ValueError):
                amount = math.nan
        if not least <= amount <= most:
            raise ValueError(f"must be a number of seconds from {_plain(least)} to {_plain(most)}")
        return timedelta(seconds=amount)

    return read


def _plain(number: float) -> str:
    """Without an exponent."""
    return f"{number:.12g}"


def listed(value: Any) -> Any:
    """Comma-separated text as its parts."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def place(value: Any) -> Path:
    """``~`` is the home directory; a relative path starts at the working directory."""
    return Path(value).expanduser().absolute()


def parts(url: str, schemes: Collection[str]) -> SplitResult:
    """Raises ValueError unless ``url`` has one of ``schemes`` and is otherwise readable."""
    known = " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        split = urlsplit(url)
        _ = split.port  # reading it is what checks it
    except ValueError:
        raise ValueError(
            "must be a URL; characters like @ / : in a password are written as %40 %2F %3A"
        ) from None
    if split.scheme not in schemes or any(character.isspace() for character in url):
        raise ValueError(f"must be a URL that starts with {known}")
    return split


def web_url(url: str) -> str:
    """An http(s) URL with a host, without the slash at its end."""
    split = parts(url, ("https", "http"))
    if not split.hostname or split.query or split.fragment:
        raise ValueError("must be an http(s) URL with a host and without ? or #")
    return url.rstrip("/")


def key_url(url: str) -> str:
    """Where keys are fetched: nobody on the way may exchange them."""
    split = parts(url, ("https", "http"))
    if not split.hostname or (split.scheme == "http" and not is_loopback(split.hostname)):
        raise ValueError("must be an https:// URL (http:// only for this machine itself)")
    return url


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(value: str) -> str:
    """As browsers send it in the ``Origin`` header."""
    split = parts(value, ("https", "http"))
    if not split.hostname or split.path.strip("/") or split.query or split.username is not None:
        raise ValueError(
            "must be origins such as https://pilot.example.com (scheme, host, and port if it is an "
            "unusual one), separated by commas"
        )
    return f"{split.scheme}://{split.netloc.lower()}"


def route(value: str) -> str:
    """``https://slack.com=http://gateway:9001``, both as browsers write origins."""
    whence, _, whither = value.partition("=")
    try:
        return f"{origin(whence)}={origin(whither)}"
    except ValueError:
        raise ValueError(
            "must be pairs of origins such as https://slack.com=http://gateway:9001, separated by "
            "commas"
        ) from None


def authorities(value: Path) -> Path:
    """Read at start, so that a missing or a wrong file is told then."""
    try:
        ssl.create_default_context(cafile=value)
    except (OSError, ssl.SSLError):
        raise ValueError("must be a file with certificates in PEM that can be read") from None
    return value


def database_url(secret: SecretStr) -> SecretStr:
    """``postgres://`` is taken as well; what comes out is what asyncpg takes."""
    url = secret.get_secret_value()
    split = parts(url, ("postgresql", "postgres"))
    if split.netloc.count("@") > 1:
        raise ValueError("must have the @ in its password written as %40")
    try:
        named = dict(parse_qsl(split.query, strict_parsing=True)) if split.query else {}
    except ValueError:
        raise ValueError("must have its parameters after ? written as name=value") from None
    if unknown := sorted(LIBPQ_ONLY & named.keys()):
        raise ValueError(f"must do without the parameter {unknown[0]}: only libpq knows it")
    return SecretStr(split._replace(scheme="postgresql").geturl())


def broadcast_url(secret: SecretStr) -> SecretStr:
    url = secret.get_secret_value()
    split = parts(url, ("memory", "postgres", "postgresql", "redis", "rediss"))
    if split.scheme == "memory":
        return SecretStr("memory://")
    if split.scheme.startswith("postgres"):
        return database_url(secret)
    if not split.hostname:
        raise ValueError("must name a host, such as redis://localhost:6379")
    return secret


def mail_url(secret: SecretStr) -> SecretStr:
    url = secret.get_secret_value()
    parts(url, ("smtps", "smtp"))
    MailServer.of(url)
    return secret


def signing_secret(secret: SecretStr) -> SecretStr:
    """RFC 7518, section 3.2: an HS256 key has at least the 256 bits of its hash."""
    size = len(secret.get_secret_value().encode())
    if size < 32:
        raise ValueError(
            f"must have at least 32 bytes, and this one has {size}. Make one with: "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    return secret


def fernet_key(secret: SecretStr) -> SecretStr:
    try:
        size = len(base64.urlsafe_b64decode(secret.get_secret_value()))
    except (binascii.Error, ValueError):
        size = 0
    if size != 32:
        raise ValueError(
            "must be keys of 32 bytes in URL-safe base64, separated by commas. Make one with: "
            'python3 -c "import base64, os; '
            'print(base64.urlsafe_b64encode(os.urandom(32)).decode())"'
        )
    return secret


def mail_address(value: str) -> str:
    if not mailable(value):
        raise ValueError("must be an address such as baton@example.com")
    return value


def shown(value: Any) -> str:
    """For people: secrets masked, the passwords of URLs too."""
    match value:
        case None | ():
            return ""
        case bool():
            return "true" if value else "false"
        case timedelta():
            return _plain(value.total_seconds())
        case SecretStr():
            return without_password(value.get_secret_value())
        case tuple():
            return ",".join(shown(part) for part in value)
    return str(value)


def without_password(secret: str) -> str:
    """A URL with its password and secret parameters masked; of anything else, only the mask."""
    try:
        split = urlsplit(secret)
    except ValueError:
        return MASK
    if not split.scheme or "://" not in secret:
        return MASK
    user, at, place = split.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    netloc = f"{name}{colon}{MASK if colon else ''}{at}{place}"
    query = urlencode(
        [
            (key, MASK if "password" in key or "token" in key else value)
            for key, value in parse_qsl(split.query, keep_blank_values=True)
        ],
        safe="*/",
    )
    return split._replace(netloc=netloc, query=query).geturl()
