"""Engineers who hand over and take, through the front door, until the log is long enough."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from services.actor import Actor
from services.ids import Kind, public
from tests.chaos.asking import Asking, Unanswered
from tests.harness.people import Account
from tests.harness.web import token_of
from tests.journeys import documents as ask

AT_ONCE: Final = 4  # of each account


@dataclass(frozen=True)
class Change:
    """A mutation, what it is given beside what it is about, and what it puts into the log."""

    root: str
    kind: str
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> str:
        input_ = f"{self.root[0].upper()}{self.root[1:]}Input"
        return (
            f"mutation Change($input: {input_}!) {{ {self.root}(input: $input) "
            "{ __typename ... on Problem { message } } }"
        )


CLAIM: Final = Change("claimHandoff", "HandoffClaimed")
RELEASE: Final = Change("releaseHandoff", "HandoffReleased", {"reason": "Pulled away"})
RETURN: Final = Change("returnHandoff", "HandoffReturned", {"guidance": "Renew the certificate"})
RESOLVE: Final = Change("resolveSession", "HandoffResolved", {"resolution": "Renewed it"})
CANCEL: Final = Change("cancelHandoff", "HandoffCancelled")
DECLINE: Final = Change("declineHandoff", "HandoffDeclined", {"reason": "On holiday"})
REASSIGN: Final = Change("reassignHandoff", "HandoffReassigned")

# Who raises it, and what it goes through then, at whose hands.
STORIES: Final = (
    ("tier1", [("tier2", CLAIM), ("tier2", RESOLVE)]),
    ("tier1", [("tier2", CLAIM), ("tier2", RELEASE), ("tier3", CLAIM), ("tier3", RETURN)]),
    ("tier2", [("tier2", CANCEL)]),
    ("tier1", [("tier3", CLAIM), ("admin", RELEASE), ("tier1", CANCEL)]),
    ("tier2", [("tier2", REASSIGN), ("tier3", DECLINE), ("tier1", CLAIM)]),
)


class Writers:
    """Of one account. ``caused`` has what they were told was done: kinds of events by handoff."""

    def __init__(self, account: Account, url: Callable[[], str], seed: int) -> None:
        self.account = account
        self.caused: defaultdict[str, list[str]] = defaultdict(list)
        self.retries = 0
        self.gave_up: list[str] = []
        self._url = url
        self._seed = f"{seed} {account.slug}"
        self._begun = 0
        self._left = 0
        self._due = 0.0
        self._interval = 0.0
        self._requests = 0

    @property
    def done(self) -> int:
        return sum(map(len, self.caused.values()))

    async def write(self, events: int, seconds: float) -> None:
        """So many events, spread over so long when nothing is in the way."""
        self._left = events
        self._due = asyncio.get_running_loop().time()
        self._interval = seconds / events
        async with httpx2.AsyncClient(timeout=15) as http, asyncio.TaskGroup() as everybody:
            for _ in range(AT_ONCE):
                self._begun += 1
                seed = f"{self._seed} {self._begun}"
                everybody.create_task(self._write(Asking(http, self._url, seed), seed))

    async def _write(self, asking: Asking, seed: str) -> None:
        chance = random.Random(seed)
        try:
            while self._left > 0:
                raiser, steps = chance.choice(STORIES)
                await self._a_story(asking, raiser, steps)
        except Unanswered as why:
            self.gave_up.append(str(why))
            self._left = 0
        self.retries += asking.retries

    async def _a_story(self, asking: Asking, raiser: str, steps: list[tuple[str, Change]]) -> None:
        started = await self._do(asking, raiser, ask.START, problemSummary="Outlook can't connect")
        session = started["session"]["id"]
        if not await self._turn():
            return
        raised = await self._do(asking, raiser, ask.ESCALATE, sessionId=session, reason="Stuck")
        handoff = raised["handoff"]["id"]
        self.caused[handoff].append("HandoffCreated")
        for who, change in steps:
            if not await self._turn():
                return
            given = {**change.given, "handoffId": handoff}
            if change is RESOLVE:
                given = {**change.given, "sessionId": session}
            if change is REASSIGN:
                given["targetEngineerId"] = public(Kind.ENGINEER, self.account.tier3.id)
            # to resolve again in the same words is harmless without a key
            await self._do(asking, who, change.document, keyed=change is not RESOLVE, **given)
            self.caused[handoff].append(change.kind)

    async def _turn(self) -> bool:
        """Wait until the next event is due. False when there are enough."""
        if self._left <= 0:
            return False
        self._left -= 1
        self._due += self._interval
        await asyncio.sleep(self._due - asyncio.get_running_loop().time())
        return True

    async def _do(
        self, asking: Asking, who: str, document: str, *, keyed: bool = True, **given: str
    ) -> dict[str, Any]:
        """Once, however often it has to be asked. Raises Unanswered when it is refused."""
        actor: Actor = getattr(self.account, who)
        self._requests += 1
        if keyed:
            given["idempotencyKey"] = f"{self._seed} {self._requests}"
        answer = await asking.ask(token_of(actor, self.account), document, input=given)
        if not answer["__typename"].endswith("Success"):
            raise Unanswered(f"{who}: {document} {given}: {answer}")
        return answer
