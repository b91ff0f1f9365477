"""A process whose children are a test's daemons and clients, so that they can be killed as real ones. Standard library only.

It reads a line of JSON for each: {"role", "address", "say", "hear", "certs", "words"}, and prints the child's pid. A daemon
accepts one connection, hears *hear* bytes and then says *say* (hexadecimal); a client says first. *address* is a path, or
a port on 127.0.0.1; with *certs*, a directory, it speaks TLS. Into the pipe *words* the child writes "listening" (a
daemon); "here", when it has said and heard all and takes nothing more; "more", when something has come that it does not
take. Then it stays.
"""

import json
import os
import select
import signal
import socket
import ssl
import sys
from typing import Any, TextIO


def listening(address: str, words: TextIO) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX if "/" in address else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address if "/" in address else ("127.0.0.1", int(address)))
    listener.listen()
    print("listening", file=words, flush=True)
    return listener.accept()[0]


def connected(address: str) -> socket.socket:
    if "/" in address:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(address)
        return sock
    return socket.create_connection(("127.0.0.1", int(address)))


def secured(sock: socket.socket, certs: str, *, server: bool) -> socket.socket:
    purpose = ssl.Purpose.CLIENT_AUTH if server else ssl.Purpose.SERVER_AUTH
    context = ssl.create_default_context(purpose, cafile=f"{certs}/ca.pem")
    context.load_cert_chain(f"{certs}/cert.pem", f"{certs}/key.pem")
    return context.wrap_socket(sock, server_side=server, server_hostname=None if server else "127.0.0.1")


def hear(sock: socket.socket, size: int) -> None:
    while size:
        data = sock.recv(size)
        if not data:
            raise EOFError("the other side is gone")
        size -= len(data)


def live(role: str, address: str, say: str, hear_size: int, certs: str, words: TextIO) -> None:
    server = role == "daemon"
    sock = listening(address, words) if server else connected(address)
    if certs:
        sock = secured(sock, certs, server=server)
    if server:
        hear(sock, hear_size)
    sock.sendall(bytes.fromhex(say))
    if not server:
        hear(sock, hear_size)
    print("here", file=words, flush=True)
    select.select([sock], [], [])
    print("more", file=words, flush=True)
    signal.pause()


def born(wish: dict[str, Any]) -> None:
    """In the child, which never comes back."""
    with open(wish["words"], "w") as words:
        try:
            live(wish["role"], wish["address"], wish["say"], wish["hear"], wish["certs"], words)
        except BaseException as error:
            print(f"died: {error!r}", file=words, flush=True)
    os._exit(0)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    for line in sys.stdin:
        child = os.fork()
        if not child:
            born(json.loads(line))
        print(child, flush=True)


if __name__ == "__main__":
    main()
