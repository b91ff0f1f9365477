"""An idle stream stays open for hours, in which mitmproxy by itself would cut it after 600 s (MITMPROXY.md, 11).

apispy runs here with a clock that goes 5000 times as fast (libfaketime): two seconds of ours are nearly three hours.
"""

import socket
import threading
from pathlib import Path

import pytest

from .apispy_process import Apispy
from .conftest import unavailable
from .test_process import EVENTS, OPEN_ANSWER, Upstream, version_or

SILENCE = 2.0  # seconds
SPEED = 5000

LATE = b"3\r\n{}\n\r\n"


def faketime() -> dict[str, str]:
    found = list(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        unavailable("this test needs libfaketime; on Debian: apt-get install faketime")
    return {"LD_PRELOAD": str(found[0])}


def fast_clock() -> dict[str, str]:
    """The environment in which a process's clock is fast, as the program `faketime` sets it."""
    return faketime() | {"FAKETIME": f"+0 x{SPEED}"}


def fake_clock(offset: Path) -> dict[str, str]:
    """One in which the clock that can be set is off by what the file *offset* says at the time ("+20y")."""
    return faketime() | {
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


@pytest.mark.parametrize("half_closed", [False, True], ids=["open", "half-closed"])
def test_an_idle_stream_stays_open_for_hours(place: Path, half_closed: bool) -> None:
    speak = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(OPEN_ANSWER)
        speak.wait(20)
        connection.sendall(LATE)

    where = place / f"idle-{half_closed}"
    upstream = Upstream(socket.AF_UNIX, f"{where}.up", version_or(talk))
    spy = Apispy.start(where, "--listen", f"unix://{where}/s", "--upstream", upstream.url, env=fast_clock())
    try:
        with spy.at.plain_socket() as client:
            client.sendall(EVENTS)
            assert client.recv(len(OPEN_ANSWER), socket.MSG_WAITALL) == OPEN_ANSWER
            if half_closed:
                client.shutdown(socket.SHUT_WR)
            client.settimeout(SILENCE)
            with pytest.raises(TimeoutError):  # neither a byte nor an end for hours of apispy's time
                client.recv(1)
            speak.set()
            client.settimeout(20)
            assert client.recv(len(LATE), socket.MSG_WAITALL) == LATE
    finally:
        spy.kill()
        upstream.listener.close()
    assert "Traceback" not in spy.err
