"""Documents: parsed and validated once, refused in time, and never more of them than allowed."""

import pytest
import strawberry

from app.graphql.documents import Documents
from app.graphql.limits.bounds import Bounds
from app.graphql.results import RequestError


@strawberry.type
class Query:
    n: int = 1
    long_name: int = 2


SCHEMA = strawberry.Schema(Query)


def refusal(documents: Documents, text: str) -> RequestError:
    with pytest.raises(RequestError) as caught:
        documents.get(text)
    return caught.value


def test_the_same_text_is_read_once() -> None:
    documents = Documents(SCHEMA)
    assert documents.get("{ n }") is documents.get("{ n }")


def test_a_syntax_error_says_where() -> None:
    [error] = refusal(Documents(SCHEMA), "{ n ").errors
    assert error.message.startswith("Syntax Error")
    assert [location.line for location in error.locations or []] == [1]


def test_every_broken_rule_is_reported() -> None:
    errors = refusal(Documents(SCHEMA), "{ missing(a: $b) other }").errors
    assert len(errors) == 3


def test_our_limits_come_first_and_spare_the_costly_rules() -> None:
    errors = refusal(Documents(SCHEMA, bounds=Bounds(aliases=0)), "{ a: n missing }").errors
    assert [(error.extensions or {})["limit"] for error in errors] == ["aliases"]
    assert [location.column for location in errors[0].locations or []] == [1]


def test_a_small_document_that_is_costly_to_compare_is_refused() -> None:
    documents = Documents(SCHEMA, bounds=Bounds(tokens=2000, root_fields=2000))
    documents.get("{ " + "n " * 250 + "}")
    assert refusal(documents, "{ " + "n " * 1000 + "}").errors


def test_a_document_of_too_many_tokens_is_refused() -> None:
    documents = Documents(SCHEMA, bounds=Bounds(tokens=50))
    assert "50 tokens" in refusal(documents, "{" + " n" * 60 + "}").errors[0].message


def test_a_document_nested_without_end_is_refused() -> None:
    documents = Documents(SCHEMA, bounds=Bounds(tokens=1_000_000, document_bytes=1_000_000))
    refusal(documents, "{ a " * 50_000)


def test_no_more_documents_are_kept_than_allowed_and_the_used_ones_stay() -> None:
    documents = Documents(SCHEMA, max_documents=3)
    kept = documents.get("{ n }")
    for number in range(10):
        documents.get(f"{{ a{number}: n }}")
        assert documents.get("{ n }") is kept
    assert len(documents.valid) == 3


def test_no_more_text_is_kept_than_allowed() -> None:
    documents = Documents(SCHEMA, max_bytes=100)
    documents.get("{ n }" + " " * 200)  # answered, not kept
    for number in range(10):
        documents.get(f"{{ n }} # {number} " + "é" * 10)
    assert 0 < documents.valid.bytes <= 100
    assert documents.valid.bytes == sum(len(text.encode()) for text in documents.valid.values)


def test_refused_documents_are_remembered_in_bounds_of_their_own() -> None:
    documents = Documents(SCHEMA, max_documents=20)
    kept = documents.get("{ n }")
    for number in range(100):
        refusal(documents, f"{{ missing{number} }}")
    assert len(documents.refused) == 2
    assert documents.get("{ n }") is kept
    first, again = (refusal(documents, "{ missing99 }") for _ in range(2))
    assert again.errors == first.errors
    assert again is not first


def test_suggestions_are_left_out_when_the_schema_says_so() -> None:
    quiet = strawberry.Schema(
        Query, config=strawberry.schema.config.StrawberryConfig(disable_field_suggestions=True)
    )
    assert "Did you mean" in refusal(Documents(SCHEMA), "{ longNam }").errors[0].message
    assert "Did you mean" not in refusal(Documents(quiet), "{ longNam }").errors[0].message
