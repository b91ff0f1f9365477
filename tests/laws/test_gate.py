"""The gate forwards bytes verbatim, however they are split, refuses web pages, and parses or explains any fault."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apispy.errors import UsageError
from apispy.gate import BrowserGuard, Gate, HoldingForwarder, PassThrough, RequestForwarder, parse
from apispy.gate.rules import SETTINGS
from apispy.model import Exchange, Request

HOSTS = st.sampled_from([b"docker", b"127.0.0.1:2375", b"api.moby.localhost", b"[::1]"])
PATHS = st.sampled_from([b"/_ping", b"/v1.41/containers/json?all=1", b"/build", b"/x/y%20z"])


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A well-formed request that does not hijack, with or without a body."""
    head = b"%b %b HTTP/1.1\r\nHost: %b\r\n" % (
        draw(st.sampled_from([b"GET", b"POST", b"HEAD"])),
        draw(PATHS),
        draw(HOSTS),
    )
    body = draw(st.binary(max_size=40))
    match draw(st.integers(0, 2)):
        case 0:
            return head + b"\r\n"
        case 1:
            return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    pieces = draw(st.lists(st.binary(min_size=1, max_size=20), max_size=3))
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return (
        head
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + chunks
        + b"0\r\n"
        + draw(st.sampled_from([b"", b"A: b\r\n"]))
        + b"\r\n"
    )


EVIL = b"POST /containers/create HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 2\r\n\r\n{}"
CUTS = st.lists(st.integers(1, 60), max_size=20)


@dataclass
class Following:
    """A daemon that responds to everything at once, and hijacks nothing."""

    answered: int = 1 << 30
    idle: bool = True
    tunnelled: bool = False


def described(request: Request) -> Exchange:
    return Exchange(0, 0, 0.0, "law", "", request)


def pass_through() -> RequestForwarder:
    return PassThrough(Gate((), BrowserGuard()), Following())


def holding() -> RequestForwarder:
    return HoldingForwarder(
        Gate([parse("op:ContainerStart image:nosuch reset")], BrowserGuard()), Following(), described
    )


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    found = []
    for cut in cuts:
        found.append(data[:cut])
        data = data[cut:]
    return [piece for piece in [*found, data] if piece]


def passed(way: RequestForwarder, piece: bytes) -> tuple[bytes, bool]:
    """Feed *piece*. Return the forwarded bytes, and whether something was refused."""
    way.feed(piece)
    out = b""
    while (step := way.next()) is not None:
        if not step[1].passes:
            return out, True
        out += step[0]
    return out, False


@given(st.lists(requests(), max_size=5), st.binary(max_size=20), CUTS)
def test_without_faults_every_byte_goes_on_at_once(asked: list[bytes], rest: bytes, cuts: list[int]) -> None:
    way = pass_through()
    for piece in pieces(b"".join(asked) + rest, cuts):
        assert passed(way, piece) == (piece, False)


@given(st.lists(requests(), max_size=5), CUTS)
def test_with_faults_that_hit_nothing_every_byte_goes_on(asked: list[bytes], cuts: list[int]) -> None:
    way, data = holding(), b"".join(asked)
    out = [passed(way, piece) for piece in pieces(data, cuts)]
    assert b"".join(piece for piece, _ in out) + way.take_rest() == data
    assert not any(refused for _, refused in out)


@pytest.mark.parametrize("make", [pass_through, holding])
@given(before=st.lists(requests(), max_size=4), after=st.lists(requests(), max_size=2), cuts=CUTS)
def test_no_pages_request_gets_through_whole(
    make, before: list[bytes], after: list[bytes], cuts: list[int]
) -> None:  # type: ignore[no-untyped-def]
    way, out = make(), b""
    for piece in pieces(b"".join([*before, EVIL, *after]), cuts):
        more, refused = passed(way, piece)
        out += more
        if refused:
            break
    else:
        raise AssertionError("it was not refused")
    clean = b"".join(before)
    assert out.startswith(clean)
    assert b"\r\n\r\n" not in out[len(clean) :]


@given(st.lists(st.binary(max_size=30), max_size=6), st.booleans())
def test_any_bytes_are_total(data: list[bytes], faults: bool) -> None:
    way = holding() if faults else pass_through()
    for piece in data:
        passed(way, piece)
    way.take_rest()


WORDS = st.sampled_from(
    [
        *SETTINGS,
        *(setting.example for setting in SETTINGS.values()),
        "op:x",
        "and",
        "not",
        "(",
        ")",
        '"',
        "=",
        "status=",
    ]
)


@given(st.lists(WORDS | st.text(max_size=6), max_size=6).map(" ".join))
def test_a_fault_is_read_or_explained(text: str) -> None:
    try:
        rule = parse(text)
    except UsageError:
        return
    assert parse(rule.text).action == rule.action
    assert rule.action is not None or rule.delay > 0
