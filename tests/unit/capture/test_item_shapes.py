"""Items in a capture have the values that outputs rely on; the fuzzer found one that had not."""

import json
from pathlib import Path

import pytest

from apispy.capture.exchange_summary import summarize
from apispy.capture.format import from_json
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


def test_the_reader_of_summaries_refuses_the_same():
    """`show --stats` counted a line that `show` refused; the fuzzer found this."""
    sample = Path(__file__).parents[3] / "samples/buildx.jsonl"
    lines = [json.loads(line) for line in sample.read_bytes().splitlines()]
    line = next(line for line in lines if line.get("tunnel"))
    item = next(item for item in line["tunnel"]["to_client"]["seen"] if item["label"] == "SETTINGS")
    summarize(line)
    item["value"]["ack"] = None
    with pytest.raises(Malformed, match=r"value\.ack: expected a value of type bool") as whole:
        from_json(line)
    with pytest.raises(Malformed) as quick:
        summarize(line)
    assert str(quick.value) == str(whole.value)
