"""The export to mitmproxy's flow file, by the same output that gives its views their flows.

It registers itself beside the other exporters when it is imported; mitmproxy is only imported when it is used.
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


@exporter("flow", suffix=".flow", description="mitmproxy's flows, for mitmdump -nr, mitmweb -nr", binary=True)
def export(readings: Iterable[DecodedCall]) -> Iterator[bytes]:
    from mitmproxy.io import FlowWriter

    for reading in readings:
        for flow in _flows(reading):
            file = io.BytesIO()
            FlowWriter(file).add(flow)
            yield file.getvalue()


def _flows(reading: DecodedCall) -> "list[Flow]":
    """An HTTPFlow, and of a hijacked connection a TCPFlow."""
    from mitmproxy.proxy.layers.http._hooks import HttpRequestHook
    from mitmproxy.proxy.layers.tcp import TcpStartHook

    from apispy.proxy.flows import Flows

    made: list[Flow] = []
    context = _context(reading.exchange)
    output = Flows(
        lambda _: context,
        lambda _, hook: made.append(hook.flow) if isinstance(hook, HttpRequestHook | TcpStartHook) else None,
        limit=sys.maxsize,
    )
    output.opened(reading)
    if reading.exchange.tunnel is not None:
        ways: tuple[Direction, Direction] = ("to_server", "to_client")
        pieces = [(chunk, way) for way in ways for chunk in reading.exchange.streams[way].chunks]
        for chunk, way in sorted(pieces, key=lambda piece: piece[0].at):
            output.chunk(reading, way, 0, chunk)
    output.write(reading)
    return made


def _context(exchange: Exchange) -> "Context":
    """What mitmproxy wants to know of the connection, as far as the capture tells."""
    from mitmproxy.connection import Client
    from mitmproxy.options import Options
    from mitmproxy.proxy.context import Context

    nowhere = ("127.0.0.1", 0)
    context = Context(Client(peername=nowhere, sockname=nowhere, timestamp_start=exchange.started), Options())
    at = urlsplit(exchange.upstream) if exchange.upstream.startswith("tcp://") else None
    context.server.address = (at.hostname or "", at.port or 2375) if at else ("localhost", 80)
    return context
