"""The OpenAPI document of what was seen: valid, and true of every body that it was made of."""

import json
from pathlib import Path
from typing import Any

import click.testing
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from apispy.app.decoded_calls import read_files
from apispy.cli.proxy import proxy
from apispy.learn import NameRegistry
from apispy.learn.drift import OpenApi
from apispy.learn.drift import schema as limits
from apispy.learn.drift.schema import SeenSchema
from apispy.model import Exchange
from apispy.outputs import DecodedCall
from apispy.pipeline import read
from tests.recorded_calls import call

ROOT = Path(__file__).parents[4]
SAMPLES = [*sorted(ROOT.joinpath("samples").glob("*.jsonl")), ROOT / "samples/podman-4.3.jsonl.gz"]


def document_of(*exchanges: Exchange) -> dict[str, Any]:
    collected, names = OpenApi(), NameRegistry()
    for exchange in exchanges:
        collected.add(read(exchange, names, notes="off"))
    document = collected.document()
    OpenAPIV31SpecValidator(document).validate()
    return document


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_it_is_valid_and_describes_every_body(sample: Path) -> None:
    collected = OpenApi()
    calls = [decoded for decoded, _ in read_files((sample,))]
    for decoded in calls:
        collected.add(decoded)
    document = collected.document()
    OpenAPIV31SpecValidator(document).validate()
    for decoded in calls:
        assert decoded.exchange.response
        operation = document["paths"][decoded.call.operation.path][decoded.exchange.request.method.lower()]
        described = {(row["in"], row["name"]) for row in operation.get("parameters", ())}
        assert {("query", name) for name, _ in decoded.call.query} <= described
        check(operation.get("requestBody", {}), decoded, "request")
        check(operation["responses"][str(decoded.exchange.response.status)], decoded, "response")


def check(part: dict[str, Any], decoded: DecodedCall, direction: Any) -> None:
    """Each JSON value of a body is valid by the schema of one of the media types."""
    schemas = [content["schema"] for content in part.get("content", {}).values() if "schema" in content]
    for item in decoded.items.get(direction, ()):
        if item.kind == "json":
            assert any(Draft202012Validator(schema).is_valid(item.value) for schema in schemas)


def test_unknown_paths_and_hostile_names_are_valid() -> None:
    document = document_of(
        call(1, "GET", f"/v1.41/extras/{'a1' * 32}/state?x=1&x=2&%00=3", {"a": 1}),
        call(2, "BREW", "/coffee"),
        call(3, "GET", "/%7Bid%7D/..//%22", {"b": None}, status=404),
        call(4, "GET", "/v1.41/extras/" + "b2" * 32 + "/state", {"a": 1.5}),
    )
    [path] = [path for path in document["paths"] if path.startswith("/extras")]
    operation = document["paths"][path]["get"]
    assert [(row["in"], row["name"]) for row in operation["parameters"]][:2] == [
        ("path", "name2"),
        ("query", "\x00"),
    ]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]}


def test_names_of_a_map_are_no_fields() -> None:
    body = {"Image": "x", "Labels": {"a": "1", "b": "2"}}
    document = document_of(call(1, "POST", "/v1.41/containers/create", {}, status=201, asks=body))
    content = document["paths"]["/containers/create"]["post"]["requestBody"]["content"]["application/json"]
    assert content["schema"]["properties"]["Labels"] == {
        "type": "object",
        "additionalProperties": {"type": "string"},
    }


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(JSON, min_size=1, max_size=4))
def test_every_value_is_valid_by_the_merged_schema(values: list[Any]) -> None:
    merged = SeenSchema()
    for value in values:
        merged.add(value)
    schema = merged.schema()
    Draft202012Validator.check_schema(schema)
    for value in values:
        assert Draft202012Validator(schema).is_valid(value)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FIELDS", 5)
    merged = SeenSchema()
    for number in range(100):
        merged.add({f"field{number}": number, "both": "x"})
    schema = merged.schema()
    assert len(schema["properties"]) == 5
    assert schema["additionalProperties"]["type"] == "integer"
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    merged.add({"both": deep})
    assert len(json.dumps(merged.schema())) < 5000


def test_the_option_prints_the_document() -> None:
    run = click.testing.CliRunner().invoke(
        proxy, ["drift", "--openapi", str(SAMPLES[0])], standalone_mode=False
    )
    OpenAPIV31SpecValidator(json.loads(run.output)).validate()
    assert run.return_value == 0
