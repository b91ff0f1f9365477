"""Where a response is truncated."""

import pytest

from apispy.gate import ResponseTruncator
from apispy.gate.actions import MAX_HEAD

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
UPGRADE = b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n"


def cut(size: int, data: bytes, step: int) -> tuple[bytes, bool]:
    made, passed = ResponseTruncator(size), b""
    for start in range(0, len(data), step):
        allowed, ends = made.feed(data[start : start + step])
        passed += allowed
        if ends:
            return passed, True
    return passed, False


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize("head", [HEAD, CONTINUE + HEAD, UPGRADE])
def test_so_many_bytes_behind_the_final_head(head: bytes, step: int):
    body = b"0123456789"
    assert cut(4, head + body, step) == (head + b"0123", True)
    assert cut(0, head + body, step) == (head, True)
    assert cut(10, head + body, step) == (head + body, False)
    assert cut(0, head, step) == (head, False)


@pytest.mark.parametrize("step", [60_000, MAX_HEAD + 1])
def test_a_head_without_an_end_is_over_after_its_limit(step: int):
    """What the limit was reached with is passed as a part of the head; the bytes after it count."""
    head = b"HTTP/1.1 200 OK\r\nX: ".ljust(-(-(MAX_HEAD + 1) // step) * step, b"x")
    assert cut(4, head, step) == (head, False)
    assert cut(4, head + b"0123456789", step) == (head + b"0123", True)
