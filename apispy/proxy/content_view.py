"""A content view of mitmproxy that shows what apispy's decoders read: stdout and stderr apart, progress, statistics,
archives.

It works on live flows and on those of a flow file (``mitmweb -nr FILE -s addons/docker_api.py``). Secrets are removed
from what it shows. mitmproxy escapes control characters of what a view returns.
"""

import weakref

from mitmproxy import flow, http, tcp
from mitmproxy.contentviews import Contentview, Metadata

from apispy import decoders
from apispy.learn import NameRegistry
from apispy.model import Direction, Item
from apispy.outputs import DecodedCall
from apispy.outputs.details import body_lines, item_lines
from apispy.pipeline import read
from apispy.proxy.flow_files import exchange_of
from apispy.proxy.flows import STREAMS
from apispy.redaction.redactor import Redactor

BODY_LIMIT = 4 << 20
"""Bytes of a body, or of a direction of a connection, that are read."""

ABOVE_OTHERS, BELOW_JSON, UNSUITABLE = 2.0, 0.5, -1.0
"""Priorities. mitmproxy's own views return 1 for a body that they are made for, and 0 for any other."""


class DockerContentview(Contentview):
    """The view "Docker" of bodies of the Docker Engine API, and of hijacked connections that apispy recorded."""

    name = "Docker"

    def __init__(self) -> None:
        self._tunnels: weakref.WeakKeyDictionary[flow.Flow, _TunnelReader] = weakref.WeakKeyDictionary()
        self._last: tuple[object, DecodedCall] | None = None

    def render_priority(self, data: bytes, metadata: Metadata) -> float:
        found = metadata.flow
        if isinstance(found, tcp.TCPFlow):
            return ABOVE_OTHERS if STREAMS in found.metadata and metadata.tcp_message else UNSUITABLE
        if not data or not isinstance(found, http.HTTPFlow) or metadata.http_message is None:
            return UNSUITABLE
        decoded = self._decoded(found)
        if not decoded.call.known:
            return UNSUITABLE
        items = decoded.items.get(_direction(found, metadata), ())
        return BELOW_JSON if [item.kind for item in items] in ([], ["json"]) else ABOVE_OTHERS

    def prettify(self, data: bytes, metadata: Metadata) -> str:
        """Describe a message. Raises ValueError for anything but an HTTP body or a message of a connection."""
        found = metadata.flow
        if isinstance(found, http.HTTPFlow) and metadata.http_message is not None:
            return "\n".join(body_lines(self._decoded(found), _direction(found, metadata)))
        if isinstance(found, tcp.TCPFlow) and metadata.tcp_message is not None and STREAMS in found.metadata:
            reader = self._tunnels.setdefault(found, _TunnelReader(found))
            return "\n".join(item_lines(reader.items(metadata.tcp_message)))
        raise ValueError("neither a body of an HTTP flow nor a message of a connection that apispy recorded")

    def _decoded(self, found: http.HTTPFlow) -> DecodedCall:
        """Decode a flow. The last result is kept, because mitmproxy asks for the priority and then for the text."""
        state = (found.id, found.request.raw_content, found.response and found.response.raw_content)
        if self._last is None or self._last[0] != state:
            exchange = exchange_of(found, None, BODY_LIMIT)
            self._last = (state, read(exchange, NameRegistry(), redactor=Redactor(), notes="off"))
        return self._last[1]


class _TunnelReader:
    """Decodes the messages of a TCP flow, each once and in order, since a frame may begin in an earlier message."""

    def __init__(self, of: tcp.TCPFlow) -> None:
        self._flow = weakref.ref(of)
        streams = of.metadata[STREAMS]
        directions: tuple[Direction, Direction] = ("to_server", "to_client")
        self._decoders = {
            direction: decoders.make(str(streams.get(direction, "opaque"))) for direction in directions
        }
        self._read = 0  # messages that were decoded
        self._items: dict[int, list[Item]] = {}  # by the id() of the message, which the flow keeps

    def items(self, message: tcp.TCPMessage) -> list[Item]:
        """Return the items that *message* completes."""
        of = self._flow()
        messages = of.messages if of is not None else []
        for unread in messages[self._read :]:
            decoder = self._decoders["to_server" if unread.from_client else "to_client"]
            self._items[id(unread)] = decoder.feed(unread.content)
        self._read = len(messages)
        return self._items.get(id(message), [])


def _direction(found: http.HTTPFlow, metadata: Metadata) -> Direction:
    return "request" if metadata.http_message is found.request else "response"
