"""Known secrets in what programs write: frames, terminals, pieces, and what is kept of time and structure."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apispy import decoders
from apispy.model import Body, Chunk
from apispy.redaction.known_secrets import KnownSecrets
from apispy.redaction.program_output import LiveOutput, output

from .hiding import replacer, token

SECRET = "hunter2-in-env"
TOKEN = token(SECRET).encode()


def frame(text: bytes, kind: int = 1) -> bytes:
    return bytes((kind, 0, 0, 0)) + len(text).to_bytes(4) + text


def body(*pieces: bytes) -> Body:
    return Body(
        tuple(Chunk(float(at), data) for at, data in enumerate(pieces) if data),
        sum(len(data) for data in pieces),
    )


def shown(came: Body, *, framed: bool = True, archive: bool = False) -> Body:
    return output(replacer(known_secrets={SECRET}), came, "x", framed=framed, archive=archive)


def test_chunks_and_frames_keep_their_times() -> None:
    found = shown(body(frame(b"a\n"), frame(b"it is hunter2-in-env!\n"), frame(b"b\n", 2)))
    assert found == body(frame(b"a\n"), frame(b"it is " + TOKEN + b"!\n"), frame(b"b\n", 2))


def test_a_secret_in_two_frames_of_one_kind() -> None:
    found = shown(body(frame(b"<hunter2-"), frame(b"other\n", 2), frame(b"in-env>\n")))
    assert found == body(frame(b"<" + TOKEN), frame(b"other\n", 2), frame(b">\n"))


def test_a_secret_in_two_chunks_of_a_terminal() -> None:
    assert shown(body(b"$ hunter2", b"-in-env", b" x")) == body(b"$ ", TOKEN, b" x")


def test_what_is_not_in_frames_is_withheld_and_archives_are_not_searched() -> None:
    came = body(b"xx" + SECRET.encode())
    assert not shown(came, framed=False).shown
    assert shown(came, framed=False, archive=True) == came


def test_a_cut_stream_stays_cut_and_has_no_digest() -> None:
    data = frame(b"hunter2-in-env hunter2-i")
    came = Body((Chunk(0.0, data),), 100 + len(data), digest="0" * 64)
    found = shown(came)
    assert found.data[8:] == TOKEN + b" " + b"*" * 9
    assert found.size - found.kept == 100
    assert found.digest == ""


def test_output_without_secrets_stays() -> None:
    for came in (body(b"hunter2"), body(frame(b"hunter2-in"), b"\x01\0"), body(b"\x01\0\0\0\0\0\0\xff x")):
        assert shown(came) == came


PIECES = st.lists(
    st.sampled_from(["hunter2", "-in-env", "hunter2-in-env", "x", "\n"]), min_size=1, max_size=6
)


@given(
    texts=st.lists(st.tuples(st.sampled_from([1, 2]), PIECES), max_size=5), cuts=st.lists(st.integers(0, 300))
)
def test_however_it_is_divided_no_secret_passes(texts: list[tuple[int, list[str]]], cuts: list[int]) -> None:
    frames = [(kind, part.encode()) for kind, parts in texts for part in parts]
    data = b"".join(frame(text, kind) for kind, text in frames)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:stop] for start, stop in itertools.pairwise(edges) if start < stop]
    found = shown(body(*pieces))
    for name, number in (("stdout", 1), ("stderr", 2)):
        decoder = decoders.make("stdio")
        items = [item for chunk in found.chunks for item in decoder.feed(chunk.data)]
        wire = b"".join(text for kind, text in frames if kind == number)
        assert b"".join(item.value for item in items if item.kind == name) == wire.replace(
            SECRET.encode(), TOKEN
        )
    live, shown_live = LiveOutput(KnownSecrets([SECRET])), b""
    for piece in pieces:
        shown_live += live.piece(replacer(), "raw", piece)
    assert SECRET.encode() not in shown_live


@pytest.mark.parametrize("at", range(1, len(SECRET)))
def test_a_piece_that_divides_a_secret_is_masked(at: int) -> None:
    live, text = LiveOutput(KnownSecrets([SECRET])), SECRET.encode()
    first = live.piece(replacer(), "raw", b"a " + text[:at])
    second = live.piece(replacer(), "raw", text[at:] + b" b")
    assert first == b"a " + (b"*" * at if at >= 4 else text[:at])
    assert second == b"*" * (len(text) - at) + b" b"
