"""A packet capture for Wireshark, like one that tcpdump would make without TLS. Only the payload is real.

Each connection goes from its own port on 127.0.0.1 to port 2375 there. The first packet of a call has a comment with
its number and operation. Packets are ordered by call; where calls overlap in time, ``reordercap`` sorts them, as does
Wireshark's Time column.
"""

from collections.abc import Iterable, Iterator

import apispy
from apispy.outputs.base import ENDED_EARLY, DecodedCall
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.http_bytes import pieces
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
        connection = connections.get(exchange.connection)
        if connection is None:
            connection = connections[exchange.connection] = TcpConnection(count)
            count += 1
            yield from connection.open(exchange.started)
        yield from _exchange(decoded, connection)
        if connection.closed or exchange.end == "open":
            del connections[exchange.connection]
    for connection in connections.values():
        yield from connection.close(connection.now, by_client=True)
        yield from connection.close(connection.now, by_client=False)


def _exchange(decoded: DecodedCall, connection: TcpConnection) -> Iterator[bytes]:
    exchange = decoded.exchange
    comment = f"#{exchange.id} {decoded.call.operation.id or '?'}"
    for at, by_client, data in pieces(exchange):
        if data:
            yield from connection.send(exchange.started + at, by_client, data, comment)
            comment = ""
        else:
            yield from connection.close(exchange.started + at, by_client)
    if exchange.end in ENDED_EARLY:
        yield from connection.reset(exchange.started + exchange.duration, by_client=exchange.end == "left")
