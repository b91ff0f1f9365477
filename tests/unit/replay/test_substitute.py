"""Live texts in recorded responses."""

import pytest

from apispy.model import Chunk
from apispy.replay.substitute import substitute, substitution_of


def frame(kind: int, text: bytes) -> bytes:
    return bytes([kind, 0, 0, 0]) + len(text).to_bytes(4) + text


def substituted(*pieces: bytes, format: str = "json", **texts: str) -> list[bytes]:
    chunks = [Chunk(float(number), data) for number, data in enumerate(pieces)]
    return [chunk.data for chunk in substitute(chunks, format, substitution_of(texts))]


def test_bound_texts_are_put_in() -> None:
    assert substituted(b'{"Name":"/web-3f9a1c"}', **{"3f9a1c": "77aa01b"}) == [b'{"Name":"/web-77aa01b"}']
    assert substituted(b'{"Name":"/<name:1>"}', **{"<name:1>": "web"}) == [b'{"Name":"/web"}']


def test_longer_words_are_unchanged() -> None:
    assert substituted(b'{"Size":491530,"Port":"49153"}', **{"49153": "5"}) == [b'{"Size":491530,"Port":"5"}']


def test_a_port_becomes_a_number_where_docker_has_numbers() -> None:
    data = b'{"PublicPort": "<port:1>", "HostPort": "<port:1>"}'
    assert substituted(data, **{"<port:1>": "40001"}) == [b'{"PublicPort": 40001, "HostPort": "40001"}']


def test_a_text_across_two_chunks_is_put_into_the_first() -> None:
    assert substituted(b"a <na", b"me:1> b", **{"<name:1>": "web"}, format="text") == [b"a web", b" b"]


def test_frames_get_new_lengths() -> None:
    one, two = frame(1, b"I am <name:1>\n"), frame(2, b"oh\n")
    assert substituted(one[:9], one[9:] + two, format="stdio", **{"<name:1>": "x"}) == [
        frame(1, b"I am x\n"),
        two,
    ]


@pytest.mark.parametrize("format", ["tar", "opaque", "websocket"])
def test_formats_that_a_new_length_would_break_are_unchanged(format: str) -> None:
    assert substituted(b"<name:1>", format=format, **{"<name:1>": "x"}) == [b"<name:1>"]


def test_without_bound_texts_the_chunks_are_unchanged() -> None:
    assert substituted(b"a", b"b") == [b"a", b"b"]
