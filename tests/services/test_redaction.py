"""Secrets are found in what support engineers paste, and nothing else is."""

import time
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.redaction import MARK, Redacted, redact, redact_markdown

# Made up, and put together at run time: a scanner of this repository must not take them for real.
JWT = ".".join(
    urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"1234567890"}', b"signature" * 4)
)
BEGIN, END = (f"-----{word} RSA PRIVATE KEY-----" for word in ("BEGIN", "END"))
KEY = f"{BEGIN}\nMIIEpAIBAAKCAQEA\nq83vEjRWeJCr\n{END}"
AZURE_KEY = "abcdefghij" * 8 + "ABCDEF=="

# «…» is the secret
SECRETS = rf"""
https://x.test/?password=«abcDEF1»&next=1
password: «Tr0ub4dor&3xyz»
pwd=«Qw&er12345»
pwd=«abc123&4»&& dir
Reset the user's password to «Welcome2026!» and asked her to sign in
The new pw is «Winter26!Acme», she has it in writing
password: «letmein»
Password = «"Tr0ub4dor&3"»
Kennwort: «Sommer2026»
smtp_password: «'app pass word'»
DB_PASSWORD=«letmein»
{{"password": «"letmein"», "user": "x"}}
net use Z: \\fs01\share «Summer2026!» /user:ACME\svc-backup
net use Z: \\fs01\share /user:ACME\svc-backup «Summer2026!»
net user jdoe «N3wPassw0rd» /add
cmdkey /add:fs01 /user:acme\bob /pass:«Winter26»
psexec \\srv01 -u ACME\admin -p «S3cret!pw» cmd
schtasks /create /tn Backup /ru ACME\svc /rp «Pa55word»
plink.exe -ssh admin@10.0.0.1 -pw «Cisco123»
sshpass -p «hunter2» ssh root@10.0.0.4
mysql -u root -p«S3cret» shop
mysqldump --password=«S3cret» shop > dump.sql
curl -s -u admin:«hunter22» https://nas01/api
ldapsearch -x -D cn=admin,dc=acme -w «adminpw» -b dc=acme
$cred = ConvertTo-SecureString «"Pl4inText"» -AsPlainText -Force
New-LocalUser bob -Password «Pl4inText»
Server=sql01;Database=erp;User Id=sa;Password=«Str0ng»;Encrypt=true
postgres://erp:«s3cr3t»@db01:5432/erp
https://bob:«p%40ss»@files.acme.test/backup.zip
DefaultEndpointsProtocol=https;AccountName=acme;«AccountKey={AZURE_KEY}»;EndpointSuffix=x
Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKey=«c2VjcmV0a2V5MTIz»
https://acme.blob.core.windows.net/c/f?sv=2022-11-02&sig=«abcdEFGH0123%2Babcd%2Fabcd%3D»
the new client secret is «Ab18Q~defghijklmnopqrstuvwxyz0123456789»
client_secret=«abcdefghij0123456789»
aws configure: «AKIA{"IOSFODNN7EXAMPLE"}»
«ghp_{"abcdefghijklmnopqrstuvwxyz0123456789"}» was in the script
«github_pat_{"11ABCDEFG0abcdefghijkl"}_x» too
«glpat-{"abcdefghij0123456789"}»
«xoxb-{"123456789012-1234567890123"}-AbCdEfGhIjKlMnOp»
«https://acme.webhook.office.com/webhookb2/1f0c5cde@1f0c/IncomingWebhook/abcdef01» was posted
Authorization: Bearer «{JWT}»
Authorization: Basic «YWRtaW46c2VjcmV0cGFzcw==»
id_token=«{JWT}»&state=1
Wi-Fi key: «correct-horse-battery»
WPA2 key = «acme-guest»
PSK = «acme-guest-2026»
shared secret: «Radius!2026»
api-key: «0a1b2c3d4e5f»
BitLocker: «123456-234567-345678-456789-567890-678901-789012-890123»
Cookie: «ESTSAUTH=0.AXYAabcdef; path=/»
«xoxb-{"1234"}-linnet-linnet» was in the channel
rotated: «xoxe.xoxp-{"1-Mi0yLTEyMzQ1Njc4OTA"}-abc_d»
She paid with «4111111111111111», says the caller
card «4111 1111 1111 1111».
Visa=«4012-8888-8888-1881»
MC: «5555555555554444»
«2223003122003222» is a new one
Amex «378282246310005» it is
Amex «3782 822463 10005»
"""
NO_SECRETS = r"""
Correlation ID: 6f9619ff-8b86-d011-b42d-00c04fc964ff
Request Id: 6f9619ff-8b86-d011-b42d-00c04fc964ff, Timestamp: 2026-11-24T10:02:11Z
x-ms-request-id: 1f2e3d4c-aaaa-bbbb-cccc-1234567890ab
Token: 6f9619ff-8b86-d011-b42d-00c04fc964ff
SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
thumbprint a9993e364706816aba3e25717850c26c9cd0d89d
certificate serial 03:ab:cd:ef:01:23:45:67
Event ID 4625: An account failed to log on. Status: 0xC000006D Sub Status: 0xC0000064
AADSTS50126: Error validating credentials due to invalid username or password.
Outlook asks for the password again and again
Password: expired
password: user typed the wrong one three times
Password last set: 24/11/2026 10:02
Password: 24.11.2026
PasswordLastSet : 24.11.2026 09:00:00
PasswordNeverExpires : False
pwdLastSet: 133451234567890000
The user's password is expired, reset it
password policy: 14 characters, 90 days
password to server SRV-DC01 works
password: ********
Password: <password>
password = [redacted]
--password $env:ADMIN_PW
set PASSWORD=%PW%
Reset password: https://passwordreset.microsoftonline.com/
authentication method: password
The secret is to hold the button for ten seconds
secret: yes
API key: invalid
Access token expired, refresh token: missing
Session key: none
The bearer of the ticket
Message-ID: <CAF+abcdefghijklmnopqrstuvwxyz012345@mail.gmail.com>
DKIM-Signature: v=1; a=rsa-sha256; d=acme.test; s=sel1; bh=g3zLYH4xKxcPrHOD18z9YfpQcnk/GaJedfu=;
 b=VnPzXq1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789ABCDEFVnPzXq1aBcDeFgHiJkLmNoPqRsTu
Authentication-Results: spf=pass (sender IP is 203.0.113.7); dkim=pass; dmarc=pass action=none
X-MS-Exchange-CrossTenant-id: 6f9619ff-8b86-d011-b42d-00c04fc964ff
ARC-Seal: i=1; a=rsa-sha256; t=1732443731; cv=none; d=microsoft.com; s=arcselector10001; b=abc123
Culture=neutral, PublicKeyToken=b77a5c561934e089
HKLM\SOFTWARE\Policies\Microsoft\Windows key: EnableSmartScreen
S-1-5-21-3623811015-3361044348-30300820-1013
MAC 00:1A:2B:3C:4D:5E, IP 10.0.0.12, port 8443
KB5034441 failed with 0x80070643
Serial number: 5CG1234ABC, tracking number 1Z999AA10123456784
ssh -p 2222 admin@10.0.0.4
mkdir -p /var/lib/acme
docker run -p 8080:80 nginx
netstat -p tcp
net use * /delete
net use Z: \\fs01\share /persistent:yes
net use Z: \\fs01\share * /user:ACME\bob
net user jdoe /domain
PWD=/srv/admin
http://10.0.0.1:8080/status
ldap://dc01.acme.test:389 admin@acme.test
sip:bob@acme.test:5060
C:\Users\bob\AppData\Local\Microsoft\Outlook\bob@acme.test.ost
Get-ADUser bob -Properties PasswordExpired,PasswordLastSet
Encryption key: AES-256
1.2.840.113556.1.4.803
MFA: password and number matching
Order 4111111111111112 and serial 5555555555554440
4111 1111-1111 1111
IMEI 356938035643809, ICCID 8944110068256270054
2026112412000000 and 1764000000.000001
4111111111111111.5 and A4111111111111111
+4915112345678901
4111111111111111-4111111111111111
"""


@pytest.mark.parametrize("line", SECRETS.strip().splitlines())
def test_a_secret_is_taken_out_and_the_rest_stays(line: str) -> None:
    before, _, rest = line.partition("«")
    _, _, after = rest.rpartition("»")
    redacted = redact(line.replace("«", "").replace("»", ""))
    assert redacted.text == f"{before}{MARK}{after}"
    assert redacted.count == 1


@pytest.mark.parametrize("line", NO_SECRETS.strip().splitlines())
def test_what_only_looks_like_one_stays(line: str) -> None:
    assert redact(line).text == line
    assert redact(line).count == 0


def test_a_private_key_goes_with_all_its_lines() -> None:
    redacted = redact(f"The key is\n{KEY}\nand that is it")
    assert redacted.text == f"The key is\n{MARK}\nand that is it"
    assert redact(KEY[:50]).text == MARK  # cut off in the middle
    assert redacted.count == 1


def test_every_secret_of_a_text_is_counted() -> None:
    lines = [line.replace("«", "").replace("»", "") for line in SECRETS.strip().splitlines()]
    redacted = redact("\n".join(lines))
    assert redacted.count == len(lines)
    assert redacted.text == "\n".join(redact(line).text for line in lines)


def test_what_was_a_secret_is_one_in_markdown_too_escaped_or_joined_with_what_follows() -> None:
    token = f"ghp_{'abcdefghijklmnopqrstuvwxyz0123456789'}"
    source = redact(f"password: letmein\nthen it worked, with {token}\npsk: a*b_c\npwd: abc")
    assert source.secrets == ("letmein", token, "a*b_c", "abc")
    escaped = token.replace("_", "\\_")
    markdown = (
        f"password: letmein then it worked, with {escaped} psk: a\\*b\\_c\n"
        "```\npsk: a*b_c\n```\nabc abcd"
    )
    redacted = redact_markdown(markdown, source.secrets)
    assert redacted.text == (
        f"password: {MARK} then it worked, with {MARK} psk: {MARK}\n"
        f"```\npsk: {MARK}\n```\n{MARK} abcd"
    )
    assert redacted.count == 5


TEXTS = some.text() | some.lists(
    some.sampled_from([*"=:-/@ \n\"'<", "password", "eyJ", "bearer ", "net use ", "://", "x9!A"])
).map("".join)


@given(TEXTS)
def test_it_never_raises_and_what_it_gives_is_clean(text: str) -> None:
    redacted = redact(text)
    assert redacted.count == redacted.text.count(MARK) - text.count(MARK)
    assert (redacted.text == text) is (redacted.count == 0)


@pytest.mark.parametrize("line", SECRETS.strip().splitlines())
def test_what_is_redacted_stays_as_it_is(line: str) -> None:
    once = redact(line.replace("«", "").replace("»", ""))
    assert redact(once.text) == Redacted(once.text, 0)


@pytest.mark.parametrize(
    "hostile",
    [
        *["a", " ", "\n", "=", '"', "eyJ", "://a:", "123456-", "sk-", "8Q~", "xoxb-1-", "AKIA"],
        *["password ", "password=", "password: Aa1!", "token=a1", "bearer ", "sig=", "cookie: a="],
        *["net use \\\\a ", "curl -u", "psexec -p ", "mysql -", "-pw "],
        *["-----BEGIN PRIVATE KEY-----", "Private-Lines: 1\n"],
    ],
)
def test_it_takes_time_by_length_whatever_the_text(hostile: str) -> None:
    text = hostile * (100_000 // len(hostile))
    before = time.process_time()
    redact(text)
    assert time.process_time() - before < 1


def test_deeply_nested_json_is_no_token_and_no_trouble() -> None:
    header = urlsafe_b64encode(b"[" * 5_000).decode().rstrip("=")
    assert redact(f"{header}.{header}.x").count == 0
    assert redact(f"eyJ{header}.{header}.x").count == 0
