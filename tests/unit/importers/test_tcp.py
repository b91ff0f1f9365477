"""Segments in any order become two byte streams with their gaps."""

import random

from apispy.importers.tcp import Conversation, Segment, conversations
from apispy.structs import replace
from tests.tcp_packets import CLIENT, DAEMON, REQUEST, RESPONSE, TcpConnection


def only(segments: list[Segment]) -> Conversation:
    (found,) = conversations(segments)
    return found


def parts_of(segments: list[Segment]) -> list[tuple[str, object]]:
    """("client", b"..."), ("daemon", missing bytes or "fin"), ...; adjacent data of one side is joined."""
    found: list[tuple[str, object]] = []
    for peer, part in only(segments).parts():
        who = "client" if peer == CLIENT else "daemon"
        what: object = part.missing or part.end or part.data
        if found and found[-1][0] == who and isinstance(found[-1][1], bytes) and isinstance(what, bytes):
            what = found.pop()[1] + what  # type: ignore[operator]
        found.append((who, what))
    return found


WHOLE = [("client", REQUEST), ("daemon", RESPONSE), ("client", "fin"), ("daemon", "fin")]


def talk(first: int = 1000) -> list[Segment]:
    return (
        TcpConnection(first=first)
        .open()
        .send(REQUEST[:9], REQUEST[9:20], REQUEST[20:])
        .reply(RESPONSE[:30], RESPONSE[30:])
        .close()
        .segments
    )


def test_in_order() -> None:
    assert parts_of(talk()) == WHOLE


def test_sequence_numbers_wrap_around() -> None:
    assert parts_of(talk(first=2**32 - 15)) == WHOLE


def test_retransmissions_and_overlaps_count_once() -> None:
    segments = talk()
    again = replace(segments[4], seq=segments[3].seq, data=REQUEST[:20], length=20)
    assert parts_of([*segments[:5], again, segments[3], *segments[5:], segments[6]]) == WHOLE


def test_disorder_across_both_directions_is_repaired() -> None:
    segments = talk()
    middle = segments[3:8]
    for seed in range(20):
        random.Random(seed).shuffle(middle)
        times = sorted(segment.at for segment in middle)
        moved = [replace(segment, at=at) for segment, at in zip(middle, times, strict=True)]
        assert parts_of([*segments[:3], *moved, *segments[8:]]) == WHOLE


def test_a_keepalive_adds_no_data() -> None:
    segments = talk()
    keepalive = replace(segments[6], seq=segments[6].seq - 1, data=b"\0", length=1)
    assert parts_of([*segments[:7], keepalive, *segments[7:]]) == WHOLE


def test_a_gap_has_its_size() -> None:
    segments = talk()
    del segments[4]
    assert parts_of(segments)[:3] == [("client", REQUEST[:9]), ("client", 11), ("client", REQUEST[20:])]


def test_a_gap_before_the_fin() -> None:
    segments = [segment for segment in talk() if segment.data != RESPONSE[30:]]
    assert parts_of(segments)[1:4] == [
        ("daemon", RESPONSE[:30]),
        ("daemon", len(RESPONSE) - 30),
        ("client", "fin"),
    ]


def test_a_truncated_packet_is_a_gap() -> None:
    segments = talk()
    segments[3] = replace(segments[3], data=REQUEST[:4])
    missing = [part for _, part in only(segments).parts() if part.missing]
    assert [(part.missing, part.truncated) for part in missing] == [(5, True)]


def test_a_capture_that_starts_mid_connection() -> None:
    segments = talk()[4:]
    assert parts_of(segments)[0] == ("client", REQUEST[9:])
    assert not only(segments).sides[CLIENT].from_start


def test_a_reset_ends_both() -> None:
    assert parts_of(TcpConnection().open().send(REQUEST).reset().segments) == [
        ("client", REQUEST),
        ("daemon", "rst"),
    ]


def test_a_half_close_leaves_the_other_side() -> None:
    talk = TcpConnection().open().send(REQUEST)
    talk._add(CLIENT, fin=True)
    assert parts_of(talk.reply(RESPONSE).segments) == [
        ("client", REQUEST),
        ("client", "fin"),
        ("daemon", RESPONSE),
    ]


def test_reused_ports_are_a_new_connection() -> None:
    one, two = (
        TcpConnection().open().send(REQUEST).close(),
        TcpConnection(first=77_000).open().send(REQUEST).close(),
    )
    assert len(conversations(one.segments + two.segments)) == 2
    repeated = [one.segments[0], *one.segments]
    assert len(conversations(repeated)) == 1


def test_either_half_of_the_handshake_shows_the_opener() -> None:
    segments = talk()
    assert only(segments).opener == only(segments[1:]).opener == CLIENT
    assert only(segments[3:]).opener is None
    assert DAEMON in only(segments).peers
