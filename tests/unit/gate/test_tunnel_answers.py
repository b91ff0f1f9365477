"""apispy's own frames among the daemon's: between two of them, and after the first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apispy.gate import DaemonFrames
from apispy.gate.tunnel_answers import MAX_WHOLE, refused_call
from tests.tunnel_frames import CONTINUATION, DATA, END_HEADERS, HEADERS, SETTINGS, frame

SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
ANSWER = refused_call(3, "no")
UNITS = [
    frame(SETTINGS),
    frame(HEADERS, b"ab", 1) + frame(CONTINUATION, b"c", 1) + frame(CONTINUATION, b"d", 1, END_HEADERS),
    frame(DATA, b"x" * 300, 1),
    frame(HEADERS, b"t", 1, END_HEADERS),
]
"""What nothing may stand in."""


@given(st.lists(st.integers(1, 120), max_size=12), st.integers(0, 12))
def test_an_answer_stands_between_frames_and_no_byte_is_lost(cuts: list[int], when: int) -> None:
    sent, frames, passed = SWITCHING + b"".join(UNITS), DaemonFrames(), b""
    for number, cut in enumerate([*cuts, len(sent)]):
        if number == min(when, len(cuts)):
            passed += frames.insert(ANSWER, last=False)
        passed += frames.feed(sent[:cut])
        sent = sent[cut:]
    at = passed.index(ANSWER)
    assert passed[:at] + passed[at + len(ANSWER) :] == SWITCHING + b"".join(UNITS)
    ends = [len(SWITCHING + b"".join(UNITS[:count])) for count in range(1, len(UNITS) + 1)]
    assert at in ends


def test_a_last_answer_does_not_wait_for_a_daemon_that_is_gone() -> None:
    frames = DaemonFrames()
    assert frames.feed(SWITCHING) == SWITCHING
    assert frames.insert(ANSWER, last=False) == b""
    assert frames.insert(b"bye", last=True) == frame(SETTINGS) + ANSWER + b"bye"


def test_the_beginning_of_a_frame_passes_when_the_daemon_ends() -> None:
    frames = DaemonFrames()
    assert frames.feed(SWITCHING + UNITS[0] + UNITS[2][:20]) == SWITCHING + UNITS[0]
    assert frames.take_rest() == UNITS[2][:20]
    assert frames.take_rest() == b""


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 x\r\n\r\n",
        SWITCHING + (MAX_WHOLE + 1).to_bytes(3) + bytes(6),
        SWITCHING + frame(HEADERS, b"x", 1) + MAX_WHOLE.to_bytes(3) + bytes([CONTINUATION]) + bytes(5),
    ],
    ids=len,
)
def test_what_is_no_tunnel_passes_as_it_came(response: bytes) -> None:
    frames = DaemonFrames()
    assert b"".join(frames.feed(response[at : at + 1]) for at in range(len(response))) + frames.feed(
        b"more"
    ) == (response + b"more")
    assert frames.insert(ANSWER, last=True) == b""
    assert frames.lost  # so that the connection ends instead


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"HTTP/1.1 101 Switching Protocols\r\n", b"X: y\r\n" * 1000),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 300),
        (SWITCHING + frame(HEADERS, b"", 1), frame(CONTINUATION, b"", 1) * 1000),
        (SWITCHING + frame(HEADERS, b"", 1), frame(CONTINUATION, b"c" * 10_000, 1)),
    ],
    ids=["head", "interim responses", "empty frames", "header block"],
)
def test_what_never_ends_is_not_held_without_bound(begin: bytes, piece: bytes) -> None:
    frames = DaemonFrames()
    sent, passed = len(begin), len(frames.feed(begin))
    while not frames.lost and sent < 3 * MAX_WHOLE:
        passed += len(frames.feed(piece))
        sent += len(piece)
    assert frames.lost
    assert passed == sent
