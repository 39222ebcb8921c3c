"""Nothing of a model's text is more than text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessments.plain import plain

HOSTILE = [
    "See https://evil.example/login?next=1 now",
    "See HTTPS://evil.example/x",
    "See www.evil.example/x",
    "[the portal](https://evil.example)",
    "![](https://evil.example/pixel.png)",
    "<https://evil.example|the portal>",
    '<a href="https://evil.example">portal</a>',
    "&lt;a href=&quot;https://evil.example&quot;&gt;portal&lt;/a&gt;",
    "&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;",
    "Sign in at evil.example/reset today",
    "javascript:alert(1)",
    "mailto:boss@evil.example",
    "Write to boss@evil.example",
    "@here @channel @everyone look",
    "<!channel> and <@U0123ABC>",
    "<at>Everyone</at>",
    "*bold* _italic_ ~gone~ `code` **strong** __strong__",
    "# Heading",
    "> quoted",
    "ht\u200btps://evil.example/x",
    "\uff48\uff54\uff54\uff50\uff53\uff1a\uff0f\uff0fevil.example",
    "\u202egro.live//:sptth",
    "\x00\x1b[31mred",
]
LIVE = re.compile(
    r"[a-z]{2,}://|www\.|mailto:\S|javascript:\S|@|[<>`*~\x00-\x1f\u200b\u202e]|\]\("
    r"|\bevil\.example|^[#>]|(?<!\w)_|_(?!\w)|&lt;",
    re.IGNORECASE,
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_link_mention_or_markup_survives(text: str) -> None:
    assert not LIVE.search(plain(text, 400)), plain(text, 400)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("svc_backup can't write to D:", "svc_backup can't write to D:"),
        ("w3wp.exe uses 90 % of memory", "w3wp.exe uses 90 % of memory"),
        ("10.0.4.17 answers, 3 > 2", "10.0.4.17 answers, 3 › 2"),
        ("mail.contoso.com times out", "mail.contoso[.]com times out"),
        ("two\nlines\tof  it", "two lines of it"),
        ('see <a href="https://evil.example/x">the portal</a> now', "see the portal now"),
    ],
)
def test_what_engineers_write_stays_readable(text: str, shown: str) -> None:
    assert plain(text, 400) == shown


@given(st.text(max_size=300), st.integers(min_value=1, max_value=100))
def test_it_is_one_line_within_bounds_whatever_comes(text: str, most: int) -> None:
    shown = plain(text, most)
    assert len(shown) <= most
    assert "\n" not in shown
    assert not re.search(r"[@<>`*~]", shown)
