"""Who connected to a unix socket, as the kernel knows it."""

import socket
import struct
from pathlib import Path

CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred of Linux, unix(7)


def unix_peer(sock: socket.socket) -> tuple[str, int]:
    """(command, pid) of the process that connected; ("unix", 0) where the system does not tell."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return "unix", 0
    pid, _uid, _gid = CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, option, CREDENTIALS.size))
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() or "unix", pid
    except OSError:  # gone already, or another user's namespace
        return "unix", pid
