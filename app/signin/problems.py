"""Why a token does not open the door.

Each class name is also the reason counted in the metrics: a closed list. The messages go to the
client, so none of them repeats the token or a claim of one that isn't verified.
"""

from services.engineers import SignInRefused


class TokenRefused(SignInRefused):
    """The token is malformed, not genuine, or not meant for this service."""


class TokenExpired(SignInRefused):
    """The token was good; a fresh one will do."""


class KeysUnavailable(SignInRefused):
    """Nothing is wrong with the token as far as is known: it can't be verified at the moment."""

    def __init__(self) -> None:
        super().__init__(
            "The identity provider's keys can't be fetched at the moment. Try again in a few "
            "seconds with the same token."
        )
