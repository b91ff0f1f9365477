"""What a stream keeps."""

import hashlib

import pytest

from apispy.model import Chunk
from apispy.tap.exchange import CHUNK_COST, KeptStream


def fed(pieces: list[bytes], limit: int, *, digest: bool = True) -> KeptStream:
    stream = KeptStream(limit, digest=digest)
    for number, piece in enumerate(pieces):
        stream.add(Chunk(number, piece))
    return stream


@pytest.mark.parametrize(
    "pieces",
    [[b"x" * 300], [b"x" * 90, b"y" * 90], [b"x" * 100, b"y"], [b"x"] * 5, [b"x" * 40, b"y" * 400, b"z"]],
)
def test_what_is_longer_than_the_limit_has_a_digest_of_the_whole(pieces: list[bytes]) -> None:
    body = fed(pieces, 100).freeze()
    whole = b"".join(pieces)
    assert body.cut
    assert body.data == whole[: body.kept]
    assert body.size == len(whole)
    assert body.digest == hashlib.sha256(whole).hexdigest()


def test_what_is_kept_whole_needs_none() -> None:
    assert fed([b"x" * 30, b"y" * 5], 100).freeze().digest == ""
    assert fed([b"x" * 100], 100).freeze().digest == ""


def test_it_is_made_only_when_asked_for() -> None:
    assert fed([b"x" * 300], 100, digest=False).freeze().digest == ""


def test_a_flood_of_small_chunks_is_bounded() -> None:
    assert len(fed([b"x"] * 1000, 10 * CHUNK_COST).freeze().chunks) <= 11
