"""Fields are found as Go's encoding/json finds them."""

import pytest

from apispy.engine.json_fields import field_value, fold, fold_bytes, value_at


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"Image": "a"}, "a"),
        ({"image": "a"}, "a"),
        ({"image": "a", "Image": "b"}, "b"),
        ({"Images": "a"}, None),
        ({"\u212aind": "a"}, None),
        (["Image"], None),
        (None, None),
    ],
)
def test_a_field_is_found_regardless_of_case(value, found):
    assert field_value(value, "Image") == found


@pytest.mark.parametrize("name", ["Links", "LINKS", "Lin\u212as", "Link\u017f", "Lin\u212a\u017f"])
def test_the_long_s_and_the_sign_of_kelvin_are_s_and_k(name):
    assert field_value({name: "a"}, "Links") == "a"
    assert fold(name) == "links"
    assert fold_bytes(f'{{"{name}": "é"}}'.encode()) == '{"links": "é"}'.encode()


def test_a_path():
    assert value_at({"hostConfig": {"NETWORKMODE": "none"}}, "HostConfig.NetworkMode") == "none"
    assert value_at({"HostConfig": None}, "HostConfig.NetworkMode") is None
