"""The proxy that ``apispy`` runs: one listener, one daemon, and mitmproxy's master with no addon but the Service."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mitmproxy import tls
from mitmproxy.connection import Client
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.proxy.tunnel import LayerStack
from OpenSSL import SSL

from apispy.capture import Notice
from apispy.endpoints import Endpoint, Listen
from apispy.errors import ApispyError
from apispy.gate import Gate
from apispy.pipeline import Pipeline
from apispy.proxy.backlog import Backlog
from apispy.proxy.daemon_protocols import DaemonProtocols
from apispy.proxy.gated_relay import GatedRelay
from apispy.proxy.handler import Handler
from apispy.proxy.hooks import HookTable
from apispy.proxy.master import Master
from apispy.proxy.observers import BODY_LIMIT, ConnectionObserver, Observers, client_description
from apispy.proxy.relay import Relay
from apispy.proxy.tls_contexts import (
    HTTP2,
    Resumption,
    daemon_connection,
    daemon_context,
    listening_connection,
    listening_context,
)
from apispy.proxy.tls_layers import ClientTls, DaemonTls
from apispy.sockets import HangupWatch, Listener, Stream, dial, local_peer, open_listener
from apispy.structs import Struct
from apispy.tap import Event

if TYPE_CHECKING:
    from apispy.certs import ServerFiles

IDLE_TIMEOUT = 10 * 365 * 24 * 3600
"""Seconds after which mitmproxy may close an idle connection: `docker events` may be silent for days."""

SHUTDOWN_TIMEOUT = 0.5
"""Seconds that open connections have to send their buffers when the proxy ends."""


class Settings(Struct, frozen=True):
    """The settings of a proxy.

    *tls* None: the listener is plaintext. *digests*: streams longer than *body_limit* (bytes) get a digest, for a
    capture. *gate* None: every request is forwarded, its bytes at once.
    """

    listen: Listen
    upstream: Endpoint
    tls: "ServerFiles | None" = None
    body_limit: int = BODY_LIMIT
    digests: bool = False
    gate: Gate | None = None


class Service:
    """Runs the proxy in an event loop until ``stop`` is called, from any thread.

    The constructor raises ApispyError if certificates cannot be used.
    """

    def __init__(self, settings: Settings, pipeline: Pipeline) -> None:
        self._settings = settings
        self._pipeline = pipeline
        self._backlog: Backlog | None = None
        self._observers = Observers(
            self._show, str(settings.upstream), settings.body_limit, digests=settings.digests
        )
        self._listener_tls = self._context("the listener's certificates", self._make_listener_context)
        self._daemon_tls = self._context("the certificates for the daemon", self._make_daemon_context)
        self._resumption = Resumption()
        self._protocols = DaemonProtocols(settings.upstream)
        self._clients: set[asyncio.Task[None]] = set()
        self._clients_exited = False
        self._master: Master | None = None

    async def run(self, started: Callable[[Listen], None]) -> None:
        """Listen, call *started* with the real address, and serve connections until stopped. Raises ApispyError."""
        master = self._master = Master(Options(tcp_timeout=IDLE_TIMEOUT))
        master.addons.add(self)
        self._mode = ProxyMode.parse(
            "reverse:http://docker"
        )  # a stock mode: plain mitmproxy can read the flows
        self._hooks = HookTable(master.addons)
        self._hangups = HangupWatch()
        gate = self._settings.gate
        if gate is None or not gate.needs_names:
            self._backlog = Backlog(self._pipeline.feed, self._pipeline.notice)
        listener = await open_listener(self._settings.listen, self._accepted)
        try:
            started(listener.where)
            await master.run()
        finally:
            await self._end(listener)

    def stop(self, *, clients_exited: bool = False) -> None:
        """End ``run``. *clients_exited*: the command that apispy served has exited."""
        self._clients_exited = clients_exited
        if self._master is not None:
            self._master.shutdown()

    async def settle(self, timeout: float) -> None:
        """Wait until all clients have disconnected, for at most *timeout* seconds; then ``drain``."""
        if self._clients:
            await asyncio.wait(self._clients, timeout=timeout)
        self.drain()

    def drain(self) -> None:
        """Pass everything read so far to the pipeline now, instead of when the traffic pauses.

        Forwarding waits meanwhile. Call it from the event loop, where order matters more than speed.
        """
        if self._backlog is not None:
            self._backlog.drain()

    async def _end(self, listener: Listener) -> None:
        listener.close()
        self._observers.close_all(clients_exited=self._clients_exited)
        for task in self._clients:
            task.cancel()
        if self._clients:
            await asyncio.wait(self._clients, timeout=SHUTDOWN_TIMEOUT)
        self._hangups.close()
        if self._backlog is not None:
            self._backlog.drain()
            self._backlog = None  # later events are shown at once

    def _show(self, events: Sequence[Event]) -> None:
        pipeline, backlog = self._pipeline, self._backlog
        if backlog is None:
            pipeline.feed_all(events)
            return
        must_wait = pipeline.in_order and backlog.waiting
        for event in events if must_wait else pipeline.take_now(events):
            backlog.add(event)

    def notice(self, text: str) -> None:
        """Show a notice after the events so far."""
        at = self._observers.clock()
        self._backlog.add(Notice(at, text)) if self._backlog is not None else self._pipeline.notice(text, at)

    def _throttle(self, stream: Stream) -> None:
        if self._backlog is not None:
            self._backlog.throttle(stream)

    # -- connections --

    def _accepted(self, stream: Stream) -> None:
        task = asyncio.create_task(self._handle(stream))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _handle(self, stream: Stream) -> None:
        if self._settings.listen.is_local:
            stream.extra_info = {"peername": local_peer(stream), "sockname": (self._settings.listen.kind, 0)}
        assert self._master is not None
        connect = functools.partial(dial, self._settings.upstream)
        with contextlib.suppress(asyncio.CancelledError):
            await Handler(
                self._master,
                stream,
                self._mode,
                self._layers,
                connect,
                self._hooks,
                self._hangups,
                self._throttle,
            ).handle_client()

    def _layers(self, context: Context) -> Layer:
        """Stack the layers that are needed, outermost first: the client's TLS, the daemon's TLS, the relay."""
        upstream = self._settings.upstream
        context.server.address = (upstream.host or upstream.path, upstream.port)
        observer = self._observers.open(context)
        stack = LayerStack()
        client_tls = daemon_tls = None
        if self._listener_tls is not None:
            stack /= (client_tls := ClientTls(context, functools.partial(self._refused, context.client)))
        if self._daemon_tls is not None:
            stack /= (daemon_tls := DaemonTls(context, upstream, observer.early, self._resumption))
        if client_tls is not None:
            client_tls.daemon = daemon_tls
        stack /= self._relay(context, observer)
        return stack[0]

    def _relay(self, context: Context, observer: ConnectionObserver) -> Relay:
        gate = self._settings.gate
        if gate is None:
            return Relay(context, observer)
        client = client_description(context.client)
        return GatedRelay(context, observer, gate, client, self._observers.clock, self._notice_of(client))

    def _notice_of(self, client: str) -> Callable[[str], None]:
        return lambda text: self.notice(f"{client}: {text}")

    # -- mitmproxy's hooks --

    async def tls_start_client(self, data: tls.TlsData) -> None:
        assert self._listener_tls is not None
        http2 = HTTP2 in data.context.client.alpn_offers and await self._may_select_http2()
        data.ssl_conn = listening_connection(self._listener_tls, http2=http2)

    async def _may_select_http2(self) -> bool:
        """Whether the daemon would select HTTP/2, and no fault has to hold single requests."""
        gate = self._settings.gate
        if self._daemon_tls is None or (gate is not None and gate.holds):
            return False
        return await self._protocols.speaks_http2()

    def tls_start_server(self, data: tls.TlsData) -> None:
        assert self._daemon_tls is not None
        data.ssl_conn = daemon_connection(self._daemon_tls, self._settings.upstream.host)
        if data.context.client.alpn == HTTP2:
            data.ssl_conn.set_alpn_protos([HTTP2])
        self._resumption.offer(data.ssl_conn)

    def client_disconnected(self, client: Client) -> None:
        self._observers.close(client)

    def _refused(self, client: Client, reason: str) -> None:
        name, port = client.peername[:2]
        self.notice(f"refused {name}:{port}: {reason}")

    # -- TLS --

    def _context(self, what: str, make: Callable[[], SSL.Context | None]) -> SSL.Context | None:
        try:
            return make()
        except (SSL.Error, OSError) as error:
            raise ApispyError(f"{what} cannot be used: {error}") from error

    def _make_listener_context(self) -> SSL.Context | None:
        files = self._settings.tls
        return listening_context(files.ca, files.cert, files.key) if files else None

    def _make_daemon_context(self) -> SSL.Context | None:
        wanted = self._settings.upstream.tls
        return daemon_context(wanted) if wanted else None


class LogNotices(logging.Handler):
    """A logging handler that shows mitmproxy's own warnings and errors as notices."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._notice = notice

    def emit(self, record: logging.LogRecord) -> None:
        self._notice(f"{record.levelname.lower()}: {record.getMessage()}")
