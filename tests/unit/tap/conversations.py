"""Byte streams as real peers send them (ENGINE.md, section 2), and functions that play them to a tap."""

import itertools
from dataclasses import dataclass

from apispy.model import Exchange
from apispy.tap import Closed, ConnectionTap, Event, GaveUp

PING = b"HEAD /_ping HTTP/1.1\r\nHost: api.moby.localhost\r\nUser-Agent: Docker-Client/28.2.2 (linux)\r\n\r\n"
PONG = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\nContent-Type: text/plain\r\n\r\n"
LIST = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: x\r\n\r\n"
LISTED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n[]\n"
ATTACH = (
    b"POST /v1.41/containers/web/attach?stderr=1&stdin=1&stdout=1&stream=1 HTTP/1.1\r\nHost: \r\n"
    b"Connection: Upgrade\r\nContent-Length: 0\r\nUpgrade: tcp\r\n\r\n"
)
HIJACKED = (
    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
)
OLD_HIJACKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
EVENTS = b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Step:
    """One event on a connection: bytes, or b"" for the end of that direction."""

    client: bool
    data: bytes


def c(data: bytes) -> Step:
    return Step(True, data)


def s(data: bytes) -> Step:
    return Step(False, data)


def new_tap(limit: int = 1 << 20) -> ConnectionTap:
    return ConnectionTap(1, "client", "daemon", itertools.count(1).__next__, limit)


def play(steps: list[Step], limit: int = 1 << 20, lose: bool | str = False) -> list[Event]:
    """Return all events of a conversation; step n happens at second 100 + n. *lose*: lost at the end, for a reason."""
    tap, events = new_tap(limit), []
    at = 100.0
    for step in steps:
        at += 1
        if step.data:
            events += (tap.from_client if step.client else tap.from_server)(step.data, at)
        else:
            events += (tap.client_eof if step.client else tap.server_eof)(at)
    return events + (tap.lost(at + 1, lose if isinstance(lose, str) else "") if lose else [])


def closed(events: list[Event]) -> list[Exchange]:
    return [event.exchange for event in events if isinstance(event, Closed)]


def gave_up(events: list[Event]) -> list[str]:
    return [event.reason for event in events if isinstance(event, GaveUp)]
