"""The TLS contexts of both sides: the requirements for clients and for the daemon."""

import ipaddress
import time
from collections.abc import Callable
from pathlib import Path

from OpenSSL import SSL, crypto

from apispy.endpoints import TLS

HTTP1, HTTP2 = b"http/1.1", b"h2"
"""Application protocols (ALPN). dockerd selects HTTP/1.1 only, up to engine 29.7 (go-connections)."""

_lib, _ffi = SSL._lib, SSL._ffi  # type: ignore[attr-defined]

SESSION_LIFETIME = 60.0
"""Seconds for which a TLS session with the daemon is resumed. After that its certificate is verified again."""


def listening_context(ca: Path, cert: Path, key: Path) -> SSL.Context:
    """Make the listener's context: TLS 1.2 or newer, and only clients with a certificate of *ca*. Raises SSL.Error.

    mitmproxy's own ``request_client_cert`` accepts any certificate or none (MITMPROXY.md, 9).
    """
    made = SSL.Context(SSL.TLS_SERVER_METHOD)
    made.set_min_proto_version(SSL.TLS1_2_VERSION)
    made.use_certificate_chain_file(str(cert))
    made.use_privatekey_file(str(key))
    made.load_verify_locations(str(ca))
    made.load_client_ca(str(ca).encode())
    made.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, None)
    made.set_session_id(b"apispy")  # OpenSSL refuses to resume verified sessions without one
    made.set_alpn_select_callback(_select_protocol)
    return made


class NoCommonProtocol(Exception):
    """The client offers application protocols (ALPN), but none that the daemon would select."""


def _select_protocol(conn: SSL.Connection, offered: list[bytes]) -> bytes:
    """Select as Go does: the server's first that is offered. Refuse a client that offers only others with an alert."""
    for protocol in (HTTP2, HTTP1) if conn.get_app_data() == HTTP2 else (HTTP1,):
        if protocol in offered:
            return protocol
    raise NoCommonProtocol(b", ".join(offered).decode("latin-1"))


def listening_connection(made: SSL.Context, *, http2: bool = False) -> SSL.Connection:
    """Make the listener's side of a connection. *http2*: select HTTP/2 if the client offers it."""
    conn = SSL.Connection(made)
    conn.set_app_data(HTTP2 if http2 else HTTP1)
    conn.set_accept_state()
    return conn


def daemon_context(wanted: TLS) -> SSL.Context:
    """Make the context for the daemon as the docker CLI does: the CA file has the only roots, TLS 1.2 or newer."""
    made = SSL.Context(SSL.TLS_CLIENT_METHOD)
    made.set_min_proto_version(SSL.TLS1_2_VERSION)
    if wanted.verify:
        made.set_verify(SSL.VERIFY_PEER, None)
        made.load_verify_locations(str(wanted.ca)) if wanted.ca else made.set_default_verify_paths()
        store = made.get_cert_store()
        assert store is not None
        store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)  # Go takes any certificate in the pool as a root
    else:
        made.set_verify(SSL.VERIFY_NONE, None)
    if wanted.cert is not None and wanted.key is not None:
        made.use_certificate_chain_file(str(wanted.cert))
        made.use_privatekey_file(str(wanted.key))
    return made


def daemon_connection(made: SSL.Context, host: str) -> SSL.Connection:
    """Make a client's TLS connection. If it verifies, *host* (name or IP address) must be among the SANs.

    pyOpenSSL has no public call for the name check; mitmproxy's addons/tlsconfig.py does the same.
    """
    conn = SSL.Connection(made)
    parameters = _lib.SSL_get0_param(conn._ssl)
    try:
        packed = ipaddress.ip_address(host).packed
        done = _lib.X509_VERIFY_PARAM_set1_ip(parameters, packed, len(packed))
    except ValueError:
        name = host.encode("idna")
        conn.set_tlsext_host_name(name)
        # like Go: the subject's common name is ignored
        flags = _lib.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | _lib.X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
        _lib.X509_VERIFY_PARAM_set_hostflags(parameters, flags)
        done = _lib.X509_VERIFY_PARAM_set1_host(parameters, name, len(name))
    assert done == 1, f"OpenSSL does not accept {host!r} as a name to check"
    conn.set_connect_state()
    return conn


class Resumption:
    """The last TLS session with the daemon. Resuming it takes half the time of a full handshake.

    Use one for each context, because a session relies on what that context has verified. A daemon with another key does
    not know the session, and makes a full handshake.

    The session is kept as bytes: OpenSSL does not resume a session after one of its connections has ended without
    close_notify (ssl/ssl_sess.c, ssl_clear_bad_session), and pyOpenSSL has no call for a copy.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._session = b""
        self._until = 0.0

    def offer(self, conn: SSL.Connection) -> None:
        """Let *conn* offer the session to the daemon. Call this before the handshake."""
        if not self._session or self._clock() >= self._until:
            return
        data = _ffi.new("unsigned char[]", self._session)
        session = _lib.d2i_SSL_SESSION(_ffi.NULL, _ffi.new("unsigned char **", data), len(self._session))
        _lib.SSL_set_session(conn._ssl, session)
        _lib.SSL_SESSION_free(session)

    def store(self, conn: SSL.Connection) -> None:
        """Store the session of *conn*. Call this after data from the daemon: its tickets come first (RFC 8446, 4.6.1).

        A resumed session is not stored: its verification must not count for longer.
        """
        if self._clock() < self._until or _lib.SSL_session_reused(conn._ssl):
            return
        session = _lib.SSL_get_session(conn._ssl)
        data = _ffi.new("unsigned char[]", _lib.i2d_SSL_SESSION(session, _ffi.NULL))
        _lib.i2d_SSL_SESSION(session, _ffi.new("unsigned char **", data))
        self._session, self._until = bytes(_ffi.buffer(data)), self._clock() + SESSION_LIFETIME
