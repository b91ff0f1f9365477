"""Shapes, against what is read in Docker's reference."""

import pytest

from apispy.engine.shapes import Shape, request_shape, response_shape, statuses


def within(shape: Shape | None, path: str) -> Shape:
    """The shape of a field, "HostConfig.Binds", "[]" for an element or a value."""
    for name in path.split("."):
        assert shape
        field = shape.field(name)
        shape = shape.items if name == "[]" else field and field.shape
    assert shape
    return shape


def test_a_request_that_two_definitions_make_up():
    body = request_shape("ContainerCreate", "1.41")
    assert within(body, "Image").kind == "string"
    assert within(body, "HostConfig").name == "HostConfig"
    assert within(body, "HostConfig.Memory").format == "int64"  # of the definition Resources, within it
    assert within(body, "HostConfig.Binds.[]").kind == "string"


def test_a_field_appears_in_its_version():
    old, new = (request_shape("ContainerCreate", version) for version in ("1.42", "1.43"))
    assert not within(old, "HostConfig").field("Annotations")
    assert within(new, "HostConfig.Annotations").kind == "map"


def test_an_array_of_a_definition():
    answer = response_shape("ContainerList", 200, "1.41")
    assert answer
    assert answer.kind == "array"
    assert within(answer, "[]").name == "ContainerSummary"
    assert within(answer, "[].Id").kind == "string"
    assert within(answer, "[].Labels.[]").kind == "string"


def test_null_is_allowed_where_it_is():
    old, new = (response_shape("ImageInspect", 200, version) for version in ("1.41", "1.55"))
    assert not within(old, "Comment").nullable
    assert within(new, "Comment").nullable
    assert within(new, "Descriptor").nullable  # beside a reference
    assert within(new, "Descriptor").name == "OCIDescriptor"


def test_an_enum():
    status = within(response_shape("ContainerInspect", 200, "1.41"), "State.Status")
    assert status.enum == ("created", "running", "paused", "restarting", "removing", "exited", "dead")
    assert within(response_shape("ContainerChanges", 200, "1.41"), "[].Kind").enum == (0, 1, 2)


def test_what_is_required():
    body = request_shape("NetworkCreate", "1.41")
    assert body
    assert body.name == "NetworkCreateRequest"
    assert [field.name for field in body.fields if field.required] == ["Name"]


def test_a_choice_of_types_is_any():
    assert within(request_shape("ContainerCreate", "1.34"), "Cmd").kind == "any"
    assert within(request_shape("ContainerCreate", "1.35"), "Cmd").kind == "array"


def test_a_definition_that_stands_for_another_keeps_its_name():
    assert within(response_shape("NetworkList", 200, "1.52"), "[]").name == "NetworkSummary"
    inspected = response_shape("NetworkInspect", 200, "1.52")
    assert within(inspected, "Id").kind == "string"
    assert within(inspected, "Containers").kind == "map"


def test_an_operation_that_was_renamed():
    assert statuses("ContainerArchiveInfo", "1.25") == (200, 400, 404, 500)


@pytest.mark.parametrize(
    ("operation", "version"),
    [
        ("ContainerCreate", "1.24"),
        ("VolumeUpdate", "1.41"),
        ("ContainerList", "1.41"),
        ("Grpc", "1.41"),
        ("", None),
    ],
)
def test_no_request(operation: str, version: str | None):
    assert request_shape(operation, version) is None


def test_no_response():
    assert response_shape("ContainerKill", 204, "1.41") is None  # without a body
    assert response_shape("ContainerKill", 418, "1.41") is None
    assert response_shape("ContainerList", 200, "1.24") is None
    assert statuses("ContainerList", "1.24") == ()


def test_of_an_unknown_version_the_nearest():
    newest = response_shape("ImageAttestations", 200, "1.55")
    for version in ("1.99", None, "garbage"):
        shape = response_shape("ImageAttestations", 200, version)
        assert shape
        assert newest
        assert [field.name for field in within(shape, "[]").fields] == [
            field.name for field in within(newest, "[]").fields
        ]
