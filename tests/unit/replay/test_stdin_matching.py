"""What a live client says in a tunnel, held against the record."""

import hashlib

from apispy.model import Body
from apispy.replay.h2c import PREFACE, H2cMatcher, Progress
from apispy.replay.stdin_matching import ByteMatcher, Mark, Marks, MessageMatcher
from tests.recorded_calls import body


def talk(recorded: Body, *said: bytes, ends: bool = False, ends_first: bool = True) -> ByteMatcher:
    found = ByteMatcher(recorded, ends_first=ends_first)
    for data in said:
        found.heard(data)
    if ends:
        found.ended()
    return found


TWO = body((1.0, b"abc"), (3.0, b"def"), ended_at=4.0)


def test_the_same_bytes_however_they_are_cut() -> None:
    assert talk(TWO, b"a", b"bcde", b"f", ends=True).problem == ""


def test_what_differs_is_told_with_its_place() -> None:
    assert talk(TWO, b"ab", b"xdef").problem == "stdin differs at byte 2: recorded 'cdef', sent 'xdef'"
    assert "longer than the 6 recorded bytes" in talk(TWO, b"abcdefg").problem
    assert talk(TWO, b"abc", ends=True).problem == "stdin ended after 3 bytes, recorded are 6"


def test_what_came_after_the_daemons_end_is_not_missed() -> None:
    assert talk(TWO, b"abc", ends=True, ends_first=False).problem == ""


def test_marks() -> None:
    marks = Marks(TWO)
    assert [marks.at(at) for at in (0.5, 1.0, 2.0, 3.5, 5.0)] == [
        Mark(0), Mark(0), Mark(3), Mark(6), Mark(6, True)]  # fmt: skip
    nothing = Marks(body(ended_at=0.1))
    assert nothing.at(9.0) == Mark(0)  # whether a client without input closes at once is its way
    assert nothing.at(9.0, at_end=True) == Mark(0, True)


def test_a_mark_that_cannot_be_reached_any_more_is_a_problem() -> None:
    ended = talk(TWO, b"ab", ends=True, ends_first=False)
    assert not ended.reached(Mark(3))
    assert ended.problem == "stdin ended after 2 bytes, where 3 were recorded"


def test_a_long_input_is_compared_by_its_digest() -> None:
    long = b"0123456789"
    cut = Body(body((1.0, long[:4])).chunks, 10, ended_at=2.0, digest=hashlib.sha256(long).hexdigest())
    assert talk(cut, long, ends=True).problem == ""
    assert talk(cut, b"0123456780", ends=True).problem == "stdin's 10 bytes are not the recorded ones"


def masked(text: bytes, mask: bytes) -> bytes:
    content = bytes(byte ^ mask[number % 4] for number, byte in enumerate(text))
    return bytes([0x82, 0x80 | len(text)]) + mask + content


def test_of_websocket_the_messages_are_compared() -> None:
    recorded = body((1.0, masked(b"hello\n", b"\x01\x02\x03\x04")), ended_at=3.0)
    same = MessageMatcher(recorded, "websocket", ends_first=False)
    same.heard(masked(b"hello\n", b"wxyz"))
    assert same.problem == ""
    assert same.reached(Marks(recorded).at(2.0))
    other = MessageMatcher(recorded, "websocket", ends_first=False)
    other.heard(masked(b"hallo\n", b"wxyz"))
    assert "stdin differs at byte 1" in other.problem


def h2_frame(kind: int, flags: int, stream: int, content: bytes = b"") -> bytes:
    return len(content).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + content


MESSAGE = b"\x00\x00\x00\x00\x03abc"


def test_of_http2_how_far_each_call_is() -> None:
    said = (
        PREFACE + h2_frame(1, 4, 1, b"head") + h2_frame(0, 0, 1, MESSAGE[:4]) + h2_frame(0, 1, 1, MESSAGE[4:])
    )
    for size in (1, 7, len(said)):
        progress = Progress()
        for at in range(0, len(said), size):
            progress.feed(said[at : at + size])
        assert progress.state() == {1: (1, 1, True)}


def test_a_session_gets_as_far_as_it_was() -> None:
    first, second = h2_frame(1, 4, 1, b"head"), h2_frame(0, 1, 1, MESSAGE)
    recorded = body((1.0, first), (3.0, second), ended_at=9.0)
    found, marks = H2cMatcher(recorded), Marks(recorded)
    assert found.reached(marks.at(0.5))
    assert not found.reached(marks.at(2.0))
    found.heard(h2_frame(4, 0, 0) + h2_frame(1, 4, 1, b"another head"))
    assert found.reached(marks.at(2.0))
    assert not found.reached(marks.at(4.0))
    found.heard(h2_frame(0, 1, 1, MESSAGE))
    assert found.reached(marks.at(4.0))
    assert not found.reached(marks.at(10.0))
    found.ended()
    assert found.reached(marks.at(10.0))
