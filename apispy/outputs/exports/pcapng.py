"""A packet capture for Wireshark, like one that tcpdump would make without TLS. Only the payload is real.

Each connection goes from its own port on 127.0.0.1 to port 2375 there. The first packet of a call has a comment with
its number and operation. Packets are ordered by call; where calls overlap in time, ``reordercap`` sorts them, as does
Wireshark's Time column. A call in HTTP/2 is written as in HTTP/1.1, on a connection of its own: the calls on one
connection overlap, which HTTP/1.1 does not allow.
"""

from collections.abc import Iterable, Iterator

import apispy
from apispy.outputs.base import ENDED_EARLY, DecodedCall
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.http_bytes import HTTP2, pieces
from apispy.outputs.exports.packets import TcpConnection, file_header


@exporter(
    "pcapng", suffix=".pcapng", description="packets for Wireshark and tshark, without TLS", binary=True
)
def export(decoded_calls: Iterable[DecodedCall]) -> Iterator[bytes]:
    yield file_header(f"apispy {apispy.__version__}")
    connections: dict[int, TcpConnection] = {}  # open ones, by number
    count = 0
    for decoded in decoded_calls:
        exchange = decoded.exchange
        alone = exchange.request.version == HTTP2
        connection = None if alone else connections.get(exchange.connection)
        if connection is None:
            connection = TcpConnection(count)
            count += 1
            yield from connection.open(exchange.started)
        yield from _exchange(decoded, connection)
        if alone and not connection.closed and exchange.end != "open":
            yield from _close(connection)
        elif not alone:
            connections[exchange.connection] = connection
            if connection.closed or exchange.end == "open":
                del connections[exchange.connection]
    for connection in connections.values():
        yield from _close(connection)


def _close(connection: TcpConnection) -> Iterator[bytes]:
    yield from connection.close(connection.now, by_client=True)
    yield from connection.close(connection.now, by_client=False)


def _exchange(decoded: DecodedCall, connection: TcpConnection) -> Iterator[bytes]:
    exchange = decoded.exchange
    comment = f"#{exchange.id} {decoded.call.operation.id or '?'}"
    if exchange.request.version == HTTP2:
        comment += f", HTTP/2 on connection {exchange.connection}"
    for at, by_client, data in pieces(exchange):
        if data:
            yield from connection.send(exchange.started + at, by_client, data, comment)
            comment = ""
        else:
            yield from connection.close(exchange.started + at, by_client)
    if exchange.end in ENDED_EARLY:
        yield from connection.reset(exchange.started + exchange.duration, by_client=exchange.end == "left")
