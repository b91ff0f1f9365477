"""Long and wide sessions for the tests of the page, made of recorded samples by other times, names and IDs."""

from collections.abc import Iterable
from pathlib import Path

from apispy.app.decoded_calls import decode_file
from apispy.capture import Header, Writer, read
from apispy.model import Body, Chunk, Exchange
from apispy.outputs import DecodedCall
from apispy.structs import replace
from bench import compose

SAMPLES = Path(__file__).parents[1] / "samples"

START = 1_790_000_000.0
"""Start of the sessions, Unix seconds."""

DAY = 86_400.0

LONG_NAME = "customers-accounts-and-invoices-in-euros-1"
"""The name of one container of ``compose_up``."""


def decoded(calls: Iterable[Exchange], directory: Path) -> list[DecodedCall]:
    """Return *calls* as the commands read them from a capture, with names of IDs and notes."""
    with Writer(directory / "session.jsonl") as writer:
        writer.header(Header("test", START, upstream="unix:///var/run/docker.sock"))
        for call in sorted(calls, key=lambda one: one.started + one.duration):
            writer.exchange(call)
    return list(decode_file(directory / "session.jsonl", notes="on"))


def compose_up() -> list[Exchange]:
    """The calls of Compose's `up` of 20 services, which it makes side by side; then a log of each is followed.

    A `docker ps` each second is another program.
    """
    found = list[Exchange]()
    for number, call in enumerate(compose.calls()):
        service, step = divmod(number - 4, 5)  # of each service: create, inspect, start, inspect, inspect
        begins = 0.1 * number
        if service >= 0:
            begins = (
                0.4 + 0.06 * service,
                0.5 + 0.06 * service,
                *(2 + 0.09 * service + at for at in (0, 0.9, 1.4)),
            )[step]
        found.append(
            replace(
                _renamed(call, "demo-w07-1", LONG_NAME), started=START + begins, connection=2 + service % 7
            )
        )
    created = [call for call in found if "/containers/create" in call.request.target]
    for place, call in enumerate(created):
        begins = 3.5 + 0.09 * place
        log = _stretched(_sample("logs-f", "/logs"), 20 - begins)
        target = f"/v1.51/containers/{_id(call)}/logs?follow=1&stdout=1&stderr=1"
        found.append(_moved(log, target, started=START + begins, connection=20 + place, client=call.client))
    ps = _sample("ps-unix", "/containers/json")
    found += [replace(ps, started=START + second, connection=50) for second in range(4, 20)]
    return _numbered(found)


def day_of_events() -> list[Exchange]:
    """A stream of events that is open for a day: quiet, a few each hour from 6 to 18, and 200 in 10 minutes at noon.

    Its client lists the containers after each event.
    """
    stream = _sample("watcher", "/events")
    assert stream.response
    recorded = stream.response.body.chunks
    times = [hour * 3600 + minute * 97.0 for hour in range(6, 19) for minute in range(4)]
    times = sorted(times + [12 * 3600 + 3 * number for number in range(200)])
    chunks = [Chunk(at, recorded[place % len(recorded)].data) for place, at in enumerate(times)]
    body = Body(tuple(chunks), sum(len(chunk.data) for chunk in chunks), ended_at=DAY)
    stream = replace(stream.with_stream("response", body), started=START, duration=DAY, connection=1)
    ps = _sample("watcher", "/containers/json")
    return _numbered([stream, *(replace(ps, started=START + at + 0.2, connection=2) for at in times)])


def _sample(name: str, part: str) -> Exchange:
    """The first call of a sample whose target has *part*."""
    return next(call for call in read(SAMPLES / f"{name}.jsonl") if part in call.request.target)


def _id(created: Exchange) -> str:
    assert created.response
    value = created.response.body.document.value
    assert isinstance(value, dict)
    return str(value["Id"])


def _numbered(calls: list[Exchange]) -> list[Exchange]:
    calls = sorted(calls, key=lambda call: call.started)
    return [replace(call, id=number) for number, call in enumerate(calls, 1)]


def _moved(call: Exchange, target: str, **changes: object) -> Exchange:
    return replace(call, request=replace(call.request, target=target), **changes)  # type: ignore[arg-type]


def _renamed(call: Exchange, old: str, new: str) -> Exchange:
    """The same call with another name, of any length, in target and bodies."""
    for direction, body in call.streams.items():
        if old.encode() in body.data:
            data = body.data.replace(old.encode(), new.encode())
            call = call.with_stream(
                direction, Body((Chunk(body.chunks[0].at, data),), len(data), ended_at=body.ended_at)
            )
    return _moved(call, call.request.target.replace(old, new))


def _stretched(call: Exchange, seconds: float) -> Exchange:
    """The same stream over another time."""
    assert call.response
    factor = seconds / call.duration
    body = call.response.body
    chunks = tuple(replace(chunk, at=chunk.at * factor) for chunk in body.chunks)
    return replace(
        call.with_stream("response", replace(body, chunks=chunks, ended_at=seconds)), duration=seconds
    )
