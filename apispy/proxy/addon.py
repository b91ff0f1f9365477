"""apispy inside plain mitmproxy: `mitmdump -s addons/docker_api.py --mode reverse:http://127.0.0.1:2375`.

mitmproxy's own listener and dialler have limits that remain: no unix sockets, no ssh, resets are not passed on as
resets, and idle streams end after its ``tcp_timeout``. Bytes are still forwarded verbatim and before anything is
parsed.
"""

import sys

from mitmproxy import contentviews, ctx
from mitmproxy.addonmanager import Loader
from mitmproxy.connection import Client
from mitmproxy.hooks import UpdateHook
from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.layers import ClientTLSLayer, ServerTLSLayer
from mitmproxy.proxy.mode_specs import ReverseMode
from mitmproxy.proxy.tunnel import LayerStack

from apispy.outputs import Console, Output, ThreadWriter
from apispy.pipeline import Pipeline
from apispy.proxy.content_view import DockerContentview
from apispy.proxy.flows import FlowOutput
from apispy.proxy.observers import BODY_LIMIT, Observers
from apispy.proxy.relay import Relay

TLS_SCHEMES = ("https", "tls")


class DockerApi:
    """A mitmproxy addon for reverse-proxy connections: forwards their bytes and makes flows of their calls."""

    name = "docker_api"

    def __init__(self) -> None:
        self._writer: ThreadWriter | None = None
        self._set_up([])

    def load(self, loader: Loader) -> None:
        contentviews.add(DockerContentview())
        loader.add_option(
            "docker_lines",
            int,
            -1,
            "Print a line per Docker API call: -1 off, 0 lines, 1 headers, 2 bodies, 3 all.",
        )

    def configure(self, updated: set[str]) -> None:
        if "docker_lines" in updated and ctx.options.docker_lines >= 0 and self._writer is None:
            self._writer = ThreadWriter(sys.stdout)
            self._set_up([Console(self._writer.write, verbosity=ctx.options.docker_lines)])

    def _set_up(self, outputs: list[Output]) -> None:
        flows = FlowOutput(
            lambda n: self._observers.context(n),
            lambda n, hook: self._observers.fire(n, hook),
            BODY_LIMIT,
            updated=lambda flow: ctx.master.addons.trigger(UpdateHook([flow])),
        )
        self._pipeline = Pipeline([flows, *outputs])
        self._observers = Observers(self._pipeline.feed_all)

    def next_layer(self, data: NextLayer) -> None:
        context = data.context
        mode = context.client.proxy_mode
        if data.layer is not None or not isinstance(mode, ReverseMode):
            return
        stack = LayerStack()
        if mode.scheme in TLS_SCHEMES:
            stack /= ServerTLSLayer(context)
            if starts_like_tls_record(data.data_client()):
                stack /= ClientTLSLayer(context)
        stack /= Relay(context, self._observers.open(context))
        data.layer = stack[0]

    async def client_disconnected(self, client: Client) -> None:
        for hook in self._observers.close(client):
            await ctx.master.addons.handle_lifecycle(hook)

    def done(self) -> None:
        self._observers.close_all()
        self._pipeline.close()
        if self._writer is not None:
            self._writer.close()
