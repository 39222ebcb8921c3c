"""Sign-in: from a bearer token to the engineer it speaks for."""

from app.signin.jwks import PublishedKeys
from app.signin.keys import SharedSecret
from app.signin.minting import mint
from app.signin.problems import KeysUnavailable, TokenExpired, TokenRefused
from app.signin.signin import Identity, SignIn
from app.signin.tokens import TokenVerifier
from services.engineers import SignInRefused

__all__ = [
    "Identity",
    "KeysUnavailable",
    "PublishedKeys",
    "SharedSecret",
    "SignIn",
    "SignInRefused",
    "TokenExpired",
    "TokenRefused",
    "TokenVerifier",
    "mint",
]
