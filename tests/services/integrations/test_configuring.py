"""ADMINs connect vendors. Secrets go in, and come out nowhere but where they were meant for."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet

from db.database import Database
from db.ids import uuid7
from db.models.vocabulary import IntegrationKind, Role
from services.integrations.configuring import (
    WEBHOOKS,
    by_id,
    by_ids,
    disable,
    enable,
    listing,
    save,
)
from services.integrations.health import mark_failure, mark_success
from services.integrations.problems import IntegrationChanged, IntegrationNotFound, VaultLocked
from services.integrations.vault import Vault
from services.problems import InvalidInput, NotAllowed
from tests.harness.people import Account
from tests.services.integrations.connecting import (
    NOON,
    SECRETS,
    SETTINGS,
    VAULT,
    draft,
    saved,
    stored,
)

HALO, SLACK, WEBHOOK = (
    IntegrationKind.HALOPSA,
    IntegrationKind.SLACK,
    IntegrationKind.WEBHOOK,
)


@pytest.mark.parametrize("kind", IntegrationKind)
async def test_each_kind_is_connected_with_its_secrets_sealed(
    database: Database, account: Account, kind: IntegrationKind
) -> None:
    row = await saved(database, account.admin, kind)
    assert (row["kind"], row["enabled"], row["version"]) == (kind, True, 1)
    assert SETTINGS[kind].items() <= row["settings"].items()
    assert "secrets" not in row.keys()  # noqa: SIM118 - a row's values are what it contains
    kept = await stored(database, account.admin, row)
    assert b"hunter2" not in kept["secrets"]
    assert "hunter2" not in str(kept["settings"])
    assert VAULT.open(kept["secrets"]) == SECRETS[kind]


async def test_nobody_but_admins_may_look_or_change(database: Database, account: Account) -> None:
    row = await saved(database, account.admin)
    for actor in account.everybody:
        if actor.role is Role.ADMIN:
            continue
        for ask in (
            lambda tx, actor: save(tx, actor, VAULT, draft(WEBHOOK), now=NOON),
            lambda tx, actor: disable(tx, actor, row["id"], now=NOON),
            lambda tx, actor: enable(tx, actor, row["id"], now=NOON),
            lambda tx, actor: by_id(tx, actor, row["id"]),
            listing,
        ):
            with pytest.raises(NotAllowed, match="Only administrators"):
                async with database.transaction(account.id) as tx:
                    await ask(tx, actor)
    assert await stored(database, account.admin, row)


async def test_those_asked_for_by_id_are_there_for_admins_of_the_account_alone(
    database: Database, account: Account, other_account: Account
) -> None:
    row = await saved(database, account.admin)
    for actor in (*account.everybody, other_account.admin):
        async with database.transaction(actor.account_id) as tx:
            found = await by_ids(tx, actor, [row["id"], uuid7()])
        assert list(found) == ([row] if actor is account.admin else [])


async def test_of_another_account_nothing_can_be_seen_or_changed(
    database: Database, account: Account, other_account: Account
) -> None:
    row = await saved(database, account.admin, HALO)
    before = await stored(database, account.admin, row)
    theirs = await saved(database, other_account.admin, HALO)  # one of a kind in each account
    stranger = other_account.admin
    for ask in (
        lambda tx: save(tx, stranger, VAULT, draft(HALO, id=row["id"]), now=NOON),
        lambda tx: disable(tx, stranger, row["id"], now=NOON),
        lambda tx: enable(tx, stranger, row["id"], now=NOON),
        lambda tx: by_id(tx, stranger, row["id"]),
    ):
        with pytest.raises(IntegrationNotFound):
            async with database.transaction(other_account.id) as tx:
                await ask(tx)
    async with database.transaction(other_account.id) as tx:
        await mark_success(tx, [row["id"]], now=NOON)
        assert not await mark_failure(tx, row["id"], "no", now=NOON)
        assert [each["id"] for each in await listing(tx, stranger)] == [theirs["id"]]
    assert await stored(database, account.admin, row) == before


# -- changing


async def test_a_secret_that_is_left_out_stays_and_null_takes_one_away(
    database: Database, account: Account
) -> None:
    row = await saved(database, account.admin, SLACK)
    again = await saved(
        database, account.admin, SLACK, settings={"channel": "#other"}, secrets={}, name=" Desk "
    )
    assert (again["id"], again["version"], again["name"]) == (row["id"], 2, "Desk")
    assert again["settings"] == {"channel": "#other"}
    assert VAULT.open((await stored(database, account.admin, row))["secrets"]) == SECRETS[SLACK]

    hook = "https://hooks.slack.com/services/T0/B0/hunter2"
    await saved(database, account.admin, SLACK, secrets={"bot_token": None, "webhook_url": hook})
    assert VAULT.open((await stored(database, account.admin, row))["secrets"]) == {
        "signing_secret": SECRETS[SLACK]["signing_secret"],
        "webhook_url": hook,
    }


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (HALO, {"url": "https://acme.halopsa.com.evil.test"}),
        (IntegrationKind.CONNECTWISE, {"site": "evil.test"}),
        (IntegrationKind.AUTOTASK, {"zone": "https://webservices9.autotask.net/atservicesrest"}),
    ],
)
async def test_a_new_address_is_not_sent_the_secrets_of_the_old_one(
    database: Database, account: Account, kind: IntegrationKind, settings: dict[str, Any]
) -> None:
    row = await saved(database, account.admin, kind)
    moved = SETTINGS[kind] | settings
    some = dict(list(SECRETS[kind].items())[:1])
    for secrets in ({}, some):
        with pytest.raises(InvalidInput, match="Enter the secrets again") as refused:
            await saved(database, account.admin, kind, settings=moved, secrets=secrets)
        assert refused.value.field == kind.lower()
    assert (await stored(database, account.admin, row))["settings"] == row["settings"]
    again = await saved(database, account.admin, kind, settings=moved)
    assert moved.items() <= again["settings"].items()


async def test_a_webhook_may_move_because_its_secret_is_not_sent(
    database: Database, account: Account
) -> None:
    row = await saved(database, account.admin)
    moved = await saved(
        database, account.admin, id=row["id"], settings={"url": "https://new.test/"}, secrets={}
    )
    assert moved["settings"]["url"] == "https://new.test/"


async def test_who_has_not_seen_the_latest_is_told_what_it_is(
    database: Database, account: Account
) -> None:
    row = await saved(database, account.admin)
    await saved(database, account.admin, id=row["id"], expected_version=1, name="Second")
    for ask in (
        lambda tx: save(
            tx, account.admin, VAULT, draft(WEBHOOK, id=row["id"], expected_version=1), now=NOON
        ),
        lambda tx: disable(tx, account.admin, row["id"], now=NOON, expected_version=1),
        lambda tx: enable(tx, account.admin, row["id"], now=NOON, expected_version=1),
    ):
        with pytest.raises(IntegrationChanged) as changed:
            async with database.transaction(account.id) as tx:
                await ask(tx)
        assert changed.value.integration["name"] == "Second"
        assert "secrets" not in changed.value.integration


async def test_what_is_not_there_is_not_made_by_who_thought_it_was(
    database: Database, account: Account
) -> None:
    for changes in ({"id": uuid7()}, {"expected_version": 1}):
        with pytest.raises(IntegrationNotFound):
            await saved(database, account.admin, HALO, **changes)


async def test_what_is_connected_stays_of_its_kind(database: Database, account: Account) -> None:
    row = await saved(database, account.admin)
    with pytest.raises(InvalidInput, match="stays of its kind"):
        await saved(database, account.admin, HALO, id=row["id"])


async def test_of_two_who_connect_at_once_one_connects_and_one_changes(
    database: Database, account: Account
) -> None:
    rows = await asyncio.gather(*(saved(database, account.admin, HALO) for _ in range(6)))
    assert len({row["id"] for row in rows}) == 1
    assert sorted(row["version"] for row in rows) == [1, 2, 3, 4, 5, 6]


async def test_of_webhooks_there_may_be_several_but_not_any_number(
    database: Database, account: Account
) -> None:
    rows = [await saved(database, account.admin) for _ in range(WEBHOOKS)]
    assert len({row["id"] for row in rows}) == WEBHOOKS
    with pytest.raises(InvalidInput, match=f"There are {WEBHOOKS} webhooks"):
        await saved(database, account.admin)
    assert await saved(database, account.admin, id=rows[0]["id"])
    async with database.transaction(account.id) as tx:
        assert [each["id"] for each in await listing(tx, account.admin)] == [
            each["id"] for each in rows
        ]


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        (HALO, {"settings": {"url": "http://hunter2.test"}}, "halopsa.url"),
        (HALO, {"settings": SETTINGS[HALO] | {"outcome_id": "hunter2"}}, "halopsa.outcomeId"),
        (HALO, {"settings": SETTINGS[HALO] | {"extra": "hunter2"}}, "halopsa.extra"),
        (HALO, {"secrets": {"client_id": "hunter2"}}, "halopsa.clientSecret"),
        (
            HALO,
            {"secrets": SECRETS[HALO] | {"client_secret": "hunter2" * 100}},
            "halopsa.clientSecret",
        ),
        (SLACK, {"secrets": {"bot_token": "hunter2"}}, "slack.botToken"),
        (SLACK, {"secrets": {}}, "slack"),
        (SLACK, {"settings": {}}, "slack"),  # a bot has to know its channel
        (WEBHOOK, {"secrets": {"secret": "hunter2"}}, "webhook.secret"),
        (WEBHOOK, {"name": "n" * 201}, "webhook.name"),
    ],
)
async def test_what_is_incomplete_or_odd_is_refused_without_repeating_it(
    database: Database,
    account: Account,
    kind: IntegrationKind,
    changes: dict[str, Any],
    field: str,
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await saved(database, account.admin, kind, **changes)
    assert refused.value.field == field
    assert "hunter2" not in str(refused.value)
    async with database.transaction(account.id) as tx:
        assert await listing(tx, account.admin) == []


async def test_without_a_key_nothing_is_connected(database: Database, account: Account) -> None:
    with pytest.raises(VaultLocked):
        await saved(database, account.admin, HALO, vault=Vault([]))


async def test_secrets_that_no_key_fits_any_more_have_to_be_entered_again(
    database: Database, account: Account
) -> None:
    row = await saved(database, account.admin, HALO)
    vault = Vault([Fernet.generate_key().decode()])
    with pytest.raises(InvalidInput, match="clientId"):
        await saved(database, account.admin, HALO, vault=vault, secrets={})
    await saved(database, account.admin, HALO, vault=vault)
    assert vault.open((await stored(database, account.admin, row))["secrets"]) == SECRETS[HALO]


# -- switching off and on


async def test_it_is_switched_off_and_on_and_each_once(
    database: Database, account: Account
) -> None:
    row = await saved(database, account.admin)
    for _ in range(2):
        async with database.transaction(account.id) as tx:
            off = await disable(tx, account.admin, row["id"], now=NOON)
        assert (off["enabled"], off["version"]) == (False, 2)
        assert off["disabled_reason"] == "Disabled by Admin."
    changed = await saved(database, account.admin, id=row["id"])
    assert (changed["enabled"], changed["disabled_reason"]) == (False, "Disabled by Admin.")

    async with database.transaction(account.id) as tx:
        await mark_failure(tx, row["id"], "no", now=NOON, after=timedelta(hours=1))
    for _ in range(2):
        async with database.transaction(account.id) as tx:
            on = await enable(tx, account.admin, row["id"], now=NOON)
        assert (on["enabled"], on["version"], on["disabled_reason"]) == (True, 4, None)
        assert (on["failing_since"], on["not_before"]) == (None, None)


async def test_what_is_not_there_can_not_be_switched(database: Database, account: Account) -> None:
    for switch in (disable, enable):
        with pytest.raises(IntegrationNotFound):
            async with database.transaction(account.id) as tx:
                await switch(tx, account.admin, uuid7(), now=NOON)


async def test_whatever_changes_workers_look_again(database: Database, account: Account) -> None:
    """What waited until the vendor wants to be spoken to must not wait for that any more."""
    row = await saved(database, account.admin)
    async with database.transaction(account.id) as tx:
        await tx.execute("INSERT INTO event_counter (account_id, seq) VALUES ($1, 0)", account.id)
    for change in (
        lambda tx: save(tx, account.admin, VAULT, draft(WEBHOOK, id=row["id"]), now=NOON),
        lambda tx: disable(tx, account.admin, row["id"], now=NOON),
        lambda tx: enable(tx, account.admin, row["id"], now=NOON),
    ):
        async with database.transaction(account.id) as tx:
            await tx.execute("UPDATE event_counter SET due_at = now() + interval '1 hour'")
        async with database.transaction(account.id) as tx:
            await change(tx)
        async with database.transaction(account.id) as tx:
            assert await tx.fetchval("SELECT due_at <= now() FROM event_counter")
