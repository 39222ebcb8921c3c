"""Vendors of which each request may go wrong, and what they have when all is over."""

import random
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from app.demo.vendors import slack as slack_
from app.demo.vendors import teams as teams_
from app.demo.vendors.base import Asked, Fault
from app.demo.vendors.halopsa import CLIENT_ID, CLIENT_SECRET, TENANT, FakeHalo
from app.demo.vendors.slack import FakeSlack
from app.demo.vendors.smtp import FakeMail, Mail
from app.demo.vendors.teams import FakeTeams
from app.demo.vendors.webhook import FakeReceiver
from tests.chaos.deliveries.checker import There

NOTHING_DONE: Final = (Fault.SERVER_ERROR, Fault.BUSY, Fault.HANG)
FAULTS: Final = 0.05  # of all requests do nothing
LOST: Final = 0.02  # are done, and the answer is lost or no answer
HANGING: Final = 0.3  # seconds until whoever hangs gives up
SECRET: Final = "whsec_" + "c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMsIHllcyE="
HOOKS: Final = "https://hooks.acme.test"
PSA: Final = "https://acme.halopsa.com"
FIRST_TICKET: Final = 10_000

CONNECT: Final[tuple[Mapping[str, Any], ...]] = (
    {"slack": {"channel": "#escalations", "botToken": slack_.TOKEN}},
    {"teams": {"url": teams_.URL}},
    {"webhook": {"url": f"{HOOKS}/", "secret": SECRET}},
    {
        "halopsa": {
            "url": PSA,
            "tenant": TENANT,
            "clientId": CLIENT_ID,
            "clientSecret": CLIENT_SECRET,
        }
    },
)


class Luck(deque[Any]):
    """Never used up: each request draws its own. ``drawn`` counts what went wrong."""

    def __init__(self, seed: str) -> None:
        super().__init__()
        self.drawn: Counter[Fault] = Counter()
        self._chance = random.Random(seed)

    def __bool__(self) -> bool:
        return True

    def popleft(self) -> Fault | None:
        number = self._chance.random()
        if number >= FAULTS + LOST:
            return None
        fault = self._chance.choice(NOTHING_DONE)
        if number < LOST:
            fault = self._chance.choices((Fault.LOSE_ANSWER, Fault.GARBAGE), (3, 1))[0]
        self.drawn[fault] += 1
        return fault


class Vendors:
    def __init__(self, seed: int, escalations: int) -> None:
        self.slack = FakeSlack()
        self.teams = FakeTeams()
        self.receiver = FakeReceiver(SECRET)
        tickets = range(FIRST_TICKET, FIRST_TICKET + escalations)
        self.halo = FakeHalo(actions={number: [] for number in tickets})
        self.mail = FakeMail()
        self._each = (self.slack, self.teams, self.receiver, self.halo, self.mail)
        self._luck: list[Luck] = []
        for each in self._each:
            luck = Luck(f"{seed} {type(each).__name__}")
            each.faults, each.hanging = luck, HANGING
            self._luck.append(luck)

    @property
    def faults(self) -> Counter[str]:
        """What went wrong, in words."""
        drawn = sum((luck.drawn for luck in self._luck), Counter[Fault]())
        return Counter({f"a vendor {fault.value}": many for fault, many in drawn.items()})

    def slow(self, seconds: float) -> None:
        """So long before each answer, from now on."""
        for each in self._each:
            each.slowness = seconds

    @contextmanager
    def serving(self) -> Iterator[dict[str, str]]:
        """The settings with which a service reaches them instead of the real ones."""
        with ExitStack() as stack:
            routes = {
                origin: stack.enter_context(fake.serving()).origin
                for origin, fake in (
                    (slack_.ORIGINS[0], self.slack),
                    (teams_.ORIGIN, self.teams),
                    (HOOKS, self.receiver),
                    (PSA, self.halo),
                )
            }
            mail = stack.enter_context(self.mail.serving())
            yield {
                "outgoing_routes": ",".join(f"{real}={fake}" for real, fake in routes.items()),
                "smtp_url": mail.url,
                "mail_from": "baton@desk.example",
            }

    def there(self) -> dict[str, There]:
        """By channel."""
        received = self.receiver.received
        posts = [message for message in self.slack.messages if message.thread is None]
        notes = [note for notes in self.halo.actions.values() for note in notes]
        mails = _ids(self.mail.mails)
        return {
            "SLACK": There(
                Counter(filter(_is_card, self.slack.keys)),
                {f"{each.channel}:{each.ts}" for each in posts},
                _names(self.slack.unanswered, _of_card),
            ),
            "TEAMS": There(
                Counter(self.teams.keys), None, _names(self.teams.unanswered, _of_teams)
            ),
            "WEBHOOK": There(
                Counter(received.keys()) + self.receiver.repeats,
                set(received),
                _names(self.receiver.unanswered, lambda asked: [asked.headers["webhook-id"]]),
            ),
            "EMAIL": There(Counter(mails), set(mails), Counter(_ids(self.mail.unanswered))),
            "PSA_NOTE": There(
                Counter(_marker(note["note"]) for note in notes),
                {str(note["id"]) for note in notes},
                _names(self.halo.unanswered, _of_note),
            ),
        }


def _names(asked: Iterable[Asked], names: Any) -> Counter[str]:
    return Counter(name for each in asked for name in names(each))


def _is_card(key: str) -> bool:
    """Not the documentation in its thread."""
    return key.startswith("card:")


def _of_card(asked: Asked) -> list[str]:
    ids = (block.get("block_id", "") for block in asked.json()["blocks"])
    return list(filter(_is_card, ids))


def _of_teams(asked: Asked) -> list[str]:
    [attachment] = asked.json()["attachments"]
    return [element["id"] for element in attachment["content"]["body"] if "id" in element]


def _of_note(asked: Asked) -> list[str]:
    """Nothing, for who looks or signs in."""
    if asked.method != "POST" or asked.path != "/api/Actions":
        return []
    return [_marker(action["note_html"]) for action in asked.json()]


def _marker(note: str) -> str:
    """Notes end with it: `[handoff_01…/raised/1]`."""
    return note.rstrip().rpartition("[")[2].removesuffix("/1]")


def _ids(mails: Iterable[Mail]) -> list[str]:
    return [mail.message["Message-ID"] for mail in mails]
