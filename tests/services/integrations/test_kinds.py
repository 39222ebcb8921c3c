"""Every kind of integration has a vendor, and what is stored becomes a channel or a plain word."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import BaseModel

from db.models.vocabulary import IntegrationKind
from services.integrations.kinds import KINDS, channel, checked
from services.integrations.outgoing import Outgoing
from services.integrations.protocol import Refused, TryAgain
from services.integrations.vault import Vault
from tests.services.integrations.connecting import SECRETS, SETTINGS, VAULT


def row(kind: IntegrationKind, **changes: Any) -> dict[str, Any]:
    settings, secrets = checked(kind, SETTINGS[kind], SECRETS[kind])
    return {"kind": kind, "settings": settings, "secrets": VAULT.seal(secrets)} | changes


def test_every_kind_has_a_vendor() -> None:
    assert list(KINDS) == list(IntegrationKind)


@pytest.mark.parametrize("kind", IntegrationKind)
def test_whatever_a_form_has_to_show_is_described_and_bounded(kind: IntegrationKind) -> None:
    for model in (KINDS[kind].settings, KINDS[kind].secrets):
        assert model.model_config.get("frozen")
        assert model.model_config.get("extra") == "forbid"
        assert all(field.description for field in model.model_fields.values())
    assert KINDS[kind].places <= KINDS[kind].settings.model_fields.keys()


@pytest.mark.parametrize("kind", IntegrationKind)
def test_a_printed_secret_shows_nothing(kind: IntegrationKind) -> None:
    secrets: BaseModel = KINDS[kind].secrets.model_validate(SECRETS[kind])
    assert "hunter2" not in repr(secrets)
    assert "hunter2" not in str(secrets)


@pytest.mark.parametrize("kind", IntegrationKind)
async def test_what_is_stored_becomes_a_channel(kind: IntegrationKind) -> None:
    outgoing = Outgoing()
    made = channel(row(kind), VAULT, outgoing)
    assert isinstance(made, KINDS[kind].make)  # type: ignore[arg-type]  # a class each
    await outgoing.aclose()


async def test_while_no_key_fits_it_may_work_later() -> None:
    outgoing = Outgoing()
    with pytest.raises(TryAgain, match="BATON_SECRET_KEYS"):
        channel(row(IntegrationKind.HALOPSA), Vault([Fernet.generate_key().decode()]), outgoing)
    await outgoing.aclose()


@pytest.mark.parametrize("changes", [{"settings": {}}, {"secrets": VAULT.seal({"x": "hunter2"})}])
async def test_what_does_not_suffice_any_more_has_to_be_entered_again(
    changes: dict[str, Any],
) -> None:
    outgoing = Outgoing()
    with pytest.raises(Refused, match="HaloPSA is not enough any more") as refused:
        channel(row(IntegrationKind.HALOPSA, **changes), VAULT, outgoing)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
    await outgoing.aclose()
