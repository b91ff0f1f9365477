"""A capture as tcpdump would have made it without TLS, for Wireshark: made up, but for what the two sides said.

Every connection goes from a port of its own on 127.0.0.1 to port 2375 there. The first packet of a call has a comment
with its number and operation. Packets stand in the order of the calls; where calls overlap in time, ``reordercap``
sorts them, as does a click on Wireshark's Time column.
"""

from collections.abc import Iterable, Iterator

import apispy
from apispy.outputs.base import Reading
from apispy.outputs.exports.base import exporter
from apispy.outputs.exports.http_bytes import pieces
from apispy.outputs.exports.packets import file_header
from apispy.outputs.exports.tcp import Connection


@exporter("pcapng", suffix=".pcapng", says="packets for Wireshark and tshark, without TLS", binary=True)
def export(readings: Iterable[Reading]) -> Iterator[bytes]:
    yield file_header(f"apispy {apispy.__version__}")
    connections: dict[int, Connection] = {}  # those that are open, by their number
    made = 0
    for reading in readings:
        exchange = reading.exchange
        connection = connections.get(exchange.connection)
        if connection is None:
            connection = connections[exchange.connection] = Connection(made)
            made += 1
            yield from connection.open(exchange.started)
        yield from _exchange(reading, connection)
        if connection.over or exchange.end == "open":
            del connections[exchange.connection]
    for connection in connections.values():
        yield from connection.close(connection.now, by_client=True)
        yield from connection.close(connection.now, by_client=False)


def _exchange(reading: Reading, connection: Connection) -> Iterator[bytes]:
    exchange = reading.exchange
    comment = f"#{exchange.id} {reading.call.operation.id or '?'}"
    for at, by_client, data in pieces(exchange):
        if data:
            yield from connection.say(exchange.started + at, by_client, data, comment)
            comment = ""
        else:
            yield from connection.close(exchange.started + at, by_client)
    if exchange.end == "cut":
        yield from connection.reset(exchange.started + exchange.duration)
