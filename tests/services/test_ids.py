"""Identifiers as clients meet them."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from typeid import TypeID

from services.ids import Kind, parse, public


@given(st.sampled_from(Kind), st.uuids())
def test_an_id_is_written_as_the_specification_has_it_and_read_again(
    kind: Kind, row_id: UUID
) -> None:
    written = public(kind, row_id)
    assert written == str(TypeID.from_uuid(row_id, prefix=str(kind)))
    assert parse(written, kind) == row_id
