"""A process that forks a test's daemons and clients, so that a test can kill them. Standard library only.

It reads a line of JSON for each child: {"role", "address", "send", "receive", "certs", "status"}, and prints the child's
pid. A daemon accepts one connection, receives *receive* bytes and then sends *send* (hexadecimal); a client sends first.
*address* is a path, or a port on 127.0.0.1; with *certs*, a directory, the child uses TLS. To the pipe *status* the child
writes "listening" (daemons only); "here" once it has sent and received everything and stops reading; "more" when further
data is waiting. Then it waits to be killed.
"""

import json
import os
import select
import signal
import socket
import ssl
import sys
from typing import Any, TextIO


def accept_one(address: str, status: TextIO) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX if "/" in address else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address if "/" in address else ("127.0.0.1", int(address)))
    listener.listen()
    print("listening", file=status, flush=True)
    return listener.accept()[0]


def connect(address: str) -> socket.socket:
    if "/" in address:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(address)
        return sock
    return socket.create_connection(("127.0.0.1", int(address)))


def wrap_tls(sock: socket.socket, certs: str, *, server: bool) -> socket.socket:
    purpose = ssl.Purpose.CLIENT_AUTH if server else ssl.Purpose.SERVER_AUTH
    context = ssl.create_default_context(purpose, cafile=f"{certs}/ca.pem")
    context.load_cert_chain(f"{certs}/cert.pem", f"{certs}/key.pem")
    return context.wrap_socket(sock, server_side=server, server_hostname=None if server else "127.0.0.1")


def receive(sock: socket.socket, size: int) -> None:
    while size:
        data = sock.recv(size)
        if not data:
            raise EOFError("the other side disconnected")
        size -= len(data)


def run(role: str, address: str, send: str, receive_size: int, certs: str, status: TextIO) -> None:
    server = role == "daemon"
    sock = accept_one(address, status) if server else connect(address)
    if certs:
        sock = wrap_tls(sock, certs, server=server)
    if server:
        receive(sock, receive_size)
    sock.sendall(bytes.fromhex(send))
    if not server:
        receive(sock, receive_size)
    print("here", file=status, flush=True)
    select.select([sock], [], [])
    print("more", file=status, flush=True)
    signal.pause()


def run_child(spec: dict[str, Any]) -> None:
    """Run in the child; never returns."""
    with open(spec["status"], "w") as status:
        try:
            run(spec["role"], spec["address"], spec["send"], spec["receive"], spec["certs"], status)
        except BaseException as error:
            print(f"died: {error!r}", file=status, flush=True)
    os._exit(0)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    for line in sys.stdin:
        child = os.fork()
        if not child:
            run_child(json.loads(line))
        print(child, flush=True)


if __name__ == "__main__":
    main()
