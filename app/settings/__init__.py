"""What an operator decides, read from ``BATON_…`` names of the environment."""

from app.settings.fields import Settings, documented
from app.settings.loading import SettingsError, load
from app.settings.secret import auth_secret, has_secret_key, secret_key

__all__ = [
    "Settings",
    "SettingsError",
    "auth_secret",
    "documented",
    "has_secret_key",
    "load",
    "secret_key",
]
