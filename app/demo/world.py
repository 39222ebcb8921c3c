"""The whole demo world: two accounts that know nothing of each other."""

from typing import Final

from app.demo.content import (
    acme_identity,
    acme_network,
    acme_servers,
    acme_services,
    globex,
    people,
)
from app.demo.shapes import Person, Tenant

ACME: Final = Tenant(
    slug="acme",
    name="Acme Managed Services",
    people=people.ACME,
    cases=(
        *acme_identity.CASES,
        *acme_network.CASES,
        *acme_servers.CASES,
        *acme_services.CASES,
    ),
)

GLOBEX: Final = Tenant(slug="globex", name="Globex IT", people=people.GLOBEX, cases=globex.CASES)

TENANTS: Final = (ACME, GLOBEX)


def find(email: str) -> tuple[Tenant, Person] | None:
    """Who an address of the demo belongs to. The address is also the person's token subject."""
    for tenant in TENANTS:
        for person in tenant.people:
            if tenant.email_of(person.login) == email.lower():
                return tenant, person
    return None
