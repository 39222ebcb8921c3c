"""Whatever a request sends that does not fit, the error names the place and not the value."""

from typing import Any

import pytest

from app.graphql.engine import Engine, RequestError
from app.graphql.errors import mask
from schema.schema import schema

ENGINE = Engine(schema, mask=mask)
START = "mutation ($input: StartSessionInput!) { startSession(input: $input) { __typename } }"
SAVE = "mutation ($input: SaveIntegrationInput!) { saveIntegration(input: $input) { __typename } }"

BAD = "linnet: 'found: \"x\"', value: y"
VARIABLES: list[tuple[str, Any, str]] = [
    (START, {"problemSummary": {"a": BAD}}, "problemSummary"),
    (START, {"problemSummary": [BAD]}, "problemSummary"),
    (START, {"problemSummary": "x", "confidenceTier": BAD}, "confidenceTier"),
    (START, {"problemSummary": "x", "confidenceTier": [BAD]}, "confidenceTier"),
    (START, {"problemSummary": "x", "customer": {"reachableUntil": BAD}}, "reachableUntil"),
    (START, {"problemSummary": "x", "customer": BAD}, "customer"),
    (START, {"environment": BAD}, "problemSummary"),
    (START, {"problemSummary": "x", "environment": BAD, "unknown": 1}, "unknown"),
    (START, BAD, "$input"),
    (SAVE, {"slack": {"botToken": BAD, "unknown": 1}}, "unknown"),
    (SAVE, {"slack": {"botToken": BAD}, "teams": {"url": BAD}}, "exactly one"),
    (SAVE, {"slack": {"botToken": BAD, "expectedVersion": BAD}}, "expectedVersion"),
    (SAVE, {"halopsa": {"clientSecret": BAD}}, "url"),
]
DOCUMENTS = [
    'mutation { startSession(input: { problemSummary: "%s" "x" }) { __typename } }',
    'mutation { startSession(input: { "%s": 1 }) { __typename } }',
    'mutation { startSession(input: { problemSummary: """%s""" """%s""" }) { __typename } }',
    'mutation { startSession(input: { problemSummary: "%s',
    'mutation { startSession(input: { problemSummary: ["%s"] }) { __typename } }',
    'mutation { startSession(input: { environment: "%s" }) { __typename } }',
    'mutation { startSession(input: { problemSummary: "x", confidenceTier: "%s" }) { id } }',
    "mutation { startSession(input: { problemSummary: 7, confidenceTier: %s }) { id } }",
    'mutation { startSession(input: { problemSummary: "x", customer: "%s" }) { __typename } }',
    'mutation { saveIntegration(input: { slack: { botToken: "%s", no: 1 } }) { __typename } }',
    '{ sessions(first: "%s") { nodes { id } } }',
    'query ($n: Int = "%s") { sessions(first: $n) { nodes { id } } }',
    '{ node(id: ["%s"]) { id } }',
    '{ viewer @include(if: "%s") { openHandoffCount } }',
    '"%s"',
]


async def refused(document: str, variables: Any = None) -> list[dict[str, Any]]:
    with pytest.raises(RequestError) as caught:
        await ENGINE.execute(ENGINE.prepare(document), variables, None)
    assert "linnet" not in str(caught.value)
    return caught.value.formatted()


@pytest.mark.parametrize(("document", "given", "named"), VARIABLES)
async def test_of_a_variable_that_does_not_fit_the_place_is_told_and_not_the_value(
    document: str, given: Any, named: str
) -> None:
    errors = await refused(document, {"input": given})
    assert "linnet" not in str(errors)
    assert named in str([error["message"] for error in errors])


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_what_is_written_into_a_document_is_not_repeated(document: str) -> None:
    errors = await refused(document.replace("%s", "linnet"))
    assert all(error["message"].endswith((".", "?")) for error in errors), errors
    assert "linnet" not in str(errors)
