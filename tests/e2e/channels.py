"""One side of a recorder: a non-blocking socket, with TLS or without.

`recv` returns the available data, followed by FIN at the end of the peer's half; a reset raises ConnectionError.
"""

import enum
import select
import socket
import ssl
import struct

SIZE = 256 * 1024
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with time 0: closing sends a RST


class End(enum.Enum):
    FIN = "fin"
    RESET = "reset"


class Channel:
    """Without TLS."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.is_unix = sock.family == socket.AF_UNIX
        self._unsent = bytearray()
        self._ends = False  # half-close once everything is sent

    def recv(self) -> list[bytes | End]:
        try:
            return [self.sock.recv(SIZE) or End.FIN]
        except BlockingIOError:
            return []

    def send(self, data: bytes) -> None:
        self._unsent += data
        self.flush()

    def end(self) -> None:
        """Half-close, after everything sent before."""
        self._ends = True
        self.flush()

    def flush(self) -> None:
        """Send as much as possible without waiting. ConnectionError if the peer has disconnected."""
        while self._unsent:
            try:
                sent = self.sock.send(self._unsent)
            except BlockingIOError:
                return
            del self._unsent[:sent]
        if self._ends:
            self._ends = False
            self.sock.shutdown(socket.SHUT_WR)

    @property
    def unsent(self) -> bool:
        return bool(self._unsent)

    def finish(self) -> None:
        """Wait until everything is sent, for at most 20 s."""
        self.sock.settimeout(20)
        try:
            self.flush()
        except OSError:
            pass  # this peer has disconnected too

    def close(self, *, reset: bool = False) -> None:
        if reset and not self.is_unix and self.sock.fileno() >= 0:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.sock.close()


class TlsChannel(Channel):
    """With TLS, by memory BIOs: the ssl module's sockets cannot half-close. The handshake blocks, at most 20 s.

    An end counts with and without a close_notify: apispy sends none to a daemon (test_process.py checks the client's
    side). *notify*: send one.
    """

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, *, server: bool, notify: bool) -> None:
        super().__init__(sock)
        context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
        self._notify = notify
        self._ended = End.FIN  # how the connection below has ended
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = None if server else "127.0.0.1"
        self._tls = context.wrap_bio(self._in, self._out, server_side=server, server_hostname=name)
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        while not self._handshake():
            if not poll.poll(20_000):
                raise TimeoutError("no TLS handshake")
            self._fill()
        self._push()

    def _handshake(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._push()
            return False
        return True

    def _fill(self) -> None:
        for data in super().recv():
            if isinstance(data, End):
                self._ended = data
                self._in.write_eof()
            else:
                self._in.write(data)

    def _push(self) -> None:
        if self._out.pending:
            super().send(self._out.read())

    def recv(self) -> list[bytes | End]:
        self._fill()
        found: list[bytes | End] = []
        while not found or isinstance(found[-1], bytes):
            try:
                found.append(self._tls.read(SIZE) or End.FIN)  # b"": a close_notify
            except ssl.SSLZeroReturnError:  # a close_notify, after ours
                found.append(End.FIN)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLEOFError:
                found.append(self._ended)  # without a close_notify: as the connection below it
        self._push()
        return found

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self._push()

    def end(self) -> None:
        if self._notify:
            try:
                self._tls.unwrap()
            except ssl.SSLError:
                pass  # our close_notify is written, the peer's has not arrived
            self._push()
        super().end()
