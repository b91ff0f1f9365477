"""The exporter of mitmproxy's flow files, with the output that also makes the flows of its views.

Importing this module registers the exporter; mitmproxy is imported only when it is used.
"""

import io
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from apispy.model import Direction, Exchange
from apispy.outputs import DecodedCall
from apispy.outputs.exports import exporter

if TYPE_CHECKING:
    from mitmproxy.flow import Flow
    from mitmproxy.proxy.context import Context


@exporter(
    "flow", suffix=".flow", description="mitmproxy flows, for mitmdump -nr and mitmweb -nr", binary=True
)
def export(readings: Iterable[DecodedCall]) -> Iterator[bytes]:
    from mitmproxy.io import FlowWriter

    for reading in readings:
        for flow in _flows(reading):
            file = io.BytesIO()
            FlowWriter(file).add(flow)
            yield file.getvalue()


def _flows(reading: DecodedCall) -> "list[Flow]":
    """Return an HTTPFlow, and a TCPFlow too if the connection was hijacked."""
    from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook
    from mitmproxy.proxy.layers.tcp import TcpStartHook

    from apispy.proxy.flows import FlowOutput

    made: list[Flow] = []
    context = _context(reading.exchange)
    output = FlowOutput(
        lambda _: context,
        lambda _, hook: (
            made.append(hook.flow) if isinstance(hook, HttpRequestHeadersHook | TcpStartHook) else None
        ),
        limit=sys.maxsize,
    )
    output.started(reading)
    if reading.exchange.tunnel is not None:
        directions: tuple[Direction, Direction] = ("to_server", "to_client")
        chunks = [(chunk, to) for to in directions for chunk in reading.exchange.streams[to].chunks]
        for chunk, direction in sorted(chunks, key=lambda pair: pair[0].at):
            output.chunk(reading, direction, 0, chunk)
    output.write(reading)
    return made


def _context(exchange: Exchange) -> "Context":
    """Make mitmproxy's context of the connection from what the capture has."""
    from mitmproxy.connection import Client
    from mitmproxy.options import Options
    from mitmproxy.proxy.context import Context

    nowhere = ("127.0.0.1", 0)
    context = Context(Client(peername=nowhere, sockname=nowhere, timestamp_start=exchange.started), Options())
    at = urlsplit(exchange.upstream) if exchange.upstream.startswith("tcp://") else None
    context.server.address = (at.hostname or "", at.port or 2375) if at else ("localhost", 80)
    return context
