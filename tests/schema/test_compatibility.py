"""What a release has promised stays, unless its removal was announced and the day has passed."""

from datetime import date, timedelta

import pytest

from schema.compatibility import NOTICE, breaks, hasty, undated

TODAY = date(2026, 11, 25)
RELEASED = """
type Query {
  handoff(id: ID!, version: Int = 1): Handoff
  search(filter: Filter): [Found!]!
}
interface Node { id: ID! }
type Handoff implements Node { id: ID! status: Status! reason: String }
type Engineer implements Node { id: ID! name: String! }
union Found = Handoff | Engineer
enum Status { OPEN CLAIMED }
input Filter { status: Status, text: String }
"""


def changed(old: str, new: str, *, released: str = RELEASED) -> list[str]:
    assert old in released
    return breaks(released, released.replace(old, new), today=TODAY)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("reason: String", "", "Handoff.reason"),
        ("status: Status! reason", "status: Status reason", "Handoff.status"),
        ("name: String!", "name: Int!", "Engineer.name"),
        ("[Found!]!", "[Handoff!]!", "Query.search"),
        ("id: ID!, version", "id: ID!, of: ID!, version", "Query.handoff"),
        ("(filter: Filter)", "", "Query.search"),
        ("text: String", "text: String!", "Filter.text"),
        ("text: String", "text: String, by: ID!", "by"),
        ("text: String", "", "Filter.text"),
        ("OPEN CLAIMED", "OPEN", "CLAIMED"),
        ("Handoff | Engineer", "Handoff", "Engineer"),
        ("Engineer implements Node", "Engineer", "Engineer"),
        ("union Found = Handoff | Engineer", "interface Found { id: ID! }", "Found"),
        ("version: Int = 1", "version: Int = 2", "Query.handoff"),
        ("input Filter {", "input Filter @oneOf {", "Filter takes only one"),
    ],
)
def test_what_stops_a_client_is_refused_by_name(old: str, new: str, said: str) -> None:
    refused = changed(old, new)
    assert refused
    assert any(said in each for each in refused)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("reason: String", "reason: String notes: String"),
        ("reason: String", 'reason: String @deprecated(reason: "Removal after 2030-01-01.")'),
        ("reason: String", "reason: String!"),
        ("version: Int = 1", "version: Int = 1, at: String"),
        ("text: String", "text: String, by: ID"),
        ("OPEN CLAIMED", "OPEN CLAIMED RESOLVED"),
        ("Handoff | Engineer", "Handoff | Engineer | Query"),
        ("union Found", "type Session { id: ID! } union Found"),
        ("id: ID!, version", "id: ID, version"),
    ],
)
def test_what_adds_to_it_passes(old: str, new: str) -> None:
    assert changed(old, new) == []


DATED = RELEASED.replace(
    "reason: String",
    'reason: String @deprecated(reason: "Use `notes`. Removal after 2026-11-24.") notes: String',
)


def deprecated(day: date) -> str:
    return DATED.replace("2026-11-24", f"{day}")


REFUSED = ["Field Handoff.reason was removed."]
REASON = (DATED[DATED.index("reason: String @") : DATED.index(" notes: String")], "")


def test_an_announced_removal_is_allowed_once_its_day_has_passed() -> None:
    without = DATED.replace(*REASON)
    assert breaks(DATED, without, today=TODAY) == []
    assert breaks(deprecated(TODAY - timedelta(days=1)), without, today=TODAY) == []
    assert breaks(deprecated(TODAY), without, today=TODAY) == REFUSED


def test_a_removal_counts_only_when_a_release_has_announced_it() -> None:
    """The same change can't deprecate and remove, nor bring an announced day forward."""
    announced = deprecated(date(2030, 1, 1))
    assert breaks(announced, DATED.replace(*REASON), today=TODAY) == REFUSED
    undecided = DATED.replace(" Removal after 2026-11-24.", "")
    assert breaks(undecided, DATED.replace(*REASON), today=TODAY) == REFUSED


@pytest.mark.parametrize("end", ["Removal after 2026-11-24.", "Removal after 2030-01-01."])
def test_types_go_with_the_last_field_that_led_to_them(end: str) -> None:
    field, type_ = "report(of: Span): Report", "type Report { at: String } input Span { days: Int }"
    with_report = f'{RELEASED} {type_} extend type Query {{ {field} @deprecated(reason: "{end}") }}'
    refused = breaks(with_report, RELEASED, today=TODAY)
    if "2030" in end:
        assert sorted(refused) == [
            "Field Query.report was removed.",
            "Report was removed.",
            "Span was removed.",
        ]
    else:
        assert refused == []


def test_a_type_that_an_interface_still_leads_to_stays() -> None:
    """A client can have `... on Note` at a Node, whatever has become of `note`."""
    noted = 'note: Note @deprecated(reason: "Removal after 2026-11-24.")'
    note = "type Note implements Node { id: ID! }"
    released = f"{RELEASED} {note} extend type Query {{ node(id: ID!): Node {noted} }}"
    without = released.replace(noted, "")
    assert breaks(released, without, today=TODAY) == []
    assert breaks(released, without.replace(note, ""), today=TODAY) == ["Note was removed."]


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("OPEN CLAIMED", 'OPEN CLAIMED @deprecated(reason: "{}")', "Status.CLAIMED"),
        ("text: String", 'text: String @deprecated(reason: "{}")', "Filter.text"),
        ("version: Int = 1", 'version: Int @deprecated(reason: "{}")', "Query.handoff(version:)"),
    ],
)
def test_every_deprecation_has_its_day_wherever_it_stands(old: str, new: str, where: str) -> None:
    assert [each.split()[0] for each in undated(RELEASED.replace(old, new.format("Old.")))] == [
        where
    ]
    assert undated(RELEASED.replace(old, new.format("Old. Removal after 2026-11-24."))) == []


def test_a_removal_is_announced_in_good_time() -> None:
    soon, in_time = deprecated(TODAY + NOTICE - timedelta(days=1)), deprecated(TODAY + NOTICE)
    assert [each.split()[0] for each in hasty(RELEASED, soon, today=TODAY)] == ["Handoff.reason"]
    assert len(hasty(None, soon, today=TODAY)) == 1
    assert hasty(RELEASED, in_time, today=TODAY) == []
    later = TODAY + timedelta(days=60)
    assert hasty(in_time, in_time, today=later) == [], "it was announced in time"
    brought_forward = deprecated(TODAY + timedelta(days=70))
    assert len(hasty(in_time, brought_forward, today=later)) == 1
