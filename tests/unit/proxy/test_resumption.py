"""A TLS session with the daemon is resumed for a minute, and only with the same daemon."""

from pathlib import Path

import pytest
from OpenSSL import SSL

from apispy.certs import open_store
from apispy.endpoints import TLS
from apispy.proxy.tls_contexts import (
    SESSION_LIFETIME,
    Resumption,
    daemon_connection,
    daemon_context,
    listening_connection,
    listening_context,
)


class Daemon:
    """A daemon's TLS context, and a client's context for it."""

    def __init__(self, folder: Path) -> None:
        store = open_store(folder)
        server, client = store.server_for(), store.directory
        self.listens = listening_context(server.ca, server.cert, server.key)
        self.dials = daemon_context(TLS(True, client / "ca.pem", client / "cert.pem", client / "key.pem"))

    def ask(self, resumption: Resumption, dials: SSL.Context | None = None) -> bool:
        """Make a connection that ends without close_notify, as apispy's do. Return whether it resumed a session."""
        theirs = listening_connection(self.listens)
        ours = daemon_connection(dials or self.dials, "127.0.0.1")
        resumption.offer(ours)
        sides = [ours, theirs]
        while sides:
            sides = [one for one in sides if not shaken(one)]
            pass_on(ours, theirs)
        theirs.send(b"hello")
        pass_on(ours, theirs)
        assert ours.recv(100) == b"hello"
        resumption.store(ours)
        return bool(SSL._lib.SSL_session_reused(theirs._ssl))  # type: ignore[attr-defined]


def shaken(side: SSL.Connection) -> bool:
    try:
        side.do_handshake()
    except SSL.WantReadError:
        return False
    return True


def pass_on(*sides: SSL.Connection) -> None:
    for one, other in (sides, sides[::-1]):
        try:
            other.bio_write(one.bio_read(1 << 20))
        except SSL.WantReadError:
            pass


def test_a_session_is_taken_up_for_a_minute_from_its_handshake(tmp_path: Path) -> None:
    now = 0.0
    daemon, resumption = Daemon(tmp_path / "certs"), Resumption(lambda: now)
    assert [daemon.ask(resumption) for _ in range(3)] == [False, True, True]
    now = SESSION_LIFETIME - 1
    assert daemon.ask(resumption)
    now = SESSION_LIFETIME
    assert [daemon.ask(resumption) for _ in range(2)] == [False, True]


def test_a_session_does_not_stand_for_another_daemon(tmp_path: Path) -> None:
    daemon, other, resumption = Daemon(tmp_path / "certs"), Daemon(tmp_path / "other"), Resumption()
    daemon.ask(resumption)
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        other.ask(resumption, daemon.dials)
