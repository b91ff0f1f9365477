"""A live client's input in a tunnel, compared with the recording."""

import hashlib

from apispy.model import Body
from apispy.replay.stdin_matching import ByteMatcher, MessageMatcher, StdinPosition, StdinTimeline
from tests.recorded_calls import body


def matcher(recorded: Body, *pieces: bytes, ends: bool = False, ends_first: bool = True) -> ByteMatcher:
    found = ByteMatcher(recorded, ends_first=ends_first)
    for data in pieces:
        found.feed(data)
    if ends:
        found.close()
    return found


TWO = body((1.0, b"abc"), (3.0, b"def"), ended_at=4.0)


def test_equal_bytes_match_in_any_pieces() -> None:
    assert matcher(TWO, b"a", b"bcde", b"f", ends=True).problem == ""


def test_the_problem_names_the_place_of_the_difference() -> None:
    assert matcher(TWO, b"ab", b"xdef").problem == "stdin differs at byte 2: recorded 'cdef', sent 'xdef'"
    assert "longer than recorded (6 bytes)" in matcher(TWO, b"abcdefg").problem
    assert matcher(TWO, b"abc", ends=True).problem == "stdin ended after 3 of 6 recorded bytes"


def test_input_after_the_daemons_end_may_be_missing() -> None:
    assert matcher(TWO, b"abc", ends=True, ends_first=False).problem == ""


def test_positions_by_time() -> None:
    timeline = StdinTimeline(TWO)
    assert [timeline.position_at(at) for at in (0.5, 1.0, 2.0, 3.5, 5.0)] == [
        StdinPosition(0), StdinPosition(0), StdinPosition(3), StdinPosition(6), StdinPosition(6, True)]  # fmt: skip
    nothing = StdinTimeline(body(ended_at=0.1))
    assert nothing.position_at(9.0) == StdinPosition(0)  # clients without input differ in when they close
    assert nothing.position_at(9.0, at_end=True) == StdinPosition(0, True)


def test_an_unreachable_position_is_a_problem() -> None:
    ended = matcher(TWO, b"ab", ends=True, ends_first=False)
    assert not ended.has_reached(StdinPosition(3))
    assert ended.problem == "stdin ended at byte 2, but the recorded output followed byte 3"


def test_a_long_input_is_compared_by_its_digest() -> None:
    long = b"0123456789"
    cut = Body(body((1.0, long[:4])).chunks, 10, ended_at=2.0, digest=hashlib.sha256(long).hexdigest())
    assert matcher(cut, long, ends=True).problem == ""
    assert matcher(cut, b"0123456780", ends=True).problem == "stdin's 10 bytes differ from the recorded ones"


def masked(text: bytes, mask: bytes) -> bytes:
    content = bytes(byte ^ mask[number % 4] for number, byte in enumerate(text))
    return bytes([0x82, 0x80 | len(text)]) + mask + content


def test_websocket_messages_are_compared_without_masks() -> None:
    recorded = body((1.0, masked(b"hello\n", b"\x01\x02\x03\x04")), ended_at=3.0)
    same = MessageMatcher(recorded, "websocket", ends_first=False)
    same.feed(masked(b"hello\n", b"wxyz"))
    assert same.problem == ""
    assert same.has_reached(StdinTimeline(recorded).position_at(2.0))
    other = MessageMatcher(recorded, "websocket", ends_first=False)
    other.feed(masked(b"hallo\n", b"wxyz"))
    assert "stdin differs at byte 1" in other.problem
