"""What all readers of HTTP/2 share."""

import pytest
from hyperframe.frame import DataFrame

from apispy.http2 import HEADER_SIZE, Http2Error, data_parts

HEADER = bytes(HEADER_SIZE)


def test_the_parts_of_a_data_frame() -> None:
    padded = DataFrame(1, flags=["PADDED"])
    assert data_parts(DataFrame(1), 7, HEADER) == (9, 7, 0)
    assert data_parts(padded, 7, HEADER) is None
    assert data_parts(padded, 7, HEADER + b"\2") == (10, 4, 2)
    assert data_parts(padded, 7, bytearray(HEADER + b"\6")) == (10, 0, 6)


@pytest.mark.parametrize(("size", "data"), [(7, HEADER + b"\7"), (0, HEADER), (0, HEADER + b"\0")])
def test_a_frame_that_is_shorter_than_its_padding(size: int, data: bytes) -> None:
    with pytest.raises(Http2Error, match="a DATA frame is malformed"):
        data_parts(DataFrame(1, flags=["PADDED"]), size, data)
