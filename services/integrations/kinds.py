"""The vendors there are, and what each needs to know."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from db.database import Columns
from db.models.vocabulary import IntegrationKind
from services.integrations.autotask import AutotaskChannel, AutotaskSecrets, AutotaskSettings
from services.integrations.connectwise import (
    ConnectWiseChannel,
    ConnectWiseSecrets,
    ConnectWiseSettings,
)
from services.integrations.halopsa import HaloChannel, HaloSecrets, HaloSettings
from services.integrations.outgoing import Outgoing
from services.integrations.problems import VaultLocked
from services.integrations.protocol import Channel, Refused, TryAgain
from services.integrations.slack import SlackChannel, SlackSecrets, SlackSettings
from services.integrations.teams import TeamsChannel, TeamsSecrets, TeamsSettings
from services.integrations.vault import Vault
from services.integrations.webhook import WebhookChannel, WebhookSecrets, WebhookSettings
from services.problems import InvalidInput

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """``title`` is what people call the vendor. ``places`` are the settings that say where secrets
    are sent."""

    title: str
    settings: type[BaseModel]
    secrets: type[BaseModel]
    make: Callable[[Any, Any, Outgoing], Channel]
    places: frozenset[str] = field(default_factory=frozenset)


KINDS: Final[Mapping[IntegrationKind, Kind]] = {
    IntegrationKind.SLACK: Kind("Slack", SlackSettings, SlackSecrets, SlackChannel),
    IntegrationKind.TEAMS: Kind("Microsoft Teams", TeamsSettings, TeamsSecrets, TeamsChannel),
    # its secret signs and is not sent, so it may have another address
    IntegrationKind.WEBHOOK: Kind("Webhook", WebhookSettings, WebhookSecrets, WebhookChannel),
    IntegrationKind.CONNECTWISE: Kind(
        "ConnectWise",
        ConnectWiseSettings,
        ConnectWiseSecrets,
        ConnectWiseChannel,
        frozenset({"site"}),
    ),
    IntegrationKind.HALOPSA: Kind(
        "HaloPSA", HaloSettings, HaloSecrets, HaloChannel, frozenset({"url"})
    ),
    IntegrationKind.AUTOTASK: Kind(
        "Autotask", AutotaskSettings, AutotaskSecrets, AutotaskChannel, frozenset({"zone"})
    ),
}


def checked(
    kind: IntegrationKind, settings: Document, secrets: Document
) -> tuple[Document, Document]:
    """Both as they are stored: complete and in order. Raises InvalidInput, which repeats no value.

    Whether the vendor accepts them is another question.
    """
    known = KINDS[kind]
    read_settings = _read(kind, known.settings, settings)
    read_secrets = _read(kind, known.secrets, secrets)
    # believes nobody, so it can talk to nobody
    nowhere = Outgoing(tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    try:
        known.make(read_settings, read_secrets, nowhere)
    except ValueError as error:
        raise InvalidInput(field_of(kind), str(error)) from None
    return read_settings.model_dump(mode="json"), read_secrets.model_dump(exclude_none=True)


def channel(integration: Columns, vault: Vault, outgoing: Outgoing) -> Channel:
    """What carries letters over an integration, a row with its secrets.

    Raises TryAgain while its secrets can't be read, and Refused when they don't suffice any more.
    """
    kind = KINDS[IntegrationKind(integration["kind"])]
    try:
        secrets = kind.secrets.model_validate(vault.open(integration["secrets"]))
        settings = kind.settings.model_validate(integration["settings"])
        return kind.make(settings, secrets, outgoing)
    except VaultLocked as locked:
        raise TryAgain(str(locked)) from None  # processes learn of new keys one after the other
    except ValueError:
        raise Refused(
            f"What is stored about {kind.title} is not enough any more: enter it again."
        ) from None


def field_of(kind: IntegrationKind, *path: int | str) -> str:
    """As clients spell it: each kind is a field, and what it needs to know are fields of that."""
    words = [str(each).split("_") for each in path]
    names = ["".join([head, *map(str.capitalize, rest)]) for head, *rest in words]
    return ".".join([kind.value.lower(), *names])


def _read(kind: IntegrationKind, model: type[BaseModel], given: Document) -> BaseModel:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        # the values are left out: they may be secrets
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = field_of(kind, *first["loc"])
        said = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise InvalidInput(where, f"{where}: {said}.") from None
