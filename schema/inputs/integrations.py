"""What `saveIntegration`, `disableIntegration`, `enableIntegration` and `testIntegration` take."""

from dataclasses import fields
from typing import Any, ClassVar

import strawberry
from strawberry import UNSET

from db.models.vocabulary import IntegrationKind
from resolvers.ids import known
from services.ids import Kind
from services.integrations.configuring import Draft
from services.integrations.kinds import KINDS

NAME = "What the account's people call it, up to 200 characters; the vendor's name if left out."
VERSION = (
    "The `version` of the integration as the viewer saw it. When it has changed since, nothing is "
    "done and the answer is IntegrationChanged, with the integration as it is now."
)
KEPT = "Left out, it stays what it was."


class Vendor:
    """An input's fields are those of the vendor's settings and secrets, by the same names."""

    kind: ClassVar[IntegrationKind]
    name: str | None
    expected_version: int | None

    def draft(self) -> Draft:
        given = {
            each.name: getattr(self, each.name)
            for each in fields(self)  # type: ignore[arg-type]  # strawberry makes a dataclass of it
            if getattr(self, each.name) is not UNSET
        }
        known_kind = KINDS[self.kind]
        return Draft(
            kind=self.kind,
            settings=_only(given, known_kind.settings.model_fields),
            secrets=_only(given, known_kind.secrets.model_fields),
            name=given.get("name"),
            id=known(given["id"], Kind.INTEGRATION) if given.get("id") else None,
            expected_version=given.get("expected_version"),
        )


def _only(given: dict[str, Any], names: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name in names}


@strawberry.input(description="Slack: an app's bot, or an incoming webhook.")
class SlackInput(Vendor):
    kind: ClassVar[IntegrationKind] = IntegrationKind.SLACK

    name: str | None = strawberry.field(default=UNSET, description=NAME)
    channel: str | None = strawberry.field(
        default=UNSET, description="The channel's id, or its name with #. With a bot token only."
    )
    bot_token: str | None = strawberry.field(
        default=UNSET, description=f"Bot User OAuth Token, `xoxb-…`, with scope chat:write. {KEPT}"
    )
    signing_secret: str | None = strawberry.field(
        default=UNSET, description=f"Signing Secret of the app, for the button that claims. {KEPT}"
    )
    webhook_url: str | None = strawberry.field(
        default=UNSET, description=f"Address of an incoming webhook, instead of a bot. {KEPT}"
    )
    expected_version: int | None = strawberry.field(default=UNSET, description=VERSION)


@strawberry.input(description="Microsoft Teams, by a flow of its Workflows app.")
class TeamsInput(Vendor):
    kind: ClassVar[IntegrationKind] = IntegrationKind.TEAMS

    name: str | None = strawberry.field(default=UNSET, description=NAME)
    url: str | None = strawberry.field(
        default=UNSET,
        description=f"Address of a flow that begins when a webhook request is received. {KEPT}",
    )
    expected_version: int | None = strawberry.field(default=UNSET, description=VERSION)


@strawberry.input(description="Signed requests to an address of the account's choice.")
class WebhookInput(Vendor):
    kind: ClassVar[IntegrationKind] = IntegrationKind.WEBHOOK

    id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The one to change. Left out, another one is connected."
    )
    name: str | None = strawberry.field(default=UNSET, description=NAME)
    url: str = strawberry.field(description="Where messages are posted to; https.")
    secret: str | None = strawberry.field(
        default=UNSET,
        description=f"Messages are signed with it: `whsec_` and 24 to 64 bytes in base64. {KEPT}",
    )
    previous_secret: str | None = strawberry.field(
        default=UNSET,
        description=f"The one before, signed with as well while receivers change over. {KEPT}",
    )
    expected_version: int | None = strawberry.field(default=UNSET, description=VERSION)


@strawberry.input(description="ConnectWise PSA: notes on the tickets that sessions are linked to.")
class ConnectWiseInput(Vendor):
    kind: ClassVar[IntegrationKind] = IntegrationKind.CONNECTWISE

    name: str | None = strawberry.field(default=UNSET, description=NAME)
    site: str = strawberry.field(description="The API's host, `api-eu.myconnectwise.net` say.")
    company_id: str = strawberry.field(description="The company entered when signing in.")
    codebase: str | None = strawberry.field(
        default=UNSET, description="`v4_6_release` say; the site is asked if left out."
    )
    version: str = strawberry.field(
        default="2025.16", description="The version of the API that is spoken."
    )
    public_key: str | None = strawberry.field(
        default=UNSET, description=f"Of the API member's key pair. {KEPT}"
    )
    private_key: str | None = strawberry.field(
        default=UNSET, description=f"Of the API member's key pair. {KEPT}"
    )
    client_id: str | None = strawberry.field(
        default=UNSET, description=f"From developer.connectwise.com. {KEPT}"
    )
    expected_version: int | None = strawberry.field(default=UNSET, description=VERSION)


@strawberry.input(description="HaloPSA: private actions on the tickets sessions are linked to.")
class HaloPsaInput(Vendor):
    kind: ClassVar[IntegrationKind] = IntegrationKind.HALOPSA

    name: str | None = strawberry.field(default=UNSET, description=NAME)
    url: str = strawberry.field(description="Where your Halo is: `https://acme.halopsa.com` say.")
    tenant: str | None = strawberry.field(
        default=UNSET, description="As Halo's API page names it; not needed where you run Halo."
    )
    outcome_id: int | None = strawberry.field(
        default=UNSET, description="The action that notes are written as."
    )
    outcome: str | None = strawberry.field(
        default=UNSET, description="The same by name; `Private Note` if both are left out."
    )
    client_id: str | None = strawberry.field(
        default=UNSET, description=f"Of the API application. {KEPT}"
    )
    client_secret: str | None = strawberry.field(
        default=UNSET, description=f"Of the API application. {KEPT}"
    )
    expected_version: int | None = strawberry.field(default=UNSET, description=VERSION)


@strawberry.input(description="Autotask: notes on the tickets that sessions are linked to.")
class AutotaskInput(Vendor):
    kind: ClassVar[IntegrationKind] = IntegrationKind.AUTOTASK

    name: str | None = strawberry.field(default=UNSET, description=NAME)
    user_name: str = strawberry.field(description="The API user's name, with the part after the @.")
    note_type: int = strawberry.field(
        description="The value of the note type that handoffs are written as."
    )
    publish: int = strawberry.field(
        description="The value of Publish that only colleagues see; each customer has their own."
    )
    zone: str | None = strawberry.field(
        default=UNSET, description="The zone's address; asked for if left out."
    )
    integration_code: str | None = strawberry.field(
        default=UNSET, description=f"The API tracking identifier. {KEPT}"
    )
    secret: str | None = strawberry.field(
        default=UNSET, description=f"The API user's password. {KEPT}"
    )
    expected_version: int | None = strawberry.field(default=UNSET, description=VERSION)


@strawberry.input(description="The vendor to connect, or to change: exactly one.", one_of=True)
class SaveIntegrationInput:
    slack: SlackInput | None = strawberry.field(
        default=UNSET, description="Slack: cards in a channel."
    )
    teams: TeamsInput | None = strawberry.field(
        default=UNSET, description="Microsoft Teams: cards in a channel."
    )
    webhook: WebhookInput | None = strawberry.field(
        default=UNSET, description="A webhook: signed requests to an address of yours."
    )
    connectwise: ConnectWiseInput | None = strawberry.field(
        default=UNSET, description="ConnectWise PSA: internal notes on tickets."
    )
    halopsa: HaloPsaInput | None = strawberry.field(
        default=UNSET, description="HaloPSA: private actions on tickets."
    )
    autotask: AutotaskInput | None = strawberry.field(
        default=UNSET, description="Autotask: internal notes on tickets."
    )

    def draft(self) -> Draft:
        given = (
            self.slack,
            self.teams,
            self.webhook,
            self.connectwise,
            self.halopsa,
            self.autotask,
        )
        [vendor] = [each for each in given if isinstance(each, Vendor)]
        return vendor.draft()


@strawberry.input(description="Which integration to change.")
class IntegrationInput:
    integration_id: strawberry.ID = strawberry.field(description="The `id` of an integration.")
    expected_version: int | None = strawberry.field(default=UNSET, description=VERSION)


@strawberry.input(description="Which integration to try, and where.")
class TestIntegrationInput:
    integration_id: strawberry.ID = strawberry.field(description="The `id` of an integration.")
    ticket_number: str | None = strawberry.field(
        default=UNSET,
        description=(
            "For a ticket system: the ticket that is written on. Left out, nothing is written: "
            "only the keys are tried."
        ),
    )
