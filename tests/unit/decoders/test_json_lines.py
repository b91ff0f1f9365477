"""JSON documents and streams of them, as the daemon sends them."""

import pytest

from apispy.decoders import make
from apispy.model import Item


def decode(data: bytes, name: str = "json-lines") -> list[Item]:
    decoder = make(name)
    return decoder.feed(data) + decoder.close()


@pytest.mark.parametrize("between", ["\r\n", "\n", "", "\n\x1e", " \n\n"])
def test_any_separator_will_do(between: str) -> None:
    items = decode(between.join(['{"status":"Pulling"}', '{"id":"a"}', "[]"]).encode())
    assert [item.value for item in items] == [{"status": "Pulling"}, {"id": "a"}, []]
    assert {item.kind for item in items} == {"json"}


def test_an_event_is_given_when_its_line_is_there() -> None:
    decoder = make("json-lines")
    assert decoder.feed(b'{"Action":"st') == []
    assert decoder.feed(b'art"}\n') == [Item("json", "json", {"Action": "start"}, (0, 19))]
    assert decoder.close() == []


def test_concatenated_values_are_given_when_the_next_begins() -> None:
    decoder = make("json-lines")
    assert decoder.feed(b'{"a":1}') == []
    assert [item.value for item in decoder.feed(b'{"a":2}')] == [{"a": 1}]
    assert [item.value for item in decoder.close()] == [{"a": 2}]


def test_brackets_and_escapes_in_strings_do_not_count() -> None:
    assert [item.value for item in decode(b'{"a":"}{\\"]\\\\"}\n')] == [{"a": '}{"]\\'}]


def test_a_document_over_many_lines_is_one_item() -> None:
    (item,) = decode(b'{\n  "a": [\n    1\n  ]\n}\n', "json")
    assert (item.value, item.span) == ({"a": [1]}, (0, 23))


@pytest.mark.parametrize(("data", "value"), [(b'"x7f3"\n', "x7f3"), (b"null\n", None), (b"12", 12)])
def test_bare_values(data: bytes, value: object) -> None:
    assert decode(data, "json") == [Item("json", "json", value, (0, len(data)))]


def test_text_among_json_is_text() -> None:
    items = decode(b'{"a":1}\npage not found\n{"b":2}\n')
    assert [(item.kind, item.value) for item in items] == [
        ("json", {"a": 1}),
        ("text", "page not found\n"),
        ("json", {"b": 2}),
    ]


@pytest.mark.parametrize("data", [b'{"a":', b'{"a":"\xff"}', b'{"a":NaN}', b"[" * 100_000, b"{]\n"])
def test_broken_json_is_a_problem(data: bytes) -> None:
    (item,) = decode(data)
    assert (item.kind, item.span) == ("problem", (0, len(data)))


def test_a_long_value_in_small_pieces_is_read_in_linear_time() -> None:
    decoder = make("json")
    document = b'{"a":"' + b"x\\n" * 300_000 + b'"}\n'
    items = [item for i in range(0, len(document), 50) for item in decoder.feed(document[i : i + 50])]
    assert [len(item.value["a"]) for item in items] == [600_000]
