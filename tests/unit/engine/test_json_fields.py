"""Fields are found as Go's encoding/json finds them."""

import pytest

from apispy.engine.json_fields import field_value, value_at


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"Image": "a"}, "a"),
        ({"image": "a"}, "a"),
        ({"image": "a", "Image": "b"}, "b"),
        ({"Images": "a"}, None),
        (["Image"], None),
        (None, None),
    ],
)
def test_a_field_is_found_regardless_of_case(value, found):
    assert field_value(value, "Image") == found


def test_a_path():
    assert value_at({"hostConfig": {"NETWORKMODE": "none"}}, "HostConfig.NetworkMode") == "none"
    assert value_at({"HostConfig": None}, "HostConfig.NetworkMode") is None
