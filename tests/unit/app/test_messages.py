"""What the commands say on standard error."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

TIMEOUT = 60


def test_a_daemon_that_cannot_be_reached_is_explained_once(tmp_path: Path) -> None:
    """The messages at the start have explained it when the first call fails."""
    listener, daemon = tmp_path / "apispy.sock", tmp_path / "nosuch.sock"
    running = subprocess.Popen(
        [sys.executable, "-m", "apispy", "--listen", f"unix://{listener}", "--upstream", f"unix://{daemon}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    assert running.stdout is not None
    lines = []
    try:
        for line in running.stdout:
            lines.append(line)
            if "ready, but" in line:
                break
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(TIMEOUT)
        client.connect(str(listener))
        client.sendall(b"GET /info HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 502")
        client.close()
    finally:
        running.send_signal(signal.SIGINT)
        lines += running.communicate(timeout=TIMEOUT)[0].splitlines()
    text = "\n".join(lines)
    assert text.count("no such socket. Check that the daemon is running") == 1, text
    assert "GET  /info -> 502 apispy: Daemon at " in text
    assert "(as above)" in text
