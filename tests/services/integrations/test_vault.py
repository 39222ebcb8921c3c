"""Secrets at rest are read with the installation's keys, and with nothing else."""

import pytest
from cryptography.fernet import Fernet

from services.integrations.problems import VaultLocked
from services.integrations.vault import Vault

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
SECRETS = {"bot_token": "xoxb-hunter2", "signing_secret": None}


def test_what_is_sealed_is_opened_again_and_looks_like_nothing() -> None:
    vault = Vault([NEW])
    sealed = vault.seal(SECRETS)
    assert b"hunter2" not in sealed
    assert vault.open(sealed) == SECRETS
    assert vault.seal(SECRETS) != sealed  # nobody sees that two are the same


def test_the_newest_key_seals_and_every_key_opens() -> None:
    sealed = Vault([OLD]).seal(SECRETS)
    both = Vault([NEW, OLD])
    assert both.open(sealed) == SECRETS
    assert Vault([NEW]).open(both.seal(SECRETS)) == SECRETS


@pytest.mark.parametrize("spoiled", [b"", b"sealed", Vault([OTHER]).seal(SECRETS)])
def test_what_no_key_fits_is_locked_and_the_way_out_is_told(spoiled: bytes) -> None:
    for read in (Vault([NEW, OLD]).open, Vault([NEW, OLD]).resealed):
        with pytest.raises(VaultLocked, match="end of BATON_SECRET_KEYS") as locked:
            read(spoiled)
        assert locked.value.__cause__ is None
        assert NEW not in str(locked.value)


def test_a_changed_byte_is_noticed() -> None:
    vault = Vault([NEW])
    sealed = bytearray(vault.seal(SECRETS))
    sealed[len(sealed) // 2] ^= 1
    with pytest.raises(VaultLocked):
        vault.open(bytes(sealed))


def test_without_a_key_nothing_is_kept_in_the_open() -> None:
    vault = Vault([])
    for attempt in (
        lambda: vault.seal(SECRETS),
        lambda: vault.open(b""),
        lambda: vault.resealed(b""),
    ):
        with pytest.raises(VaultLocked, match="sets BATON_SECRET_KEYS"):
            attempt()


def test_what_has_the_newest_key_is_not_sealed_again() -> None:
    sealed = Vault([OLD]).seal(SECRETS)
    anew = Vault([NEW, OLD]).resealed(sealed)
    assert anew is not None
    assert Vault([NEW]).open(anew) == SECRETS
    assert Vault([NEW, OLD]).resealed(anew) is None
