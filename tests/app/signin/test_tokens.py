"""Which tokens are believed, and what is said of the others."""

import base64
import hashlib
import hmac
import sys
import time
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import time_machine
from joserfc import jwt
from joserfc.jwk import OctKey

from app.signin import SharedSecret, TokenExpired, TokenRefused, TokenVerifier, mint
from app.signin.keys import Key, usable
from db.models.vocabulary import Role
from services.engineers import Claims
from tests.app.signin.provider import SigningKey, ec, ed, public, rsa, signed

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
SECRET = "a-signing-secret-of-more-than-32-bytes"
AT = int(NOW.timestamp())
GOOD: dict[str, Any] = {
    "sub": "idp|42",
    "account": "acme",
    "email": "sam@acme.test",
    "name": "Sam Ngô 👩‍💻",
    "role": "ENGINEER",
    "tier": 2,
    "iat": AT - 60,
    "exp": AT + 3600,
}


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


class KnownKeys:
    """Published keys that are already here."""

    def __init__(self, *jwks: dict[str, Any]) -> None:
        self._keys = {jwk["kid"]: usable(jwk) for jwk in jwks}

    async def find(self, kid: str | None, algorithm: str) -> Key:
        key = self._keys.get(kid or "")
        if key is None or key.algorithm != algorithm:
            raise TokenRefused("no such key")
        return key


def shared(**options: str) -> TokenVerifier:
    return TokenVerifier(SharedSecret(SECRET), **options)


def token(claims: dict[str, Any] | None = None, secret: str = SECRET, **header: Any) -> str:
    key = OctKey.import_key(secret.encode())
    said = {"alg": "HS256", **header}
    return jwt.encode(said, GOOD if claims is None else claims, key, [said["alg"]])


def forged(header: Any, payload: Any = GOOD, secret: bytes | None = None) -> str:
    """A token put together by hand, for what no library would sign."""
    parts = [header if isinstance(header, bytes) else orjson.dumps(header), orjson.dumps(payload)]
    said = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    mac = hmac.new(secret or SECRET.encode(), said.encode(), hashlib.sha256).digest()
    return f"{said}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


async def refused(verifier: TokenVerifier, bearer: str) -> str:
    with pytest.raises(TokenRefused) as refusal:
        await verifier.verify(bearer)
    said = str(refusal.value)
    for part in (bearer, *bearer.split(".")):
        assert not part or len(part) < 12 or part not in said
    return said


# What is believed


async def test_a_good_token_says_who_asks():
    assert await shared().verify(token()) == Claims(
        subject="idp|42",
        account="acme",
        email="sam@acme.test",
        name="Sam Ngô 👩‍💻",
        role=Role.ENGINEER,
        tier=2,
        issued_at=NOW - timedelta(minutes=1),
        expires_at=NOW + timedelta(hours=1),
    )


@pytest.mark.parametrize(("issuer", "audience"), [(None, None), ("https://id.test", "baton")])
async def test_a_minted_token_is_believed_by_its_own_installation(issuer, audience):
    minted = mint(
        SECRET,
        subject="tier1@acme.test",
        account="acme",
        email="tier1@acme.test",
        name="Tess",
        role=Role.ADMIN,
        tier=3,
        lifetime=timedelta(hours=8),
        issuer=issuer,
        audience=audience,
        now=NOW,
    )

    claims = await TokenVerifier(SharedSecret(SECRET), issuer=issuer, audience=audience).verify(
        minted
    )

    assert (claims.role, claims.tier, claims.name) == (Role.ADMIN, 3, "Tess")
    assert claims.expires_at == NOW + timedelta(hours=8)


@pytest.mark.parametrize("make", [rsa, ec, ed])
async def test_a_token_of_a_published_key_is_believed(make):
    key = make()
    bearer = signed(key, GOOD)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        claims = await TokenVerifier(KnownKeys(public(key))).verify(bearer)

    assert claims.subject == "idp|42"


async def test_a_key_may_say_the_newer_name_of_its_algorithm():
    key = ed()

    claims = await TokenVerifier(KnownKeys(public(key, alg="Ed25519"))).verify(
        jwt.encode({"alg": "Ed25519", "kid": "ed"}, GOOD, key, ["Ed25519"])
    )

    assert claims.subject == "idp|42"


async def test_headers_of_other_makers_do_no_harm():
    header = {"alg": "HS256", "cat": "cl_B7d4PD111AAA", "kid": "any", "typ": "at+jwt"}

    assert await shared().verify(forged(header))


# Signature and header


async def test_an_unsigned_token_is_refused():
    unsigned = ".".join(forged({"alg": "none"}).split(".")[:2])

    assert "not a signed JWT" in await refused(shared(), f"{unsigned}.")
    assert "HS256" in await refused(shared(), forged({"alg": "none"}))
    assert await refused(
        TokenVerifier(KnownKeys(public(rsa()))), forged({"alg": "none", "kid": "rsa"})
    )


@pytest.mark.parametrize("make", [rsa, ec, ed])
async def test_a_public_key_is_no_shared_secret(make):
    """The classic confusion: the verifier is made to take the public key for an HMAC key."""
    key = make()
    for secret in (
        key.as_pem(private=False),
        key.as_pem(private=False).strip(),
        orjson.dumps(public(key)),
    ):
        confused = forged({"alg": "HS256", "kid": key.kid}, secret=secret)
        assert await refused(TokenVerifier(KnownKeys(public(key))), confused)


async def test_an_asymmetric_algorithm_is_no_way_around_the_shared_secret():
    for key in (rsa(), ec(), ed()):
        assert "must be signed with HS256" in await refused(shared(), signed(key, GOOD))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
async def test_one_algorithm_only_is_taken_for_a_shared_secret(algorithm):
    longer = SECRET * 2

    assert "HS256" in await refused(
        TokenVerifier(SharedSecret(longer)), token(secret=longer, alg=algorithm)
    )


async def test_a_foreign_signature_is_refused():
    assert "signature is not valid" in await refused(shared(), token(secret="x" * 40))
    ours, theirs = rsa(), rsa()
    assert "signature" in await refused(
        TokenVerifier(KnownKeys(public(ours))), signed(theirs, GOOD)
    )


async def test_a_changed_claim_is_refused():
    header, _, signature = token().split(".")
    admin = base64.urlsafe_b64encode(orjson.dumps(GOOD | {"role": "ADMIN"})).rstrip(b"=").decode()

    assert "signature is not valid" in await refused(shared(), f"{header}.{admin}.{signature}")


async def test_a_key_that_comes_with_the_token_is_not_used():
    theirs = rsa()
    bearer = signed(theirs, GOOD, jwk=public(theirs), jku="https://evil.test/keys")

    assert "signature" in await refused(TokenVerifier(KnownKeys(public(rsa()))), bearer)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ({"alg": "HS256", "crit": ["exp"], "exp": 1}, "demands extensions"),
        ({"alg": "HS256", "crit": ["b64"], "b64": False}, "demands extensions"),
        ({"alg": "HS256", "b64": True}, "demands extensions"),
        ({"alg": None}, "names no algorithm"),
        ({"alg": ["HS256"]}, "names no algorithm"),
        ({"typ": "JWT"}, "names no algorithm"),
        ({"alg": "HS256", "kid": 7}, "must be a text"),
        ([], "can't be read"),
        ("text", "can't be read"),
        (b"\xff\xfe\xfa", "can't be read"),
        (b"{", "can't be read"),
        (b'{"alg":"HS256","x":' + b"[" * 1400, "can't be read"),
    ],
)
async def test_a_header_that_makes_no_sense_is_refused(header, said):
    assert said in await refused(shared(), forged(header))


async def test_a_deeply_nested_header_is_refused_like_any_other():
    deep = forged(b'{"alg":"HS256","x":' + b"[" * 700 + b"]" * 700 + b"}", secret=b"x" * 40)
    assert "signature" in await refused(shared(), deep)

    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(600)  # as it is for somebody who asks from deep inside
    try:
        assert "signature" in await refused(shared(), deep)
    finally:
        sys.setrecursionlimit(usual)


async def test_a_key_is_held_to_its_algorithm_by_the_verifier_as_well():
    key = rsa()

    class Careless:
        async def find(self, kid: str | None, algorithm: str) -> Key:
            found = usable(public(key))
            assert found is not None
            return found

    stronger = jwt.encode({"alg": "RS512", "kid": "rsa"}, GOOD, key, ["RS512"])
    assert "signature" in await refused(TokenVerifier(Careless()), stronger)


@pytest.mark.parametrize(
    "text",
    ["", "x", "a.b", "a.b.c.d.e", "....", "ey J.a.b", "é.a.b", "a.b.c\n", "\ud800.a.b", "a" * 9000],
)
async def test_what_is_no_token_is_refused(text):
    assert await refused(shared(), text)


async def test_a_token_has_a_bounded_length():
    long = GOOD | {"groups": ["x" * 100] * 80}

    assert "longer than 8192 bytes" in await refused(shared(), token(long))


async def test_claims_that_are_no_object_are_refused():
    assert "claims can't be read" in await refused(shared(), forged({"alg": "HS256"}, ["no"]))


# Which keys are used at all


@pytest.mark.filterwarnings("ignore:Key size")
@pytest.mark.parametrize(
    ("key", "members"),
    [
        (rsa(), {"alg": "PS256"}),
        (rsa(), {"alg": "RS512"}),
        (rsa(), {"alg": "HS256"}),
        (rsa(), {"alg": "ES256"}),
        (rsa(), {"alg": ["RS256"]}),
        (rsa(), {"use": "enc"}),
        (rsa(), {"key_ops": ["encrypt"]}),
        (rsa(), {"key_ops": "verify"}),
        (rsa(), {"n": "!!"}),
        (rsa(), {"n": None}),
        (rsa(), {"kty": "oct", "k": "c2VjcmV0"}),
        (rsa(), {"kty": ["RSA"]}),
        (rsa(bits=1024), {}),
        (ec(), {"alg": "RS256"}),
        (ec(), {"x": "AAAA"}),
        (ec(curve="P-384"), {"alg": "ES384"}),
        (ec(curve="P-384"), {"alg": None}),
        (ed(), {"alg": "ES256"}),
        (ed(), {"crv": "Ed448"}),
    ],
)
def test_a_key_that_does_not_fit_is_left_out(key: SigningKey, members: dict[str, Any]):
    assert usable(public(key, **members)) is None


@pytest.mark.parametrize(("key", "algorithm"), [(rsa(), "RS256"), (ec(), "ES256"), (ed(), "EdDSA")])
def test_a_key_that_names_no_algorithm_is_pinned_by_its_kind(key, algorithm):
    found = usable(public(key, alg=None, use=None))

    assert found is not None
    assert found.algorithm == algorithm


def test_a_published_private_key_is_reduced_to_its_public_part():
    found = usable(rsa().as_dict(private=True))

    assert found is not None
    assert not found.material.is_private


# Time


@pytest.mark.parametrize(("late", "believed"), [(0, True), (29, True), (30, False), (3600, False)])
async def test_a_token_may_be_used_thirty_seconds_beyond_its_end(late, believed):
    bearer = token(GOOD | {"exp": AT - late})

    if believed:
        await shared().verify(bearer)
    else:
        with pytest.raises(TokenExpired, match="expired at 2026-03-05"):
            await shared().verify(bearer)


@pytest.mark.parametrize(("early", "believed"), [(0, True), (30, True), (31, False), (9999, False)])
@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_a_token_may_come_from_a_clock_that_is_thirty_seconds_ahead(claim, early, believed):
    bearer = token(GOOD | {claim: AT + early})

    if believed:
        await shared().verify(bearer)
    else:
        assert claim in await refused(shared(), bearer)


# Claims


@pytest.mark.parametrize("claim", list(GOOD))
async def test_every_claim_is_required(claim):
    without = {name: value for name, value in GOOD.items() if name != claim}

    assert f"has no {claim} claim" in await refused(shared(), token(without))
    assert f"has no {claim} claim" in await refused(shared(), token(GOOD | {claim: None}))


@pytest.mark.parametrize(
    ("claim", "values"),
    [
        ("tier", [0, 4, -1, True, False, "2", 2.0, [2]]),
        ("role", ["engineer", "OWNER", "", 1, ["ADMIN"], True]),
        ("exp", ["tomorrow", True, [], -1, 1e300, 10**18]),
        ("iat", ["today", False, {}, -1]),
        ("nbf", ["now", True]),
        ("email", ["sam", "@acme.test", "sam@", "sam smith@acme.test", 7, "a@" + "b" * 200]),
        *(
            (text, ["", "  ", 7, True, ["x"], "x" * 201, "a\x00b", "a\nb", "a\x1b[2Jb", "a\u202eb"])
            for text in ("sub", "account", "name")
        ),
    ],
)
async def test_a_claim_that_does_not_fit_is_refused_by_its_name(claim, values):
    for value in values:
        said = await refused(shared(), forged({"alg": "HS256"}, GOOD | {claim: value}))
        assert said.startswith(f"The token's {claim} ")


async def test_claims_of_the_greatest_size_pass():
    widest = GOOD | {"sub": "s" * 200, "name": "ä" * 200}

    assert (await shared().verify(token(widest))).name == "ä" * 200


@pytest.mark.parametrize(
    "issuer", [None, "", "https://id.test/", "https://ID.test", 7, ["https://id.test"]]
)
async def test_another_issuer_is_refused(issuer):
    verifier = shared(issuer="https://id.test")

    await verifier.verify(token(GOOD | {"iss": "https://id.test"}))
    assert "iss is not the issuer" in await refused(verifier, token(GOOD | {"iss": issuer}))


@pytest.mark.parametrize("audience", [None, "", "other", ["other"], [], {"baton": 1}, "baton2", 7])
async def test_a_token_for_another_audience_is_refused(audience):
    verifier = shared(audience="baton")

    await verifier.verify(token(GOOD | {"aud": "baton"}))
    await verifier.verify(token(GOOD | {"aud": ["other", "baton"]}))
    said = await refused(verifier, forged({"alg": "HS256"}, GOOD | {"aud": audience}))
    assert "aud does not name" in said


def test_times_are_read_by_this_machine_s_clock():
    assert time.time() == AT
