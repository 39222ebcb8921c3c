"""Rounds of random documents, asked of one web process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import httpx2
from graphql import DocumentNode
from hypothesis import HealthCheck, Phase, given, seed, settings

from app.demo.content.people import ACME
from app.demo.shapes import Person
from app.signin import mint
from tests.fuzz.documents import Known, documents, filled
from tests.fuzz.judging import faults, outcome
from tests.harness.web import SECRET, Web, running

WHAT_IS_THERE: Final = """{
  viewer { account { id } engineer { id } }
  sessions(first: 50) { nodes { id documentation { id }
    steps(first: 5) { edges { cursor node { id } } } } pageInfo { endCursor } }
  handoffs(first: 50) { nodes { id raisedBy { id } deliveries { id }
    history(first: 3) { edges { cursor node { cursor } } } } pageInfo { endCursor } }
  notifications(first: 50) { nodes { id } pageInfo { endCursor } }
  integrations { id }
}"""
PATIENCE: Final = 30.0  # seconds


class Fault(AssertionError):
    """Of the service. The message is all there is to say."""


class People:
    """Of the demo's first account, each of another role or tier."""

    def __init__(self, web: Web, random: Random) -> None:
        self.known = Known(random)
        self.random = random
        self.clients = {
            person.login: httpx2.Client(
                base_url=web.url,
                headers={"authorization": f"Bearer {token_of(person)}"},
                timeout=PATIENCE,
                # one that is kept may be closed in the moment in which it is used again
                limits=httpx2.Limits(max_keepalive_connections=0),
            )
            for person in ACME
        }
        for client in self.clients.values():
            answer = client.post("/graphql", json={"query": WHAT_IS_THERE}).json()
            self.known.learn(answer)

    def ask(self, document: DocumentNode) -> str:
        """Returns how it was answered. Raises Fault."""
        text = filled(document, self.known)
        who = self.random.choice(list(self.clients))
        response = self.clients[who].post("/graphql", json={"query": text})
        try:
            answer: Any = response.json()
        except ValueError:
            answer = None
        if wrong := list(faults(response.status_code, answer)):
            raise Fault(f"{'; '.join(wrong)}\n\n{who} asked\n{text}\n\n{response.text[:2000]}")
        self.known.learn(answer)
        return outcome(answer)

    def close(self) -> None:
        for client in self.clients.values():
            client.close()


def token_of(person: Person) -> str:
    email = f"{person.login}@acme.test"
    return mint(
        SECRET,
        subject=email,
        account="acme",
        email=email,
        name=person.name,
        role=person.role,
        tier=person.tier,
        lifetime=timedelta(hours=2),
        now=datetime.now(UTC),
    )


@contextmanager
def asked_of(dsn: str) -> Iterator[Web]:
    """A process on a database of its own, with the demo's accounts, that keeps nobody from asking.

    Raises Fault at the end for what it has written into its log.
    """
    budgets = {"rate_limit_per_engineer": "0", "rate_limit_per_account": "0"}
    with running(
        database_url=dsn, auth_secret=SECRET, demo="true", introspection="false", **budgets
    ) as web:
        yield web
    if said := [line for line in web.said if line.get("level") in ("error", "critical")]:
        raise Fault(f"the process has said {said[:3]}")


def a_round(web: Web, number: int, count: int) -> Counter[str]:
    """``count`` documents, those of the seed ``number``. Returns how often each was answered how.

    Raises Fault for the first. It is not asked again to be made smaller: what came before is part
    of it.
    """
    people, answers = People(web, Random(number)), Counter[str]()
    found: list[Fault] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(documents())
    def ask(document: DocumentNode) -> None:
        if found:
            return
        try:
            answers[people.ask(document)] += 1
        except Fault as fault:
            found.append(fault)

    try:
        ask()
    finally:
        people.close()
    if found:
        raise found[0]
    return answers
