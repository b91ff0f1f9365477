"""Bytes are replaced, and the others keep their times."""

import pytest

from apispy.model import Body, Chunk
from apispy.redaction.edits import Edit, edited, edits_of_lines


def body(*pieces: bytes) -> Body:
    chunks = tuple(Chunk(float(number), piece) for number, piece in enumerate(pieces) if piece)
    return Body(chunks, sum(map(len, pieces)))


@pytest.mark.parametrize(
    ("edits", "pieces"),
    [
        ([], (b"abc", b"def", b"ghi")),
        ([Edit(1, 2, b"X")], (b"aXc", b"def", b"ghi")),
        ([Edit(2, 4, b"X")], (b"ab", b"Xef", b"ghi")),
        ([Edit(2, 7, b"X")], (b"ab", b"", b"Xhi")),
        ([Edit(0, 9, b"X")], (b"", b"", b"X")),
        ([Edit(3, 6, b"X")], (b"abc", b"X", b"ghi")),
        ([Edit(3, 6, b"")], (b"abc", b"", b"ghi")),
        ([Edit(9, 9, b"X")], (b"abc", b"def", b"ghiX")),
        ([Edit(7, 8, b"Z"), Edit(2, 4, b"X"), Edit(4, 5, b"YY")], (b"ab", b"XYYf", b"gZi")),
    ],
)
def test_an_edit_is_in_the_chunk_that_completes_it(edits: list[Edit], pieces: tuple[bytes, ...]) -> None:
    assert edited(body(b"abc", b"def", b"ghi"), edits) == body(*pieces)


def test_what_was_cut_stays_cut() -> None:
    cut = Body((Chunk(0.0, b"abc"),), 10, digest="0" * 64)
    assert edited(cut, [Edit(0, 1, b"XX")]) == Body((Chunk(0.0, b"XXbc"),), 11)


def test_the_lines_that_differ() -> None:
    assert list(edits_of_lines(b"a\nb\nc", b"a\nB\nc  ")) == [Edit(2, 3, b"B"), Edit(4, 5, b"c  ")]
    assert list(edits_of_lines(b"a\nb\n", b"a\nb\n  ")) == [Edit(4, 4, b"  ")]
    assert list(edits_of_lines(b"a\nb\nc", b"a\nbc")) == [Edit(0, 5, b"a\nbc")]
    assert not list(edits_of_lines(b"a\nb", b"a\nb"))
