"""Mail arrives as one message to one person, and every way it can fail is told apart."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demo.vendors.base import Fault
from app.demo.vendors.smtp import FakeMail, Mail, MailFault
from services.integrations.email import EmailChannel
from services.integrations.email_message import SUBJECT, compose
from services.integrations.mail_server import Encryption, MailServer
from services.integrations.protocol import Letter, NotSent, Person, Purpose, Refused, TryAgain
from tests.services.integrations.internet import certified
from tests.services.integrations.letters import DELIVERY, OF_HANDOFFS, letter

SENDER = "baton@desk.example.com"
SAM = Person("Sam Ortiz", "sam@example.com")
EARLIER = "<01900000-0000-7000-8000-00000000beef@desk.example.com>"
PASSWORD = "correct horse/battery"


@contextmanager
def mailing(fake: FakeMail, **changes: object) -> Iterator[EmailChannel]:
    with fake.serving() as served:
        yield EmailChannel(MailServer.of(served.url), SENDER, **changes)  # type: ignore[arg-type]


def read(told: Letter, *, to: Person = SAM, earlier: str | None = None) -> EmailMessage:
    """The message as a mail program reads it."""
    return Mail(SENDER, to.email, compose(told, SENDER, to, earlier)).message


def bodies(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


async def test_a_handoff_arrives_as_one_message_that_says_what_to_decide_by() -> None:
    fake = FakeMail()
    with mailing(fake) as channel:
        sent = await channel.send(letter(), None)
    [mail] = fake.mails
    assert (mail.sender, mail.recipient) == (SENDER, "sam@example.com")
    message = mail.message
    assert message["To"] == "Sam Ortiz <sam@example.com>"
    assert message["From"] == f"Baton <{SENDER}>"
    assert message["Subject"] == "[High] Outlook can't connect"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == letter().happened_at
    assert message["Message-ID"] == sent.reference == f"<{DELIVERY}@desk.example.com>"
    assert message["In-Reply-To"] is None
    for body in bodies(message):
        for fact in (
            "Tess Berg asks for help.",
            "24 November 2026, 10:02 UTC",
            "Dana, Millbrook",
            "ConnectWise 4711",
            "Out of ideas",
            "meeting at two",
            "Restarted Outlook: did not work",
            "Conditional access",
            "A stale profile",
            "Look at the sign-in log",
            "Suggested next steps, by rule from what was recorded",
            "https://baton.example.com/h/abc",
            "switch it off",
        ):
            assert fact in body.replace("&#x27;", "'"), fact
        assert "Everything there is to say" not in body  # it is behind the link


@pytest.mark.parametrize("purpose", [each for each in OF_HANDOFFS if each is not Purpose.TEST])
async def test_what_follows_is_threaded_under_the_call_for_help(purpose: Purpose) -> None:
    fake = FakeMail()
    with mailing(fake) as channel:
        await channel.send(letter(purpose=purpose, who="Ada Lin", words="Reset it"), EARLIER)
    message = fake.mails[0].message
    assert message["In-Reply-To"] == message["References"] == EARLIER
    assert message["Subject"].startswith("Re: [High] ")
    plain, _ = bodies(message)
    raised = purpose in {Purpose.RAISED, Purpose.UNREACHED}
    assert plain.startswith("Tess Berg asks for help" if raised else "Ada Lin has ")
    assert ("Reset it" in plain) is (purpose is not Purpose.RAISED)
    assert ("What was tried" in plain) is raised


@pytest.mark.parametrize("earlier", [None, EARLIER])
async def test_what_is_delivered_again_is_a_mail_of_its_own_in_the_same_thread(
    earlier: str | None,
) -> None:
    fake = FakeMail()
    with mailing(fake) as channel:
        sent = [
            await channel.send(letter(asked_again=asked), earlier if asked else None)
            for asked in (0, 1, 2)
        ]
    first, *again = [mail.message for mail in fake.mails]
    assert [mail["Message-ID"] for mail in again] == [
        f"<{DELIVERY}.1@desk.example.com>",
        f"<{DELIVERY}.2@desk.example.com>",
    ]
    for mail in again:
        assert mail["In-Reply-To"] == mail["References"] == (earlier or first["Message-ID"])
    # what follows answers to the first, whichever of them arrived
    assert {each.reference for each in sent} == {first["Message-ID"]}


async def test_a_test_says_that_nothing_has_happened() -> None:
    fake = FakeMail()
    with mailing(fake) as channel:
        await channel.send(letter(purpose=Purpose.TEST), None)
    message = fake.mails[0].message
    assert message["Subject"] == "Test: mail from Baton arrives"
    assert "Nothing has happened" in bodies(message)[0]


def test_what_people_write_is_text_in_html() -> None:
    nasty = "<img src=x onerror=alert(1)> & \"'"
    told = letter(problem=nasty, reason=nasty, notes=nasty, customer=nasty, next_steps=[nasty])
    plain, html = bodies(read(told))
    assert plain.count(nasty) == 5
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt; &amp; &quot;&#x27;") == 5
    link = bodies(read(letter(link='https://b.example/?a=1&b="><script>')))[1]
    assert "<script" not in link


@given(
    text=st.text(), name=st.text(), id_host=st.from_regex(r"[a-z]{1,60}\.example", fullmatch=True)
)
def test_no_text_writes_a_header_or_gets_out_of_its_own(text: str, name: str, id_host: str) -> None:
    told = letter(problem=text, priority="NORMAL", reason=text, who=text)
    to = Person(name, "sam@example.com")
    sender, earlier = f"baton@{id_host}", f"<{DELIVERY}@{id_host}>"
    raw = compose(told, sender, to, earlier)
    message = Mail(sender, to.email, raw).message
    assert sorted(message.keys()) == [
        "Auto-Submitted", "Content-Type", "Date", "From", "In-Reply-To", "MIME-Version",
        "Message-ID", "References", "Subject", "To",
    ]  # fmt: skip
    assert [each.addr_spec for each in message["To"].addresses] == ["sam@example.com"]
    assert message["Message-ID"] == message["In-Reply-To"] == message["References"] == earlier
    assert len(message["Subject"]) <= SUBJECT + len("Re: ")
    for header in ("Message-ID", "In-Reply-To", "References"):
        assert f"\r\n{header}: {earlier}\r\n".encode() in b"\r\n" + raw
    assert message["Subject"].isprintable()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998  # RFC 5322, section 2.1.1
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_a_subject_in_any_language_stays_what_it_was() -> None:
    problem = "Drucker in Köln druckt nur noch 漢字, " * 2
    assert read(letter(problem=problem, priority="LOW"))["Subject"] == problem.strip()


def test_a_long_story_is_cut_and_the_link_stays() -> None:
    raw = compose(letter(reason="x" * 50_000, problem="y" * 900), SENDER, SAM, None)
    assert len(raw) < 20_000
    assert b"baton.example.com/h/abc" in raw


def test_what_was_left_out_is_counted() -> None:
    assert "1 secret was found" in bodies(read(letter(redactions=1)))[0].replace("Left out: ", "")
    assert "3 secrets were found" in bodies(read(letter(redactions=3)))[0]
    assert "Left out" not in bodies(read(letter()))[0]


@pytest.mark.parametrize(
    ("answer", "kind", "status"),
    [
        ("450 4.2.0 zebra: not today", TryAgain, 450),
        ("421 4.7.0 zebra", TryAgain, 421),
        ("452 4.2.2 zebra", TryAgain, 452),
        ("550 5.1.1 no zebra here", Refused, 550),
        ("553 5.7.1 zebra", Refused, 553),
    ],
)
async def test_a_refused_recipient_is_told_by_its_number(
    answer: str, kind: type[NotSent], status: int
) -> None:
    fake = FakeMail()
    fake.refusing["sam@example.com"] = answer
    with mailing(fake) as channel:
        with pytest.raises(kind) as told:
            await channel.send(letter(), None)
        await channel.send(letter(recipient=Person("Ada", "ada@example.com")), None)
    assert told.value.status == status
    assert answer[:9] in told.value.why
    assert "zebra" not in told.value.why  # never the server's own words
    assert [mail.recipient for mail in fake.mails] == ["ada@example.com"]


@pytest.mark.parametrize(
    ("fault", "kind", "status", "kept"),
    [
        (Fault.SERVER_ERROR, TryAgain, 451, 0),
        (Fault.BUSY, TryAgain, 450, 0),
        (Fault.REDIRECT, Refused, 551, 0),
        (Fault.LOSE_ANSWER, TryAgain, None, 1),
        (Fault.GARBAGE, TryAgain, None, 1),
        (Fault.TLS, TryAgain, None, 0),
        (MailFault.DISCONNECT, TryAgain, None, 0),
        (MailFault.REFUSE, Refused, 554, 0),
    ],
)
async def test_every_fault_is_told_apart_and_the_next_attempt_arrives(
    fault: Fault | MailFault, kind: type[NotSent], status: int | None, kept: int
) -> None:
    fake = FakeMail()
    fake.faults.append(fault)
    with mailing(fake) as channel:
        with pytest.raises(kind) as told:
            await channel.send(letter(), None)
        assert len(fake.mails) == kept
        await channel.send(letter(), None)
    assert told.value.status == status
    assert ("may have taken it" in told.value.why) is (fault is Fault.LOSE_ANSWER)
    assert {mail.message["Message-ID"] for mail in fake.mails} == {
        f"<{DELIVERY}@desk.example.com>"  # a repeat is recognised
    }


@pytest.mark.parametrize("fault", [MailFault.HANG_UP, MailFault.HANG_ON])
async def test_a_message_that_was_taken_was_sent_whatever_comes_then(fault: MailFault) -> None:
    fake = FakeMail()
    fake.faults.append(fault)
    with mailing(fake, deadline=timedelta(seconds=0.3)) as channel:
        assert (await channel.send(letter(), None)).reference
    assert len(fake.mails) == 1


async def test_a_server_that_hangs_costs_no_more_than_the_deadline() -> None:
    fake = FakeMail()
    fake.faults.append(Fault.HANG)
    with mailing(fake, deadline=timedelta(seconds=0.3)) as channel:
        began = time.monotonic()
        with pytest.raises(TryAgain, match="did not answer in time"):
            await channel.send(letter(), None)
        assert time.monotonic() - began < 2
    assert fake.mails == []


async def test_a_server_that_is_slow_at_every_step_is_held_to_the_deadline_too() -> None:
    fake = FakeMail()
    fake.slowness = 0.2  # within the time of each answer, and beyond that of all
    with (
        mailing(fake, deadline=timedelta(seconds=0.5)) as channel,
        pytest.raises(TryAgain, match="did not answer in time"),
    ):
        await channel.send(letter(), None)
    assert fake.mails == []


async def test_nobody_listening_may_pass() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        channel = EmailChannel(MailServer("127.0.0.1", port, Encryption.OFFERED), SENDER)
        with pytest.raises(TryAgain, match=f"can't be reached on port {port}"):
            await channel.send(letter(), None)


@pytest.mark.parametrize(
    "address",
    [
        "sam",
        "sam@",
        "sam@example.com\r\nRCPT TO:<eve@example.com>",
        "sam@example.com> SIZE=1",
        "<sam@example.com>",
        "sam@example.com,eve@example.com",
        "sám@example.com",
        "",
    ],
)
async def test_an_address_that_is_none_never_reaches_the_server(address: str) -> None:
    fake = FakeMail()
    with mailing(fake) as channel, pytest.raises(Refused, match="Sam has no address"):
        await channel.send(letter(recipient=Person("Sam", address)), None)
    assert fake.mails == []


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's side of TLS for localhost, whose authority SSL_CERT_FILE names."""
    server, client = certified("localhost")
    [certificate] = client.get_ca_certs(binary_form=True)
    file = tmp_path / "authority.pem"
    file.write_text(ssl.DER_cert_to_PEM_cert(certificate))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return server


def at(port: int, scheme: str = "smtp", *, knowing: str = PASSWORD) -> EmailChannel:
    url = f"{scheme}://baton:{quote(knowing, safe='')}@localhost:{port}"
    return EmailChannel(MailServer.of(url), SENDER)


@pytest.mark.parametrize("from_first_byte", [False, True])
async def test_the_password_goes_over_tls(
    trusted: ssl.SSLContext, *, from_first_byte: bool
) -> None:
    fake = FakeMail(password=PASSWORD, tls=trusted, from_first_byte=from_first_byte)
    with fake.serving() as served:
        scheme = served.url.partition(":")[0]
        await at(served.port, scheme).send(letter(), None)
    assert fake.encrypted == [True]


async def test_a_wrong_password_is_said_without_saying_it(trusted: ssl.SSLContext) -> None:
    fake = FakeMail(password=PASSWORD, tls=trusted)
    with fake.serving() as served, pytest.raises(Refused) as told:
        await at(served.port, knowing="wr0ng-one").send(letter(), None)
    assert told.value.status == 535
    assert "BATON_SMTP_URL" in told.value.why
    assert "wr0ng" not in told.value.why + repr(MailServer.of("smtp://a:wr0ng-one@b"))
    assert fake.mails == []


async def test_a_password_is_not_sent_where_starttls_is_missing() -> None:
    fake = FakeMail(password=PASSWORD)
    with fake.serving() as served, pytest.raises(Refused, match="does not offer STARTTLS"):
        await at(served.port).send(letter(), None)
    assert fake.mails == []
    assert fake.signing_in == 0


async def test_a_certificate_nobody_vouches_for_is_not_talked_to() -> None:
    fake = FakeMail(password=PASSWORD, tls=certified("localhost")[0])
    with fake.serving() as served, pytest.raises(TryAgain, match="not one to trust"):
        await at(served.port).send(letter(), None)
    assert fake.signing_in == 0


async def test_a_certificate_for_somebody_else_is_not_talked_to(trusted: ssl.SSLContext) -> None:
    fake = FakeMail(tls=trusted)
    with mailing(fake) as channel, pytest.raises(TryAgain, match="not one to trust"):
        await channel.send(letter(), None)  # to 127.0.0.1; the certificate is for localhost
    assert fake.mails == []


async def test_tls_where_there_is_none_says_which_url_to_take() -> None:
    fake = FakeMail()
    with fake.serving() as served, pytest.raises(TryAgain, match="smtp://"):
        await at(served.port, "smtps").send(letter(), None)


async def test_a_server_that_lets_nobody_sign_in_says_so(trusted: ssl.SSLContext) -> None:
    fake = FakeMail(password=PASSWORD, tls=trusted)  # it offers AUTH under TLS only
    with fake.serving() as served, pytest.raises(Refused, match="no way to sign in"):
        url = f"smtp://baton:secret@localhost:{served.port}?starttls=never"
        await EmailChannel(MailServer.of(url), SENDER).send(letter(), None)
    assert fake.signing_in == 0


async def test_a_server_that_wants_a_sign_in_says_so() -> None:
    fake = FakeMail(password=PASSWORD)
    with mailing(fake) as channel, pytest.raises(Refused) as told:
        await channel.send(letter(), None)
    assert told.value.status == 530


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://relay", MailServer("relay", 587, Encryption.OFFERED)),
        ("smtp://relay:25?starttls=never", MailServer("relay", 25, Encryption.NEVER)),
        ("smtp://relay?starttls=required", MailServer("relay", 587, Encryption.REQUIRED)),
        ("smtps://relay", MailServer("relay", 465, Encryption.FIRST)),
        ("smtp://[::1]:2525", MailServer("::1", 2525, Encryption.OFFERED)),
        (
            "smtp://b%40x.example:p%3A%2F%40@mail.example.com:2587",
            MailServer("mail.example.com", 2587, Encryption.REQUIRED, "b@x.example", "p:/@"),
        ),
        (
            "smtp://u:p@relay?starttls=never",  # on a network of one's own
            MailServer("relay", 587, Encryption.NEVER, "u", "p"),
        ),
    ],
)
def test_a_url_names_a_server(url: str, server: MailServer) -> None:
    assert MailServer.of(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "https://relay",
        "smtp://",
        "smtp://u:hidden@relay:99999",
        "smtp://u:hidden@relay/path",
        "smtp://u:hidden@relay?starttls=maybe",
        "smtp://u:hidden@relay?tls=1",
        "smtps://u:hidden@relay?starttls=required",
    ],
)
def test_a_url_that_names_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="must") as told:
        MailServer.of(url)
    assert "hidden" not in str(told.value)
    assert told.value.__cause__ is None
