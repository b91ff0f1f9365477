"""The calls of Compose's `up` of 20 services, and a replay of them as the daemon.

They are made of a recorded `up` of one service (samples/compose2.jsonl): the calls that concern its container come
again for each further service, with another name and ID.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from apispy.capture import Header, Writer, read
from apispy.model import Body, Chunk, Exchange
from apispy.structs import replace
from bench.addresses import ServerAddresses
from tests.e2e.apispy_process import Apispy

SAMPLE = Path(__file__).parents[1] / "samples" / "compose2.jsonl"

SERVICES = 20

NAME = "web"
"""The service in the sample; all services have names of this length, so that bodies keep their sizes."""


def calls() -> list[Exchange]:
    """The calls of `up`, in order: those before the services, then those of each service."""
    recorded = [call for call in read(SAMPLE, _refuse) if call.connection == 1]
    created = next(call for call in recorded if f"name=demo-{NAME}-1" in call.request.target)
    assert created.response is not None
    value = created.response.body.document.value
    assert isinstance(value, dict)
    identity = str(value["Id"])
    first = recorded.index(created)
    of_service = [call for call in recorded if call is created or f"/{identity}/" in call.request.target]
    found = list(recorded[:first])
    for number in range(SERVICES):
        found += [_renamed(call, identity, number) for call in of_service]
    return [replace(call, id=number, started=1.7e9 + number) for number, call in enumerate(found, 1)]


def _renamed(call: Exchange, identity: str, number: int) -> Exchange:
    """The same call of another service. Names and IDs keep their lengths."""
    other = hashlib.sha256(b"%d" % number).hexdigest()
    names = {
        identity: other,
        f"demo-{NAME}-1": f"demo-w{number:02}-1",
        f'"{NAME}"': f'"w{number:02}"',
    }

    def rename(data: bytes) -> bytes:
        for old, new in names.items():
            data = data.replace(old.encode(), new.encode())
        return data

    for direction, body in call.streams.items():
        call = call.with_stream(direction, _changed(body, rename))
    target = rename(call.request.target.encode()).decode()
    return replace(call, request=replace(call.request, target=target))


def _changed(body: Body, change: Callable[[bytes], bytes]) -> Body:
    if not body.chunks:
        return body
    data = change(body.data)
    assert len(data) == body.size
    return replace(body, chunks=(Chunk(body.chunks[0].at, data),))


def _refuse(problem: str) -> None:
    raise AssertionError(problem)


def requests(exchanges: Iterable[Exchange]) -> list[tuple[bytes, bool]]:
    """The bytes of each request, and whether its response has no body whatever its head says: that of HEAD."""
    found = []
    for call in exchanges:
        request = call.request
        fields = b"".join(b"%b: %b\r\n" % pair for pair in request.headers)
        head = f"{request.method} {request.target} HTTP/1.1\r\n".encode() + fields + b"\r\n"
        found.append((head + request.body.data, request.method == "HEAD"))
    return found


def write(path: Path) -> Path:
    """Write a capture of the calls."""
    with Writer(path) as writer:
        writer.header(Header("bench", 1.0, upstream="unix:///var/run/docker.sock"))
        for call in calls():
            writer.exchange(call)
    return path


@dataclass
class ComposeServer:
    """A replay of these calls at the TCP address of *addresses*, as often as they are made."""

    process: Apispy

    @classmethod
    def start(cls, addresses: ServerAddresses) -> "ComposeServer":
        capture = write(addresses.where / "up.apispy")
        listen = str(addresses.tcp.address[1])
        command = ["replay", str(capture), "--repeat-last", "--listen", listen, "--listen-plaintext"]
        return cls(Apispy.start(addresses.where / "replay", *command))

    def stop(self) -> None:
        self.process.end()
