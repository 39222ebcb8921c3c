"""Secrets in texts that people paste: found, and taken out.

Support logs are full of long opaque values that are no secrets (GUIDs, hashes, correlation ids,
signatures in mail headers), so entropy decides nothing here. A secret is known by its shape, most
of the shapes being detect-secrets', or by the words before it.
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector

MARK: Final = "[redacted]"
SHORT: Final = 8  # characters
LOOKAHEAD: Final = 1_000  # characters behind a cut: enough to know a secret that begins before it
Span = tuple[int, int]
Line = tuple[int, int, str]  # where it begins and ends, and its lower case
Accept = Callable[[re.Match[str]], bool]


@dataclass(frozen=True, slots=True)
class Redacted:
    """``text`` with MARK in place of each of ``count`` secrets. ``secrets`` are what was there."""

    text: str
    count: int
    secrets: tuple[str, ...] = field(default=(), repr=False)


def redact(text: str) -> Redacted:
    """Take secrets out of a text. Never raises; the time it takes grows with the text's length."""
    spans = _merged(sorted(_spans(text)))
    parts: list[str] = []
    end = 0
    for start, stop in spans:
        parts += text[end:start], MARK
        end = stop
    secrets = tuple(text[start:stop] for start, stop in spans)
    return Redacted("".join([*parts, text[end:]]), len(spans), secrets)


def before_secret(text: str, at: int) -> int:
    """Where a text can be cut, at ``at`` or shortly before it, without cutting a secret in two:
    half a secret would not look like one any more."""
    begin, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    end = min(len(text) if end < 0 else end, at + LOOKAHEAD)
    cut = [(begin, end, text[begin:end].lower())]  # of what stands in a line, no other is cut
    spans = _merged(sorted(_spans(text, cut)))
    return next((start for start, stop in spans if start < at < stop), at)


def redact_markdown(markdown: str, known: Iterable[str]) -> Redacted:
    """The same for a text that was put together of others, in which ``known`` secrets were found.

    There they may be escaped, or on one line with what follows, and not look like secrets any more.
    """
    distinct = sorted({each for each in known if each.strip()}, key=len, reverse=True)
    text, count = markdown, 0
    for secret in distinct:
        text, times = _as_markdown(secret).subn(MARK, text)
        count += times
    rest = redact(text)
    return Redacted(rest.text, count + rest.count, (*distinct, *rest.secrets))


def _as_markdown(secret: str) -> re.Pattern[str]:
    words = (
        "".join(
            re.escape(each) if each.isalnum() or each.isspace() else rf"\\?{re.escape(each)}"
            for each in word
        )
        for word in secret.split()
    )
    regex = r"\s+".join(words)
    # a short one must not be found within words
    return re.compile(regex if len(secret) >= SHORT else rf"(?<!\w){regex}(?!\w)")


def _merged(spans: list[Span]) -> list[Span]:
    """What overlaps is one secret, told by several patterns."""
    merged: list[Span] = []
    for start, stop in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _spans(text: str, lines: Sequence[Line] | None = None) -> Iterator[Span]:
    """``lines`` are those in which is looked for what stands in a line: all, if none are given."""
    lowered = text.lower()
    lines = _lines(text) if lines is None else lines
    for pattern in PATTERNS:
        if not pattern.hinted(lowered):
            continue
        for start, end, line in lines if pattern.in_a_line else [(0, len(text), lowered)]:
            if pattern.hinted(line):
                for match in pattern.regex.finditer(text, start, end):
                    if pattern.accept(match):
                        yield match.span(pattern.secret(match))


def _lines(text: str) -> list[Line]:
    found, start = [], 0
    for line in text.split("\n"):
        end = start + len(line)
        found.append((start, end, line.lower()))
        start = end + 1
    return found


def _always(_: re.Match[str]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a secret looks like: the last group that matched, or ``whole`` of the match.

    Without one of ``hints`` (lower case) in the text the pattern is not tried; one that stands
    ``in_a_line`` is tried in the lines that have one. Each must begin with something fixed and
    repeat within bounds or without ambiguity: that keeps it linear.
    """

    regex: re.Pattern[str]
    hints: tuple[str, ...] = ()
    accept: Accept = _always
    whole: bool = False
    in_a_line: bool = False

    def hinted(self, lowered: str) -> bool:
        # written out: of a short text this is most of the work
        for hint in self.hints:
            if hint in lowered:
                return True
        return not self.hints

    def secret(self, match: re.Match[str]) -> int:
        return 0 if self.whole else match.lastindex or 0


# ------------------------------------------------------------------ what a value may not be

# After "password:" these tell about it: "password: expired"
STATES: Final = frozenset(
    """
    accepted blank changed correct default disabled empty enabled expired expires failed false
    hidden incorrect invalid is missing must never no none not null ok optional policy prompt
    protected rejected required reset same set true unchanged unknown unset was wrong yes
    """.split()  # noqa: SIM905 - a list of words reads better than a list of strings
)
NO_SECRET: Final = re.compile(
    r"""
    [*•xX.#_-]+                               # masked
    | \[?<?(?:redacted|masked|hidden|removed|password|passwort|secret|token|value)>?\]?
    | <.*> | \{.*\} | %\w+% | \$\{?[A-Za-z_][\w:.]*\}? | \$\(.*    # filled in elsewhere
    | \d{1,3}                                 # of days, of attempts
    | \d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*       # a date
    | https?://.* | [A-Za-z]:[\\/].* | \\\\.* | ~?/.*  # an address, a path
    """,
    re.VERBOSE | re.IGNORECASE,
)
GUID_OR_HASH: Final = re.compile(r"[0-9A-Fa-f-]+|0x[0-9A-Fa-f]+")
PROSE: Final = re.compile(r"[ \t]+[A-Za-z]")


def _is_value(match: re.Match[str]) -> bool:
    value = match[match.lastindex or 0]
    return value.lower().rstrip(".!") not in STATES and not NO_SECRET.fullmatch(value)


def _is_told(match: re.Match[str]) -> bool:
    """After a colon, a plain word with more words behind it is prose about passwords."""
    value = match[match.lastindex or 0]
    plain = value.isalpha() and value[1:].islower()
    return _is_value(match) and not (plain and PROSE.match(match.string, match.end()))


def _is_strong(match: re.Match[str]) -> bool:
    """In a sentence, only what nobody would write but as a password."""
    value = match[match.lastindex or 0]
    kinds = [any(map(is_kind, value)) for is_kind in (str.islower, str.isupper, str.isdigit)]
    odd = any(character in "!@#$%^&*?+=" for character in value[:-1]) or value[-1:] in "!@#$%^&*"
    return _is_value(match) and (all(kinds) or (odd and sum(kinds) > 1))


def _is_long(match: re.Match[str]) -> bool:
    value = match[match.lastindex or 0]
    varied = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    return varied and not GUID_OR_HASH.fullmatch(value) and _is_value(match)


def _is_jwt(match: re.Match[str]) -> bool:
    header = match[0].partition(".")[0]
    try:
        return isinstance(orjson.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4))), dict)
    except ValueError:
        return False


# ------------------------------------------------------------------ known by their words

PHRASE: Final = r"(?:passwor[dt]|passwd|passphrase|passcode|kennwort|mot\ de\ passe|contrase[ñn]a)"
NAMED: Final = (
    rf"(?:{PHRASE}|pwd|psk|secret"
    r"|(?:api|access|account|auth|client|master|private|shared|storage|secret"
    r"|pre-?shared|shared[ _-]?access|wpa2?|wifi|wi-fi)[ _-]?key"
    r"|(?:access|api|auth|bearer|bot|id|refresh|sas|session)[ _-]?token)"
)
NAMING: Final = ("pass", "kennwort", "contrase", "pwd", "psk", "secret", "key", "token")
"""One of these is in whatever NAMED matches."""
# an ampersand is part of it, unless another parameter of a query or another command follows
BARE: Final = r"(?:[^\s;,&|\"'`<>()]|&(?=[^\s&;|])(?!\w[\w.-]{0,60}=)){3,200}"
QUOTED: Final = r"\"[^\"\r\n]{1,200}\"|'[^'\r\n]{1,200}'|`[^`\r\n]{1,200}`"


def _words(regex: str, *hints: str, accept: Accept = _is_value) -> Pattern:
    return Pattern(re.compile(regex, re.IGNORECASE), hints, accept, in_a_line=True)


BY_WORDS: Final = (
    # password=…   "api_key" := '…'   AccountKey=…;
    _words(
        rf"{NAMED}[\"'\]]{{0,2}}[ \t]{{0,8}}(?::?=|=>)[ \t]{{0,8}}(?:@?({QUOTED})|({BARE}))",
        *NAMING,
    ),
    # Password: …
    _words(
        rf"{NAMED}[\"'\]]{{0,2}}[ \t]{{0,8}}:(?!=)[ \t]{{0,8}}(?:({QUOTED})|({BARE}))",
        *NAMING,
        accept=_is_told,
    ),
    _words(
        r"(?<![A-Za-z0-9])token[\"']?[ \t]{0,8}[:=][ \t]{0,8}[\"']?([^\s;,&\"'<>]{16,500})",
        "token",
        accept=_is_long,
    ),
    # reset the password to …
    _words(
        rf"(?:{PHRASE}|(?<!\w)pw)[ \t]{{1,8}}(?:(?:is|was|to|now|as|set|changed|reset|=)"
        r"[ \t]{1,8}){0,3}([^\s;,\"'`<>()]{6,100})",
        "pass",
        "pw",
        "kennwort",
        accept=_is_strong,
    ),
    # --password …   -Password …   /pass:…   -pw …
    _words(
        rf"(?<![\w/-])(?:--?|/)(?:{PHRASE}|pass|pw|rp)(?:[ \t]{{1,8}}|:|=)"
        rf"(?:({QUOTED})|(?![-/(])({BARE}))",
        "-p",
        "/p",
        "/rp",
        "-k",
    ),
    _words(rf"ConvertTo-SecureString[ \t]+(?:-String[ \t]+)?({QUOTED})", "convertto-securestring"),
    _words(
        rf"(?:psexec|sshpass|xfreerdp)[^\r\n]{{0,200}}?[ \t][-/]p[ :]?({BARE})",
        "psexec",
        "sshpass",
        "xfreerdp",
    ),
    _words(rf"mysql(?:dump|admin)?[ \t][^\r\n]{{0,200}}?(?<=[ \t])-p({BARE})", "mysql"),
    _words(rf"ldap(?:search|modify|add)[ \t][^\r\n]{{0,200}}?(?<=[ \t])-w[ \t]+({BARE})", "ldap"),
    # net use Z: \\server\share … /user:…, in either order
    _words(rf"net[ \t]+use[ \t][^\r\n]{{0,100}}?\\\\\S{{1,100}}[ \t]+(?![/*])({BARE})", "net"),
    _words(rf"net[ \t]+use[ \t][^\r\n]{{0,200}}?/user:\S{{1,100}}[ \t]+(?![/*])({BARE})", "net"),
    _words(rf"net[ \t]+user[ \t]+[^\s/]{{1,100}}[ \t]+(?![/*])({BARE})", "net"),
    _words(rf"curl[ \t][^\r\n]{{0,200}}?(?<=[ \t])-u[ \t]*[^\s:]{{1,100}}:({BARE})", "curl"),
    # user:password@host
    _words(r"://[^\s:/@,;\"'<>]{0,200}:([^\s/,;\"'<>]{1,200})@", "://"),
    _words(r"authorization[\"']?[ \t]*[:=][ \t]*[\"']?basic[ \t]+([A-Za-z0-9+/=]{8,})", "basic"),
    _words(r"(?<!\w)bearer[ \t]+([A-Za-z0-9._~+/=-]{16,})", "bearer", accept=_is_long),
    _words(r"(?<!\w)cookie:[ \t]*([^\s=;]{1,100}=[^\r\n]{8,})", "cookie:"),
    _words(r"[?&]sig=([A-Za-z0-9%+/=]{20,200})", "sig="),
)

# ------------------------------------------------------------------ known by their shape


def _shape(regex: str, *hints: str, accept: Accept = _always) -> Pattern:
    return Pattern(re.compile(regex), hints, accept, whole=True)


def _is_card(match: re.Match[str]) -> bool:
    """Whether the last digit is right. ISO/IEC 7812-1, annex B."""
    digits = [int(character) for character in match[0] if character.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


KEY_BLOCK: Final = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_ID: Final = "[A-Za-z0-9_-]"

BY_SHAPE: Final = (
    _shape(rf"-----BEGIN {KEY_BLOCK}[\s\S]*?(?:-----END {KEY_BLOCK}|\Z)", "private key"),
    _shape(r"(?<=Private-Lines: )\d{1,4}[\r\n]{1,2}[A-Za-z0-9+/=\r\n]+", "private-lines"),
    _shape(rf"(?<!{_ID})eyJ{_ID}+\.{_ID}+(?:\.{_ID}*){{0,3}}", "eyj", accept=_is_jwt),
    _shape(rf"(?<!{_ID})sk-{_ID}{{20,300}}", "sk-"),  # Anthropic, OpenAI
    _shape(rf"(?<!{_ID})AIza{_ID}{{35}}(?!{_ID})", "aiza"),  # Google
    _shape(rf"(?<!{_ID})npm_[A-Za-z0-9]{{36}}(?!{_ID})", "npm_"),
    _shape(rf"(?<!{_ID})github_pat_\w{{22,255}}", "github_pat_"),
    _shape(rf"(?<!{_ID})xapp-{_ID}{{20,300}}", "xapp-"),  # Slack
    _shape(rf"(?<!{_ID})xox[a-z](?:\.xox[a-z])?-{_ID}{{10,300}}", "xox"),
    _shape(r"(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,34}(?![\w.~-])", "q~"),  # Entra ID
    _shape(r"https://[a-z0-9.-]{1,200}\.webhook\.office\.com/[^\s\"'<>]{20,500}", "webhook.office"),
    _shape(r"SK(?<!\wSK)[0-9a-f]{32}(?!\w)", "sk"),  # Twilio
    # what must not stand before comes second: where one can begin is found much faster so
    _shape(r"[0-9](?<![\d-].)\d{5}-(?:\d{6}-){6}\d{6}(?![\d-])", "-"),  # BitLocker recovery
    # cards: 16 digits of Visa, Mastercard, Discover, JCB and UnionPay, then 15 of American Express
    _shape(
        r"(?:4\d|5[1-5]|2[2-7]|6[0-9]|35)(?<![\w.+-]..)"
        r"\d{2}([ -]?)\d{4}\1\d{4}\1\d{4}(?![\w-]|\.\d)",
        accept=_is_card,
    ),
    _shape(r"3[47](?<![\w.+-]..)\d{2}([ -]?)\d{6}\1\d{5}(?![\w-]|\.\d)", accept=_is_card),
    *(
        Pattern(regex, hints, whole=True)
        for detector, hints in (
            (AWSKeyDetector, ("a3t", "abia", "acca", "akia", "asia", "aws")),
            (AzureStorageKeyDetector, ("accountkey=",)),
            (DiscordBotTokenDetector, (".",)),
            (GitHubTokenDetector, ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
            (GitLabTokenDetector, ("gl", "gr1348941")),
            (MailchimpDetector, ("-us",)),
            (PypiTokenDetector, ("pypi-",)),
            (SendGridDetector, ("sg.",)),
            (SlackDetector, ("xox", "hooks.slack.com")),
            (SquareOAuthDetector, ("sq0csp-",)),
            (StripeDetector, ("k_live_",)),
            (TelegramBotTokenDetector, (":",)),
        )
        for regex in detector.denylist
    ),
)

PATTERNS: Final = (*BY_SHAPE, *BY_WORDS)
