"""One account in memory: docs/handoffs.md in plain Python, with no database, lock or clock.

It shares no code with the service, and it is slow and simple on purpose.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.model.asking import (
    OK,
    Answer,
    Cancel,
    Claim,
    Decline,
    Escalate,
    EscalateMany,
    Move,
    Rate,
    Reassign,
    Record,
    Release,
    Request,
    Resolve,
    Return,
    Start,
)


@dataclass(frozen=True)
class Person:
    role: str
    tier: int
    active: bool = True


@dataclass
class Session:
    owner: str
    status: str = "ACTIVE"
    taken_by: str | None = None
    resolution: str | None = None
    steps: list[tuple[str, str, str]] = field(default_factory=list)  # kind, author, text

    @property
    def holder(self) -> str:
        return self.taken_by or self.owner


@dataclass
class Handoff:
    session: int
    raiser: str
    target: str | None
    told: frozenset[str]  # when it was raised: whom mail goes to from then on
    status: str = "OPEN"
    version: int = 1
    claimer: str | None = None
    claimed_at: int | None = None
    approach: str | None = None
    release_reason: str | None = None
    supersedes: int | None = None
    batch: int | None = None  # the number of the first of those raised together


@dataclass(frozen=True)
class Fact:
    """One event. ``told`` are those whose bell rings for it."""

    type: str
    handoff: int
    actor: str
    told: frozenset[str]
    data: tuple[tuple[str, str | None], ...] = ()


class Refused(Exception):
    def __init__(self, word: str, *facts: Any) -> None:
        super().__init__(word, *facts)
        self.answer = Answer(word, facts)


# What a handoff must be, and who may do it: (handoff, who, is an ADMIN).
Rule = tuple[str, Callable[[Handoff, str, bool], bool]]
RULES: Final[dict[type[Request], Rule]] = {
    Claim: ("OPEN", lambda h, who, _: who != h.raiser),
    Decline: ("OPEN", lambda h, who, _: who == h.target),
    Reassign: ("OPEN", lambda h, who, admin: who == h.raiser or admin),
    Cancel: ("OPEN", lambda h, who, admin: who == h.raiser or admin),
    Release: ("CLAIMED", lambda h, who, admin: who == h.claimer or admin),
    Return: ("CLAIMED", lambda h, who, _: who == h.claimer),
    Resolve: ("CLAIMED", lambda h, who, admin: who == h.claimer or admin),
}
NOT_FOR_VIEWERS: Final = (Start, Escalate, EscalateMany, Claim)


class World:
    def __init__(self, people: dict[str, Person]) -> None:
        self.people = people
        self.now = 0
        self.sessions: list[Session] = []
        self.handoffs: list[Handoff] = []
        self.log: list[Fact] = []
        # what who said of which handoff's assessment
        self.ratings: dict[tuple[int, str], tuple[str, str | None]] = {}
        self.mails: list[tuple[int, str, int, str]] = []  # handoff, purpose, version, to whom
        self.keys: dict[tuple[str, type[Request], str], tuple[Request, tuple[int, ...]]] = {}

    def answer(self, request: Request, at: int) -> Answer:
        """Carry it out or refuse it. ``at`` tells moments apart."""
        self.now = at
        try:
            if isinstance(request, NOT_FOR_VIEWERS) and self._role(request.who) == "VIEWER":
                raise Refused("NotAllowed")  # noqa: TRY301 - the one way to refuse
            if request.key is None:
                return self._done(request)[0]
            slot = (request.who, type(request), request.key)
            if slot in self.keys:
                return self._again(request, *self.keys[slot])
            # a refusal leaves its key free
            answer, made = self._done(request)
        except Refused as refusal:
            return refusal.answer
        self.keys[slot] = (request.content, made)
        return answer

    # -------------------------------------------------------------- who may see and do what

    def sees(self, who: str, session: Session) -> bool:
        match self._role(who):
            case "ADMIN":
                return True
            case "ENGINEER":
                return who in (session.owner, session.taken_by) or session.status == "ESCALATED"
        return False

    def may(self, kind: type[Request], who: str, handoff: Handoff) -> bool:
        status, by = RULES[kind]
        role = self._role(who)
        return role != "VIEWER" and handoff.status == status and by(handoff, who, role == "ADMIN")

    def eligible(self, raiser: str, actor: str, target: str | None) -> frozenset[str]:
        """Who is told of a handoff that waits."""
        others = {
            name: person
            for name, person in self.people.items()
            if person.active and name != raiser and person.role != "VIEWER"
        }
        engineers = {name for name, person in others.items() if person.role == "ENGINEER"}
        higher = {name for name in engineers if others[name].tier > self.people[raiser].tier}
        asked = engineers & {target} if target is not None else higher or engineers
        return frozenset(asked | (others.keys() - engineers)) - {actor}

    def _role(self, who: str) -> str:
        return self.people[who].role

    # -------------------------------------------------------------- the first time

    def _done(self, request: Request) -> tuple[Answer, tuple[int, ...]]:
        """The answer, and the numbers of what it is about."""
        match request:
            case Start():
                return self._start(request)
            case Record():
                return self._record(request)
            case Escalate():
                return self._escalate(request)
            case EscalateMany():
                return self._escalate_many(request)
            case Resolve():
                return self._resolve(request), ()
            case Move() | Rate():
                return self._move(request), (request.handoff,)
        raise TypeError(request)

    def _start(self, request: Start) -> tuple[Answer, tuple[int, ...]]:
        self.sessions.append(Session(request.who))
        number = len(self.sessions) - 1
        return Answer(OK, (number,)), (number,)

    def _record(self, request: Record) -> tuple[Answer, tuple[int, ...]]:
        session = self._session(request.who, request.session)
        works = request.who in (session.owner, session.taken_by)
        if not works and self._role(request.who) != "ADMIN":
            raise Refused("NotAllowed")
        if session.status == "RESOLVED":
            raise Refused("SessionClosed")
        session.steps.append(("NOTE", request.who, request.title))
        made = (request.session, len(session.steps))
        return Answer(OK, made), made

    def _escalatable(self, request: Escalate | EscalateMany, number: int) -> str:
        """Who is the raiser."""
        session = self._session(request.who, number)
        works = request.who in (session.owner, session.taken_by)
        if not works and self._role(request.who) != "ADMIN":
            raise Refused("NotAllowed")
        if session.status != "ACTIVE":
            raise Refused("SessionNotEscalatable", session.status)
        raiser = request.who if works else session.holder
        if request.target is not None:
            self._refuse_target(request.target, raiser, request.who)
        return raiser

    def _refuse_target(self, target: str, *selves: str) -> None:
        if target not in self.people:
            raise Refused("TargetNotEligible", "UNKNOWN")
        if target in selves:
            raise Refused("TargetNotEligible", "SELF")
        if self._role(target) == "VIEWER":
            raise Refused("TargetNotEligible", "VIEWER")
        if not self.people[target].active:
            raise Refused("TargetNotEligible", "INACTIVE")

    def _raise(
        self, request: Escalate | EscalateMany, session: int, raiser: str, batch: int | None = None
    ) -> int:
        superseded = self.live(session)
        if superseded is not None:
            self.handoffs[superseded].status = "SUPERSEDED"
            self.handoffs[superseded].version += 1
        told = self.eligible(raiser, request.who, request.target)
        raised = Handoff(session, raiser, request.target, told, supersedes=superseded, batch=batch)
        self.handoffs.append(raised)
        number = len(self.handoffs) - 1
        self._goes(session, "ESCALATED", None)
        self.log.append(Fact("handoff.created", number, request.who, told))
        self.mails += [(number, "raised", 1, name) for name in told]
        return number

    def _escalate(self, request: Escalate) -> tuple[Answer, tuple[int, ...]]:
        raiser = self._escalatable(request, request.session)
        number = self._raise(request, request.session, raiser)
        return self._moved(number, len(self.log)), (number,)

    def _escalate_many(self, request: EscalateMany) -> tuple[Answer, tuple[int, ...]]:
        raisers: dict[int, str] = {}
        refusals = []
        for number in sorted(request.sessions):
            try:
                raisers[number] = self._escalatable(request, number)
            except Refused as refusal:
                refusals.append((number, refusal.answer))
        if refusals:
            raise Refused("SessionsNotEscalatable", *refusals)
        first = len(self.handoffs)
        made = tuple(self._raise(request, n, raisers[n], first) for n in request.sessions)
        return self._together(made, len(self.log)), made

    def _claim(self, request: Claim, handoff: Handoff) -> Answer:
        seen = request.expected in (None, handoff.version)
        if not (seen and self.may(Claim, request.who, handoff)):
            return self._standing(request, handoff)
        handoff.status, handoff.claimer, handoff.claimed_at = "CLAIMED", request.who, self.now
        handoff.approach, handoff.release_reason = request.approach, None
        self._goes(handoff.session, "ACTIVE", request.who)
        data = {"approach": request.approach} if request.approach else None
        return self._happened(request, "claimed", {handoff.raiser}, data=data)

    def _standing(self, request: Claim, handoff: Handoff) -> Answer:
        """The answer to a claim that takes nothing."""
        if handoff.raiser == request.who:
            raise Refused("OwnHandoff")
        if handoff.status == "OPEN":
            raise self._changed(request.who, request.handoff)
        if handoff.status != "CLAIMED":
            raise Refused("HandoffNotOpen", handoff.status)
        if handoff.claimer != request.who:
            raise Refused("HandoffAlreadyClaimed", handoff.claimer, handoff.claimed_at)
        return self._moved(request.handoff, None)

    def _move(self, request: Move | Rate) -> Answer:
        handoff = self._handoff(request)
        if isinstance(request, Rate):
            return self._rate(request, handoff)
        if isinstance(request, Claim):
            return self._claim(request, handoff)
        self._refuse(request, request.handoff, request.expected)
        if isinstance(request, Reassign):
            if handoff.target == request.to:
                return self._moved(request.handoff, None)
            self._refuse_target(request.to, handoff.raiser)
        return self._moves_on(request, handoff)

    def _moves_on(self, request: Move, handoff: Handoff) -> Answer:
        raiser, target, claimer = handoff.raiser, handoff.target, handoff.claimer
        before = {target} if target else set()
        match request:
            case Decline(reason=reason):
                handoff.target = None
                told = {raiser, *self.eligible(raiser, request.who, None)}
                return self._happened(request, "declined", told, data={"reason": reason})
            case Reassign(to=to):
                handoff.target = to
                told = {raiser, to} | before
                return self._happened(request, "reassigned", told, data={"from": target, "to": to})
            case Cancel():
                handoff.status = "CANCELLED"
                self._goes_back(handoff)
                return self._happened(request, "cancelled", {raiser} | before)
            case Release(reason=reason):
                handoff.status, handoff.claimer, handoff.claimed_at = "OPEN", None, None
                handoff.approach, handoff.release_reason = None, reason
                if target == claimer:
                    handoff.target = target = None
                self._goes(handoff.session, "ESCALATED", None)
                told = {raiser, *self.eligible(raiser, request.who, target)}
                told |= {claimer} if claimer else set()
                return self._happened(request, "released", told, data={"reason": reason})
            case Return(guidance=guidance):
                handoff.status = "RETURNED"
                self._goes_back(handoff)
                self.sessions[handoff.session].steps.append(("GUIDANCE", request.who, guidance))
                return self._happened(request, "returned", {raiser}, data={"guidance": guidance})
        raise TypeError(request)

    def _rate(self, request: Rate, handoff: Handoff) -> Answer:
        if not self.sees(request.who, self.sessions[handoff.session]):
            raise Refused("NotAllowed")
        said = (request.verdict, request.comment)
        if self.ratings.get((request.handoff, request.who)) == said:
            return self._rated(request, None)
        self.ratings[request.handoff, request.who] = said
        data = (("comment", request.comment), ("verdict", request.verdict))
        self.log.append(Fact("assessment.rated", request.handoff, request.who, frozenset(), data))
        return self._rated(request, len(self.log))

    def _rated(self, request: Rate, seq: int | None) -> Answer:
        said = self.ratings[request.handoff, request.who]
        return Answer(OK, (request.handoff, *said, seq))

    def _resolve(self, request: Resolve) -> Answer:
        session = self._session(request.who, request.session)
        own = [n for n, handoff in enumerate(self.handoffs) if handoff.session == request.session]
        number = self.live(request.session)
        again = session.status == "RESOLVED" and session.resolution == request.resolution
        if own and not again and request.expected not in (None, self.handoffs[own[-1]].version):
            raise self._changed(request.who, own[-1])
        if number is not None and self.handoffs[number].status == "CLAIMED":
            self._refuse(request, number, None)
        elif session.holder != request.who and self._role(request.who) != "ADMIN":
            raise Refused("NotAllowed")
        if again:
            return Answer(OK, (request.session, None, None))
        if session.status != "ACTIVE":
            raise Refused("SessionNotResolvable", session.status)
        session.status, session.resolution = "RESOLVED", request.resolution
        if number is None:
            return Answer(OK, (request.session, None, None))
        handoff = self.handoffs[number]
        handoff.status = "RESOLVED"
        told = {handoff.raiser} | ({handoff.claimer} if handoff.claimer else set())
        self._happened(request, "resolved", told, number, {"resolution": request.resolution})
        return Answer(OK, (request.session, number, len(self.log)))

    # -------------------------------------------------------------- the second time

    def _again(self, request: Request, before: Request, made: tuple[int, ...]) -> Answer:
        """What was done is not done anew, whatever has become of it since."""
        if before != request.content:
            raise Refused("IdempotencyConflict")
        match request:
            case Start():
                return Answer(OK, made)
            case Record():
                return self._if_seen(request.who, request.session, Answer(OK, made))
            case Escalate():
                return self._if_seen(request.who, request.session, self._moved(made[0], None))
            case EscalateMany():
                return self._together(made, None)
            case Claim():
                return self._standing(request, self.handoffs[request.handoff])
        rated = isinstance(request, Rate)
        return self._rated(request, None) if rated else self._moved(made[0], None)

    def _if_seen(self, who: str, session: int, answer: Answer) -> Answer:
        if not self.sees(who, self.sessions[session]):
            raise Refused("NotAllowed")
        return answer

    # -------------------------------------------------------------- in common

    def live(self, session: int) -> int | None:
        """The session's handoff that waits or is worked on."""
        for number, handoff in enumerate(self.handoffs):
            if handoff.session == session and handoff.status in ("OPEN", "CLAIMED"):
                return number
        return None

    def _session(self, who: str, number: int) -> Session:
        if number < 0 or not self.sees(who, self.sessions[number]):
            raise Refused("SessionNotFound")
        return self.sessions[number]

    def _handoff(self, request: Move | Rate) -> Handoff:
        if request.handoff < 0:
            raise Refused("HandoffNotFound")
        return self.handoffs[request.handoff]

    def _refuse(self, request: Move | Resolve, number: int, expected: int | None) -> None:
        handoff = self.handoffs[number]
        if expected not in (None, handoff.version):
            raise self._changed(request.who, number)
        if self._role(request.who) == "VIEWER":
            raise Refused("NotAllowed")
        status, _ = RULES[type(request)]
        if handoff.status != status:
            word = "HandoffNotOpen" if status == "OPEN" else "HandoffNotClaimed"
            raise Refused(word, handoff.status)
        if not self.may(type(request), request.who, handoff):
            raise Refused("NotAllowed")

    def _changed(self, who: str, number: int) -> Refused:
        handoff = self.handoffs[number]
        door = self.sees(who, self.sessions[handoff.session])
        return Refused("HandoffChanged", number, handoff.version, handoff.status, door)

    def _goes(self, session: int, status: str, taken_by: str | None) -> None:
        self.sessions[session].status = status
        self.sessions[session].taken_by = taken_by

    def _goes_back(self, handoff: Handoff) -> None:
        own = self.sessions[handoff.session].owner == handoff.raiser
        self._goes(handoff.session, "ACTIVE", None if own else handoff.raiser)

    def _happened(
        self,
        request: Move | Resolve,
        what: str,
        told: set[str],
        number: int | None = None,
        data: dict[str, str | None] | None = None,
    ) -> Answer:
        number = request.handoff if isinstance(request, Move) else number
        assert number is not None
        handoff = self.handoffs[number]
        handoff.version += 1
        whom = frozenset(told) - {request.who}
        fact = Fact(
            f"handoff.{what}", number, request.who, whom, tuple(sorted((data or {}).items()))
        )
        self.log.append(fact)
        if what not in ("declined", "reassigned"):
            self.mails += [(number, what, handoff.version, name) for name in handoff.told]
        return self._moved(number, len(self.log))

    def _moved(self, number: int, seq: int | None) -> Answer:
        handoff = self.handoffs[number]
        return Answer(OK, (number, handoff.version, handoff.status, seq))

    def _together(self, numbers: tuple[int, ...], seq: int | None) -> Answer:
        return Answer(OK, (*(self._moved(number, None) for number in numbers), seq))
