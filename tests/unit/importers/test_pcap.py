"""All kinds of captures that tcpdump and Wireshark write."""

from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import CookedLinux, CookedLinuxV2, Dot1Q, Ether, Loopback
from scapy.utils import wrpcap, wrpcapng

from apispy import importers
from apispy.errors import ApispyError
from apispy.importers import Imported, Settings
from apispy.importers.tcp import Peer
from apispy.structs import replace
from tests.h2_peer import Peers
from tests.tcp_packets import CLIENT, DAEMON, REQUEST, RESPONSE, START, TcpConnection, ip_packet, write


def whole() -> TcpConnection:
    return TcpConnection().open().send(REQUEST).reply(RESPONSE).close()


def read(path: Path, **settings: Any) -> Imported:
    assert importers.recognise(path) == "pcap"
    return importers.read(path, "pcap", Settings(**settings))


def same(found: Imported) -> None:
    (exchange,) = found.exchanges
    assert exchange.request.target == "/v1.41/containers/json"
    assert exchange.response is not None
    assert exchange.response.body.data == b"[]"
    assert (exchange.end, exchange.problems, exchange.id, exchange.connection) == ("complete", (), 1, 1)
    assert exchange.started == pytest.approx(START + 0.03, abs=1e-5)
    assert exchange.response.at == pytest.approx(0.01, abs=1e-5)
    assert found.notices == ()


FRAMES = {
    "ethernet": lambda ip: Ether() / ip,
    "vlan": lambda ip: Ether() / Dot1Q(vlan=7) / ip,
    "any": lambda ip: CookedLinux() / ip,
    "any of today": lambda ip: CookedLinuxV2() / ip,
    "bsd loopback": lambda ip: Loopback() / ip,
    "raw": lambda ip: ip,
}


@pytest.mark.parametrize("frame", FRAMES)
def test_link_types(tmp_path: Path, frame: str) -> None:
    same(read(write(tmp_path / "x", whole().segments, FRAMES[frame])))


def test_nanoseconds(tmp_path: Path) -> None:
    same(read(write(tmp_path / "x", whole().segments, nano=True)))


@pytest.mark.parametrize("endianness", "<>")
def test_both_byte_orders(tmp_path: Path, endianness: str) -> None:
    same(read(write(tmp_path / "x", whole().segments, endianness=endianness)))


def test_pcapng(tmp_path: Path) -> None:
    packets = [Ether() / ip_packet(segment) for segment in whole().segments]
    for packet, segment in zip(packets, whole().segments, strict=True):
        packet.time = segment.at
    wrpcapng(str(tmp_path / "x"), packets)
    same(read(tmp_path / "x"))


def test_ipv6(tmp_path: Path) -> None:
    talk = TcpConnection(Peer("::1", 51234), Peer("::1", 2375)).open().send(REQUEST).reply(RESPONSE).close()
    found = read(write(tmp_path / "x", talk.segments))
    same(found)
    assert (found.exchanges[0].client, found.exchanges[0].upstream) == ("[::1]:51234", "tcp://[::1]:2375")


def test_padding_of_short_frames_is_not_data(tmp_path: Path) -> None:
    same(
        read(write(tmp_path / "x", whole().segments, lambda ip: Ether(bytes(Ether() / ip).ljust(60, b"\0"))))
    )


def test_docker_on_another_port_is_found_by_content(tmp_path: Path) -> None:
    talk = TcpConnection(CLIENT, Peer("127.0.0.1", 40000)).open().send(REQUEST).reply(RESPONSE).close()
    same(read(write(tmp_path / "x", talk.segments)))
    same(read(write(tmp_path / "x", talk.segments), port=40000))
    assert read(write(tmp_path / "x", talk.segments), port=2375).exchanges == ()


def test_other_http_is_skipped_unless_port_names_it(tmp_path: Path) -> None:
    web = (
        TcpConnection(CLIENT, Peer("10.0.0.1", 80))
        .open()
        .send(b"GET /index.html HTTP/1.1\r\nHost: x\r\n\r\n")
        .close()
    )
    path = write(tmp_path / "x", web.segments)
    found = read(path)
    assert found.exchanges == ()
    assert "use --port 80" in found.notices[0]
    assert len(read(path, port=80).exchanges) == 1


def test_tls_gets_a_notice_with_advice(tmp_path: Path) -> None:
    tls = TcpConnection(CLIENT, Peer("127.0.0.1", 2376)).open().send(b"\x16\x03\x01\x00\x05hello").close()
    found = read(write(tmp_path / "x", tls.segments))
    assert found.exchanges == ()
    assert "encrypted with TLS" in found.notices[0]
    assert "apispy run" in found.notices[0]


def test_a_capture_that_starts_mid_connection_is_read_from_the_next_request(tmp_path: Path) -> None:
    segments = (
        TcpConnection().open().send(REQUEST).reply(RESPONSE).send(REQUEST).reply(RESPONSE).close().segments
    )
    found = read(
        write(
            tmp_path / "x", [replace(segments[3], data=REQUEST[8:], seq=segments[3].seq + 8), *segments[4:]]
        )
    )
    assert len(found.exchanges) == 1
    assert found.exchanges[0].started == pytest.approx(START + 0.05, abs=1e-5)
    assert len(found.notices) == 2  # the rest of the request, and its answer


def test_without_a_handshake_the_sender_of_requests_is_the_client(tmp_path: Path) -> None:
    found = read(write(tmp_path / "x", whole().segments[3:]))
    assert found.exchanges[0].client == str(CLIENT)
    found = read(
        write(
            tmp_path / "x",
            TcpConnection().reply(RESPONSE).send(REQUEST).reply(RESPONSE).segments,
        )
    )
    assert found.exchanges[0].client == str(CLIENT)


def test_a_gap_cuts_its_call_and_the_next_is_read(tmp_path: Path) -> None:
    segments = (
        TcpConnection()
        .open()
        .send(REQUEST)
        .reply(RESPONSE[:50], RESPONSE[50:60], RESPONSE[60:])
        .send(REQUEST)
        .reply(RESPONSE)
        .segments
    )
    found = read(write(tmp_path / "x", segments[:5] + segments[6:]))
    first, second = found.exchanges
    assert (first.end, first.problems) == ("cut", ("the file lacks 10 bytes that the daemon sent",))
    assert (second.end, second.problems) == ("complete", ())


def test_a_gap_in_a_request_is_reported_in_spite_of_its_response(tmp_path: Path) -> None:
    post = b"POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 9\r\n\r\n"
    segments = (
        TcpConnection()
        .open()
        .send(REQUEST)
        .reply(RESPONSE)
        .send(post, b'{"Tty":1}')
        .reply(RESPONSE)
        .send(REQUEST)
        .reply(RESPONSE)
        .segments
    )
    one, two, three = read(write(tmp_path / "x", [*segments[:6], *segments[7:]])).exchanges
    assert (one.end, three.end) == ("complete", "complete")
    assert (two.end, two.problems) == ("cut", ("the file lacks 9 bytes that the client sent",))


def test_truncated_packets_are_reported_with_advice(tmp_path: Path) -> None:
    path = write(tmp_path / "x", whole().segments)
    data = bytearray(path.read_bytes())
    last = data.rindex(
        RESPONSE[-20:]
    )  # as snaplen does: the packet's captured length, not its length on the wire
    head = data.rindex(b"\x45\x00", 0, last) - 14 - 16
    size = int.from_bytes(data[head + 8 : head + 12], "little")
    data[head + 8 : head + 12] = (size - 2).to_bytes(4, "little")
    del data[head + 16 + size - 2 : head + 16 + size]
    path.write_bytes(data)
    (exchange,) = read(path).exchanges
    assert exchange.end == "cut"
    assert "the file lacks 2 bytes that the daemon sent" in exchange.problems[0]
    assert "tcpdump -s 0" in exchange.problems[0]


def test_a_call_in_progress_at_the_end_of_the_file_is_open(tmp_path: Path) -> None:
    (exchange,) = read(
        write(tmp_path / "x", TcpConnection().open().send(REQUEST).reply(RESPONSE[:60]).segments)
    ).exchanges
    assert exchange.end == "open"


def test_a_reset_cuts_the_call(tmp_path: Path) -> None:
    (exchange,) = read(write(tmp_path / "x", TcpConnection().open().send(REQUEST).reset().segments)).exchanges
    assert exchange.end == "cut"


def test_a_hijack_with_a_half_close(tmp_path: Path) -> None:
    upgrade = b"Host: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    ask = b"POST /v1.41/containers/web/attach?stream=1 HTTP/1.1\r\n" + upgrade
    upgraded = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    talk = TcpConnection().open().send(ask).reply(upgraded).send(b"typed")
    talk._add(CLIENT, fin=True)
    talk.reply(b"\1\0\0\0\0\0\0\2hi")
    talk._add(DAEMON, fin=True)
    (exchange,) = read(write(tmp_path / "x", talk.segments)).exchanges
    assert exchange.tunnel is not None
    assert exchange.tunnel.to_server.data == b"typed"
    assert exchange.tunnel.to_client.data.endswith(b"hi")
    assert exchange.end == "complete"


def test_calls_are_numbered_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    one = TcpConnection().open().send(REQUEST).reply(RESPONSE).close().segments
    two = (
        TcpConnection(Peer("127.0.0.1", 1))
        .open()
        .send(REQUEST.replace(b"containers", b"images"))
        .reply(RESPONSE)
        .close()
        .segments
    )
    later = [replace(segment, at=segment.at - 10) for segment in two]
    first, second = read(write(tmp_path / "x", one + later)).exchanges
    assert ["images" in call.request.target for call in (first, second)] == [True, False]
    assert [(call.id, call.connection) for call in (first, second)] == [(1, 1), (2, 2)]


def test_a_capture_without_tcp_gets_a_notice(tmp_path: Path) -> None:
    wrpcap(str(tmp_path / "x"), [Ether() / IP() / UDP()])
    found = read(tmp_path / "x")
    assert found.exchanges == ()
    assert "no readable TCP segments (packets: 1)" in found.notices[0]


def test_data_with_the_sequence_numbers_of_other_data_gets_a_notice(tmp_path: Path) -> None:
    """As of packets that were made by hand, or of several captures in one file."""
    first = TcpConnection().open().send(REQUEST).segments
    others = [
        replace(first[-1], at=first[-1].at + after, data=data, length=len(data))
        for after, data in (
            (1, REQUEST),
            (2, REQUEST.replace(b"containers", b"images....")),
            (3, REQUEST[:9] + b"x" * 50),
        )
    ]
    found = read(write(tmp_path / "x", [*first, *others]))
    assert len(found.exchanges) == 1
    assert "segments with sequence numbers that other data has already: 2" in found.notices[0]


def test_damaged_files(tmp_path: Path) -> None:
    whole_file = write(tmp_path / "x", whole().segments).read_bytes()
    (tmp_path / "x").write_bytes(whole_file[:10])
    with pytest.raises(ApispyError, match="is damaged at its beginning"):
        read(tmp_path / "x")
    (tmp_path / "x").write_bytes(whole_file[:-5])
    assert len(read(tmp_path / "x").exchanges) == 1


def test_a_file_of_unknown_format(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"PK\3\4packed")
    with pytest.raises(ApispyError, match="unpack it first"):
        importers.recognise(tmp_path / "x")
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(ApispyError, match="empty"):
        importers.recognise(tmp_path / "x")
    with pytest.raises(ApispyError, match="No such file"):
        importers.recognise(tmp_path / "y")


def test_http2_from_the_first_byte(tmp_path: Path) -> None:
    peers, connection = Peers(), TcpConnection().open()
    for step in (
        lambda: peers.request("GET", "/v1.53/containers/json"),
        lambda: peers.call("/moby.buildkit.v1.Control/Info", b"ask"),
        lambda: peers.respond(1, b"[]"),
        lambda: peers.answer(3, b"one"),
    ):
        step()
        asked, answered = peers.exchange()
        connection.send(*([asked[:30], asked[30:]] if asked else []))
        connection.reply(*([answered] if answered else []))
    found = read(write(tmp_path / "x", connection.close().segments))
    assert [(one.request.target, one.request.version, one.end) for one in found.exchanges] == [
        ("/v1.53/containers/json", "2", "complete"),
        ("/moby.buildkit.v1.Control/Info", "2", "complete"),
    ]
    assert found.exchanges[0].response.body.data == b"[]"
    assert found.notices == ()
    assert len(read(tmp_path / "x", port=2375).exchanges) == 2


def test_the_middle_of_a_connection_in_http2_is_skipped(tmp_path: Path) -> None:
    peers, connection = Peers(), TcpConnection()
    peers.exchange()
    peers.request("GET", "/v1.53/containers/json")
    connection.send(peers.exchange()[0])
    assert read(write(tmp_path / "x", connection.segments)).exchanges == ()
