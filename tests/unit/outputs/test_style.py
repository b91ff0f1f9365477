from hypothesis import given
from hypothesis import strategies as st

from apispy.outputs.style import Piece, paint, width, wrap

PIECES = st.lists(st.builds(Piece, st.text("ab ", max_size=12), st.sampled_from(["", "dim", "bad"])))


def test_lines_are_broken_between_words() -> None:
    pieces = [Piece("12:00 ", "dim"), Piece("one two"), Piece(" three", "bad")]
    assert paint(wrap(pieces, 10, 2), False) == "12:00 one\n  two\n  three"
    assert paint(wrap(pieces, 100, 2), False) == "12:00 one two three"


@given(PIECES, st.integers(1, 20))
def test_breaking_loses_no_word(pieces: list[Piece], columns: int) -> None:
    whole = "".join(piece.text for piece in pieces)
    assert paint(wrap(pieces, columns, 2), False).replace("\n  ", "").replace(" ", "") == whole.replace(
        " ", ""
    )


@given(PIECES)
def test_colour_has_no_width(pieces: list[Piece]) -> None:
    assert width(pieces) == len(paint(pieces, False))
