"""Parameters, against what is read in Docker's reference and in the daemon's handlers."""

import pytest

from apispy.engine.parameters import Parameter, parameters, parameters_of


def one(operation: str, name: str, version: str | None = None) -> Parameter | None:
    return next((row for row in parameters_of(operation, version) if row.name == name), None)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("ContainerList", Parameter("query", "all", "boolean", "1.0", "1.55")),
        ("ContainerList", Parameter("query", "filters", "string", "1.12", "1.55", json=True)),
        ("ContainerList", Parameter("query", "since", "string", "1.0", "1.24")),
        ("ContainerList", Parameter("query", "since", "string", "1.25", "1.41", documented=False)),
        ("ContainerInspect", Parameter("path", "id", "string", "1.0", "1.55", required=True)),
        ("ImageCreate", Parameter("header", "X-Registry-Auth", "string", "1.7", "1.55")),
        ("ImageTag", Parameter("query", "force", "boolean", "1.0", "1.23")),
        ("ImageList", Parameter("query", "filter", "string", "1.25", "1.40", documented=False)),
        ("ImageBuild", Parameter("query", "buildargs", "string", "1.21", "1.55", json=True)),
        ("ImageBuild", Parameter("query", "ulimits", "string", "1.20", "1.55", documented=False, json=True)),
        ("ImageBuild", Parameter("query", "version", "string", "1.38", "1.55", enum=("1", "2"))),
        ("BuildPrune", Parameter("query", "keep-storage", "integer", "1.39", "1.51", deprecated="1.48")),
        ("GetPluginPrivileges", Parameter("query", "name", "string", "1.25", "1.26", required=True)),
        ("ContainerLogs", Parameter("query", "format", "string", "1.54", "1.55", documented=False)),
        (
            "CheckpointDelete",
            Parameter("path", "checkpoint", "string", "1.25", "1.55", documented=False, required=True),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_parameter(operation: str, expected: Parameter):
    assert expected in parameters(operation)


def test_a_platform_is_a_string_in_some_operations_and_json_in_others():
    plain = [one(operation, "platform") for operation in ("ContainerCreate", "ImageBuild", "ImageCreate")]
    assert [row and row.json for row in plain] == [False, False, False]
    first = {
        "ImagePush": "1.46",
        "ImageLoad": "1.48",
        "ImageGet": "1.48",
        "ImageHistory": "1.48",
        "ImageInspect": "1.49",
    }
    for operation, version in first.items():
        row = one(operation, "platform")
        assert row
        assert (row.json, row.first) == (True, version)


def test_a_parameter_is_what_its_version_says():
    old, new = (one("ImageGetAll", "platform", version) for version in ("1.51", "1.52"))
    assert old
    assert new
    assert (old.type, new.type) == ("string", "array")
    assert one("ImageGetAll", "platform", "1.47") is None


def test_before_the_first_description_types_are_those_of_the_first():
    row = one("ContainerLogs", "follow", "1.11")
    assert row
    assert row.type == "boolean"


def test_a_gap_in_the_descriptions_is_none():
    assert one("ContainerPrune", "filters", "1.27")


def test_an_unknown_operation_has_none():
    assert parameters("nothing") == parameters_of("nothing", None) == ()
