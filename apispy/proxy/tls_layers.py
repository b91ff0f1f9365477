"""TLS layers that behave as Docker's clients and daemons expect, on mitmproxy's sans-IO TLS layer.

They differ from mitmproxy's own in these points. The client gets a close_notify at the end (Go reports a bare FIN as
"unexpected EOF"), unless the daemon's stream ended without one. A refused handshake is explained to the client and to
the user. A broken record ends the connection. Towards the daemon the end is a bare FIN: with close_notify, 7 of 600
execs of 10 MB were cut (MITMPROXY.md, 18).
"""

import ssl
from collections.abc import Callable

from mitmproxy.connection import ConnectionState
from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy import commands, context, events, layer
from mitmproxy.proxy.layers.tls import TLSLayer, parse_client_hello
from mitmproxy.proxy.tunnel import TunnelState
from OpenSSL import SSL

from apispy.endpoints import Endpoint, diagnose
from apispy.proxy.tls_contexts import NoCommonProtocol, Resumption
from apispy.sockets import PLAINTEXT_REFUSAL, REQUEST_STARTS

CLOSE_DELAY = 2.0
"""Seconds that a refused client has to read the reason."""

RECORD_HEADER = 5
"""Bytes before a TLS record's content: type, version, length."""

HTTP2_OFFER = b"\x02h2"
"""HTTP/2 in the list of a ClientHello: the length of its name, and the name (RFC 7301)."""

MAX_HELLO = 64 << 10
"""Bytes of a ClientHello at which OpenSSL has to decide."""

HANDSHAKE_ERRORS = {
    "peer did not return a certificate": "it sent no client certificate (docker does not send one of another CA)",
    "unable to get local issuer": "its client certificate was not signed by apispy's CA",
    "self-signed certificate": "its client certificate was not signed by apispy's CA",
    "unsuitable certificate purpose": "its certificate is not a client certificate",
    "certificate has expired": "its client certificate has expired",
    "certificate is not yet valid": "its client certificate is not yet valid",
    "unsupported protocol": "it speaks TLS older than 1.2",
    "unknown ca": "it does not trust apispy's CA",
    "bad certificate": "it does not accept apispy's certificate",
    "connection closed": "it closed the connection during the handshake",
}
"""Parts of OpenSSL's errors on the listener's side, and their explanation to a user."""


class TlsLayer(TLSLayer):
    """The behaviour that both sides share."""

    def receive_data(self, data: bytes) -> layer.CommandGenerator[None]:
        if data:
            self.tls.bio_write(data)
        plaintext, end = self._decrypt()
        yield from self.tls_interact()  # alerts, key updates
        if plaintext:
            yield from self.event_to_child(events.DataReceived(self.conn, plaintext))
        if end is None:
            return
        if isinstance(end, SSL.ZeroReturnError):  # close_notify: the peer's direction has ended
            self.conn.state &= ~ConnectionState.CAN_READ
            yield from self.event_to_child(events.ConnectionClosed(self.conn))
        else:
            self.conn.error = self._explain_end(openssl_reasons(end))
            yield from self.event_to_child(events.ConnectionClosed(self.conn))
            yield commands.CloseConnection(self.conn)

    def _explain_end(self, reasons: str) -> str:
        return f"TLS: {reasons}"

    def _decrypt(self) -> tuple[bytes, SSL.Error | None]:
        """Return all data that can be decrypted now, and the error that ended the stream, if any."""
        pieces = []
        while True:
            try:
                pieces.append(self.tls.recv(65535))
            except SSL.WantReadError:
                return b"".join(pieces), None
            except SSL.Error as error:
                return b"".join(pieces), error


class ClientTls(TlsLayer):
    """The listener's side. *refused* is called with the reason when a client is refused."""

    def __init__(self, ctx: context.Context, refused: Callable[[str], None]) -> None:
        super().__init__(ctx, ctx.client)
        self._refused = refused
        self._was_refused = False
        self._received_data = False
        self._hello = b""  # what has come of the client's first message
        self.daemon: DaemonTls | None = None

    def start_handshake(self) -> layer.CommandGenerator[None]:
        yield from ()  # what the client offers decides how to begin

    def receive_handshake_data(self, data: bytes) -> layer.CommandGenerator[tuple[bool, str | None]]:
        if self._was_refused:
            return False, None  # ignore further data
        first, self._received_data = not self._received_data, True
        if first and not starts_like_tls_record(data.ljust(3, b"\x00")) and data[:1] != b"\x16":
            if data.startswith(REQUEST_STARTS):
                yield commands.SendData(self.conn, PLAINTEXT_REFUSAL)
            return False, "it spoke plaintext on a TLS listener"
        if self.tls is None:
            self._hello += data
            offers = alpn_offers(self._hello)
            if offers is None:
                return False, None
            self.conn.alpn_offers = offers
            data, self._hello = self._hello, b""
            yield from self.start_tls()
        try:
            return (yield from super().receive_handshake_data(data))
        except NoCommonProtocol as error:
            return False, f"it does not offer HTTP/1.1 (ALPN), only {error}"

    def on_handshake_error(self, err: str) -> layer.CommandGenerator[None]:
        """Report the reason to client and user, and close after CLOSE_DELAY: closing at once could cause a reset."""
        self._was_refused = True
        self._refused(next((text for part, text in HANDSHAKE_ERRORS.items() if part in err), err))
        if self.tls is not None:
            yield from self.tls_interact()  # the alert
        yield commands.CloseTcpConnection(self.conn, half_close=True)
        yield commands.RequestWakeup(CLOSE_DELAY)

    def _handshake_finished(self, err: str | None) -> layer.CommandGenerator[None]:
        if err is None:
            yield from super()._handshake_finished(err)
        else:
            self.tunnel_state = TunnelState.ESTABLISHING  # stay in this state: discard further data

    def _handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if self._was_refused and isinstance(event, events.Wakeup | events.ConnectionClosed):
            yield commands.CloseConnection(self.conn)
        else:
            yield from super()._handle_event(event)

    def send_close(self, command: commands.CloseConnection) -> layer.CommandGenerator[None]:
        truncated = self.daemon is not None and self.daemon.truncated
        if self.tls is not None and not truncated:
            try:
                self.tls.shutdown()
            except SSL.Error:
                pass  # not established: no close_notify needed
            yield from self.tls_interact()
        yield from super().send_close(command)


class DaemonTls(TlsLayer):
    """The daemon's side. ``truncated``: its stream ended without a close_notify.

    *early* is called with data that the client sends before the connection to the daemon is established.
    """

    def __init__(
        self,
        ctx: context.Context,
        upstream: Endpoint,
        early: Callable[[bytes], None],
        resumption: Resumption,
    ) -> None:
        super().__init__(ctx, ctx.server)
        self._upstream = upstream
        self._early = early
        self._resumption = resumption
        self.truncated = False

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if (
            self._paused
            and isinstance(event, events.DataReceived)
            and event.connection is self.context.client
        ):
            self._early(event.data)
        yield from super().handle_event(event)

    def start_handshake(self) -> layer.CommandGenerator[None]:
        yield from self.start_tls()
        yield from self.receive_handshake_data(b"")

    def _decrypt(self) -> tuple[bytes, SSL.Error | None]:
        plaintext, end = super()._decrypt()
        if plaintext:
            self._resumption.store(self.tls)
        return plaintext, end

    def _handshake_finished(self, err: str | None) -> layer.CommandGenerator[None]:
        yield from super()._handshake_finished(self._explain(err) if err else None)

    def _explain_end(self, reasons: str) -> str:
        """With TLS 1.3 the daemon refuses apispy's certificate only after the handshake, with an alert."""
        return self._explain(reasons) if "alert" in reasons else super()._explain_end(reasons)

    def _explain(self, err: str) -> str:
        """Explain an error in the words that `apispy` uses when it asks the daemon for its version."""
        verified = self._upstream.tls is not None and self._upstream.tls.verify
        code = SSL._lib.SSL_get_verify_result(self.tls._ssl) if verified else 0  # type: ignore[attr-defined]
        error = ssl.SSLCertVerificationError() if code else ssl.SSLError()
        error.reason = err.upper().replace(" ", "_")
        if isinstance(error, ssl.SSLCertVerificationError):
            error.verify_code, error.verify_message = code, err
        return str(diagnose(self._upstream, error))

    def receive_close(self) -> layer.CommandGenerator[None]:
        self.truncated = not self.tls.get_shutdown() & SSL.RECEIVED_SHUTDOWN
        yield from super().receive_close()


def alpn_offers(hello: bytes) -> list[bytes] | None:
    """Return the protocols that a ClientHello offers (ALPN) if HTTP/2 is among them, else nothing; None: incomplete.

    Other data offers nothing, and OpenSSL refuses it.
    """
    if len(hello) < RECORD_HEADER or len(hello) < RECORD_HEADER + int.from_bytes(hello[3:RECORD_HEADER]):
        return (
            None if starts_like_tls_record(hello.ljust(3, b"\x00")) or hello == b"\x16"[: len(hello)] else []
        )
    if HTTP2_OFFER not in hello:  # most clients: parsing takes longer than the rest of the handshake
        return []
    try:
        parsed = parse_client_hello(hello)
    except ValueError:
        return []
    if parsed is None:  # it goes on in another record
        return None if len(hello) < MAX_HELLO else []
    return list(parsed.alpn_protocols)


def openssl_reasons(error: SSL.Error) -> str:
    """Return the reasons in a pyOpenSSL error, without numbers and function names."""
    reasons = [entry[-1] for entry in (error.args[0] if error.args else []) if isinstance(entry, tuple)]
    return ", ".join(str(reason) for reason in reasons) or str(error) or type(error).__name__
