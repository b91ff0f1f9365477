"""The output of programs, framed and raw."""

from apispy.decoders import make
from apispy.model import Item

HELLO = b"\x01\0\0\0\0\0\0\x06hello\n"
OOPS = b"\x02\0\0\0\0\0\0\x05oops\n"


def pairs(items: list[Item]) -> list[tuple[str, object]]:
    return [(item.kind, item.value) for item in items]


def test_frames_are_told_apart_and_cover_their_headers() -> None:
    items = make("stdio").feed(HELLO + OOPS)
    assert pairs(items) == [("stdout", b"hello\n"), ("stderr", b"oops\n")]
    assert [item.span for item in items] == [(0, 14), (14, 27)]


def test_a_frame_is_given_as_it_comes() -> None:
    decoder = make("stdio")
    assert decoder.feed(HELLO[:8]) == []
    assert pairs(decoder.feed(HELLO[8:10])) == [("stdout", b"he")]
    assert pairs(decoder.feed(HELLO[10:])) == [("stdout", b"llo\n")]
    assert decoder.close() == []


def test_an_empty_frame_is_a_frame() -> None:
    assert make("stdio").feed(b"\x01" + bytes(7)) == [Item("stdout", "stdout", b"", (0, 8))]


def test_a_terminal_is_raw_from_its_first_byte() -> None:
    decoder = make("stdio")
    assert pairs(decoder.feed(b"/")) == [("raw", b"/")]
    assert pairs(decoder.feed(b" # \x01\0\0\0")) == [("raw", b" # \x01\0\0\0")]


def test_too_short_to_tell_is_raw() -> None:
    decoder = make("stdio")
    assert decoder.feed(b"\x01\0") == []
    assert decoder.close() == [Item("raw", "raw", b"\x01\0", (0, 2))]


def test_a_chain_that_breaks_is_a_problem_and_the_rest_raw() -> None:
    items = make("stdio").feed(HELLO + b"panic!")
    assert [item.kind for item in items] == ["stdout", "problem", "raw"]
    assert "expected a frame's header, at byte 14" in items[1].value
    assert items[2] == Item("raw", "raw", b"panic!", (14, 20))


def test_a_frame_cut_off_is_a_problem() -> None:
    decoder = make("stdio")
    decoder.feed(HELLO[:11])
    (problem,) = decoder.close()
    assert (problem.kind, problem.span) == ("problem", (11, 11))
    assert problem.value == "the stream ends inside a frame of stdout: 3 more bytes expected"


def test_a_header_cut_off_is_a_problem() -> None:
    decoder = make("stdio")
    decoder.feed(HELLO + OOPS[:5])
    (problem,) = decoder.close()
    assert problem.span == (14, 19)
    assert problem.value == "the stream ends inside a frame's header: 3 more bytes expected"


def test_empty_frames_in_a_row_are_one_item() -> None:
    assert make("stdio").feed(bytes(8000)) == [Item("stdin", "stdin", b"", (0, 8000))]


def test_where_frames_must_be_their_absence_is_a_problem() -> None:
    decoder = make("frames")
    assert pairs(decoder.feed(HELLO)) == [("stdout", b"hello\n")]
    items = make("frames").feed(b"/ # ls")
    assert [item.kind for item in items] == ["problem", "raw"]
    assert "expected a frame's header, at byte 0" in items[0].value


def test_where_frames_must_be_a_stream_too_short_is_cut_off() -> None:
    decoder = make("frames")
    decoder.feed(b"\x01\0")
    assert [item.label for item in decoder.close()] == ["cut off"]
