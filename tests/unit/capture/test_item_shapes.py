"""Items in a capture have the values that outputs rely on; the fuzzer found one that had not."""

import pytest

from apispy.capture.item_json import decode_seen
from apispy.capture.validation import Malformed


def seen(kind: str, label: str, value: object) -> dict[str, object]:
    return {"at": 0.5, "kind": kind, "label": label, "span": [0, 9], "value": value}


@pytest.mark.parametrize(
    ("kind", "label", "value", "place"),
    [
        ("grpc", "calls", {"calls": {"/a.B/C": 1}}, "value.statuses"),
        ("grpc", "calls", {"calls": {"/a.B/C": "x"}, "statuses": {}}, "value.calls"),
        ("grpc", "calls", 7, "value.calls"),
        ("h2c", "SETTINGS", {"ack": False}, "value.settings"),
        ("h2c", "GOAWAY", {"error": "NO_ERROR"}, "value.last"),
        ("h2c", "DATA", {"size": "9"}, "value.size"),
    ],
)
def test_a_value_of_another_shape_is_refused(kind: str, label: str, value: object, place: str):
    with pytest.raises(Malformed, match=place):
        decode_seen(seen(kind, label, value), "item")


def test_what_decoders_give_is_read():
    found = decode_seen(seen("grpc", "calls", {"calls": {"/a.B/C": 1}, "statuses": {}}), "item")
    assert found.item.value == {"calls": {"/a.B/C": 1}, "statuses": {}}
