"""Lists with what belongs to their items, in one statement: what can be read so, and how.

Which of it is wanted is for the caller to say. Each table has one alias wherever it is met, so the
same wishes are the same statement, and every name in it comes from this module or from a field's
declaration in the schema, never from a client.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from db.database import Row
from services.access import door, seen_through
from services.actor import Actor
from services.conditions import Conditions
from services.ids import Kind

DOOR: Final = "{door}"
"""Where an expression asks whether the reader may see the session."""

LONGEST: Final = 101
USUAL: Final = (21, 51, LONGEST)
"""No list is longer, and most are so long: a page, and one more that tells whether there are more.

PostgreSQL is told. Of a LIMIT that is a parameter it supposes a tenth of everything, and would read
the tables beside it from end to end; and one of every length would be a statement of every length.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """An object of columns of the same row, by its fields; null when all ``known_by`` are null."""

    columns: Mapping[str, str]
    known_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows of one kind of thing, and what can be read of one: ``columns``, ``parts``, ``links``.

    ``looks``: to read one is to look into the session. Without that, ``content`` are columns that
    are null for who may not see it. Of a list ``beside`` is joined whatever is wanted, since the
    door asks the session, and ``places`` are read, under their own names: cursors are made of them.
    """

    name: str
    alias: str
    columns: frozenset[str]
    kind: Kind | None = None
    looks: bool = False
    content: frozenset[str] = frozenset()
    parts: Mapping[str, Part] = field(default_factory=dict)
    links: Mapping[str, "Link"] = field(default_factory=dict)
    beside: str = ""
    places: tuple[str, ...] = ()

    def column(self, name: str) -> str:
        column = f"{self.alias}.{name}"
        return f"CASE WHEN {DOOR} THEN {column} END" if name in self.content else column

    def present(self, part: Part) -> str:
        """Null if there is none."""
        if len(part.known_by) == 1:
            return self.column(part.known_by[0])
        known = " OR ".join(f"{self.column(each)} IS NOT NULL" for each in part.known_by)
        return f"CASE WHEN {known} THEN 1 END"


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """One row of ``table`` that belongs to a row. ``present`` is null if there is none (a small
    column that never is by itself); no ``present``: there always is one."""

    table: Table
    join: str = ""
    present: str | None = None


def _engineer(of: str, which: str, *, always: bool = False) -> Link:
    join = (
        f"{'' if always else 'LEFT '}JOIN engineer {which} "
        f"ON {which}.account_id = {of}.account_id AND {which}.id = {of}.{which}_id"
    )
    columns = _names("id name email role tier skills")
    engineer = Table("engineer", which, columns, Kind.ENGINEER)
    return Link(engineer, join, None if always else f"{which}.tier")


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


CUSTOMER: Final = {
    "name": "customer_name",
    "contact": "customer_contact",
    "reachable_until": "customer_reachable_until",
}
PARTS: Final = {
    "customer": Part(CUSTOMER, known_by=tuple(CUSTOMER.values())),
    "ticket": Part(
        {"system": "ticket_system", "number": "ticket_number"}, known_by=("ticket_number",)
    ),
}
SESSIONS: Final = Table(
    "session",
    "s",
    _names(
        "id status problem_summary problem_domain environment confidence_tier escalation_reason"
        " step_count resolution resolved_at created_at updated_at"
    ),
    Kind.SESSION,
    looks=True,
    parts=PARTS,
    links={
        "owner": _engineer("s", "owner", always=True),
        "escalated_to": _engineer("s", "escalated_to"),
    },
    places=("id",),
)
SNAPSHOTS: Final = Table(
    "snapshot",
    "snapshot",
    _names(
        "captured_at problem_summary problem_domain environment confidence_tier step_count"
        " branch_count hypotheses_open hypotheses_ruled_out"
    ),
    looks=True,
    parts=PARTS,
)
HANDOFFS: Final = Table(
    "handoff",
    "h",
    _names(
        "id intent status priority problem_summary reason notes release_reason version claimed_at"
        " approach created_at closed_at"
    ),
    Kind.HANDOFF,
    content=_names("reason notes release_reason"),
    links={
        "raised_by": _engineer("h", "raised_by", always=True),
        "target": _engineer("h", "target"),
        "claimed_by": _engineer("h", "claimed_by"),
        "session": Link(SESSIONS, present=f"CASE WHEN {DOOR} THEN 1 END"),
        "snapshot": Link(
            SNAPSHOTS,
            "LEFT JOIN snapshot ON snapshot.account_id = h.account_id "
            f"AND snapshot.handoff_id = h.id AND {DOOR}",
            "snapshot.step_count",
        ),
    },
    beside="JOIN session s ON s.account_id = h.account_id AND s.id = h.session_id",
    places=("id", "priority_rank"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """What is wanted of the rows of a list: ``columns``, which come first in each.

    ``looks``: whoever reads them looks into sessions; then there is ``access.SEEN_THROUGH``.
    ``make`` turns a row into what it is wanted for.
    """

    table: Table
    columns: tuple[str, ...]
    joins: tuple[str, ...]
    looks: bool
    make: Callable[[Row], Any]

    def select(
        self, actor: Actor, conditions: Conditions, order: str, first: int, *, waits: bool = False
    ) -> str:
        """The first rows in that order, which it does not give in order. The actor's id is $2.

        ``first`` is LONGEST at most. ``waits``: they are handoffs, and all of them OPEN.
        """
        alias = self.table.alias
        names = {f"{alias}.{name}": name for name in self.table.places}
        columns = [
            f"{each} AS {names.get(each, f'c{place}')}" for place, each in enumerate(self.columns)
        ]
        if self.looks:
            columns.append(self._seen(actor, waits=waits))
        sql = f"""
            SELECT {", ".join(columns)}
            FROM ({self._list(conditions, order, first)}) {alias}
            {self.table.beside} {" ".join(self.joins)}
        """
        return sql.replace(DOOR, door(actor, "$2"))

    def _list(self, conditions: Conditions, order: str, first: int) -> str:
        alias = self.table.alias
        listed = (
            f"SELECT {alias}.* FROM {self.table.name} {alias} WHERE {conditions} ORDER BY {order}"
        )
        if first in USUAL:
            return f"{listed} LIMIT {first}"
        return f"SELECT * FROM ({listed} LIMIT {LONGEST}) {alias} LIMIT {conditions.place(first)}"

    def _seen(self, actor: Actor, *, waits: bool) -> str:
        if self.table is SESSIONS:  # what is behind a closed door is not in the list
            return seen_through(actor, "$2")
        return seen_through(actor, "$2", handoff=HANDOFFS.alias, ask=True, waits=waits)
