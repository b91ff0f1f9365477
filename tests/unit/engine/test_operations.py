"""The table holds together."""

import re

import pytest

from apispy.engine import OPERATIONS, Operation

OUTCOMES = re.compile(
    r"count:[a-z]+(@[A-Za-z]+)?|id|exit-code|version|info|name|state|exec-state|ping|progress|events|stats|space|top"
    r"|changes|size|grpc|none"
)
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.id)


@each_operation
def test_rows_are_well_formed(operation: Operation) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z]+", operation.id)
    assert operation.method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
    assert re.fullmatch(r"(/[a-z0-9_]+|/\{[a-z]+\})+", operation.path)
    assert OUTCOMES.fullmatch(operation.outcome)
    assert all(re.fullmatch(r"(request|response)(\.[\w-]+)*", secret) for secret in operation.secrets)


@each_operation
def test_what_is_said_of_a_body_needs_a_body(operation: Operation) -> None:
    """An argument or a secret in a body that is not JSON would never be found."""
    of_request = any(name.startswith("body.") for name in operation.shows)
    of_request |= any(name.startswith("request") for name in operation.secrets)
    assert operation.request == "json" or not of_request
    of_response = any(name.startswith("response") for name in operation.secrets)
    assert operation.response == "json" or not of_response
