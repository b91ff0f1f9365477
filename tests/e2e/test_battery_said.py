"""What apispy printed while the battery ran through it, and how it ends after all that.

Its name puts it after test_battery.py; it ends the apispy processes that the battery used.
"""

import difflib
import json
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from apispy.capture import read
from apispy.model import Exchange
from apispy.pipeline.live_stream import LISTED

from .apispy_process import STANDIN, Apispy, apispy_command
from .battery_runner import BatteryRunner
from .podman_rows import PODMAN
from .row import ENGINE, MODERN
from .swarm_rows import SWARM

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def streams_of(call: dict[str, Any]) -> list[dict[str, Any]]:
    tunnel = call["tunnel"] or {}
    return [
        stream for stream in (call["request"], call["response"], *tunnel.values()) if isinstance(stream, dict)
    ]


TRUE_NOTES = {
    # Docker CLI 28.2.2 speaks 1.50, the daemon of these tests 1.41.
    r"the client supports API 1\.\d+ and the daemon 1\.41, so API 1\.41 is used",
    # Today's CLI speaks 1.51 or later, Podman's service 1.44.
    r"the client supports API 1\.\d+ and the daemon 1\.44, so API 1\.44 is used",
    # Podman's service adds these to Docker's answers, and to its errors `cause` and `response`.
    r"(cause|response|BuildahVersion|CPURealtime\w+|Uptime|\[\]\.(Digest|History|Names)) in the response body of \w+ is not in the API reference",
    # SwarmKit's objects have more than the reference says of services and tasks.
    r"(\[\]\.)?PreviousSpec in the response body of Service(Inspect|List) is not in the API reference",
    r"\[\]\.NetworksAttachments\[\]\.Network\.\w+ in the response body of TaskList is not in the API reference",
    r"ClusterVolume\.Spec\.Availability in the response body of Volume\w+ is not in the API reference",
    # A row asks the engine of API 1.51 for it.
    r"parameter identity of ImageList is documented since API 1\.54, not for API 1\.\d+: engines may ignore it",
    # BuildKit's records have a field " Parents", with a space: in engine 28.5 the tag of the Go field has it.
    r"BuildCache\[\]\.\(a field of another name\) in the response body of SystemDataUsage is not in the API reference",
    # A row sends JSON as `curl -d` does.
    r"ContainerCreate takes JSON, but the request declares it as application/x-www-form-urlencoded, as curl -d does; "
    r"with curl, add -H 'Content-Type: application/json'",
    # A row begins with HTTP/2's preface, which these engines refuse.
    r"the client tried HTTP/2 from the first byte, which Docker Engine accepts from 29\.2 on, without TLS; here it was "
    r"refused, and a client that can fall back goes on in HTTP/1\.1",
    # Rows of raw requests: a method that HTTP does not have, and a path that begins with two slashes.
    r"Docker has no such method of this path; did you mean GET /_ping \(SystemPing\)\?",
    r"the path has a double slash, so the daemon redirects the client(, and clients follow a 301 with GET whatever the "
    r"method was)?\. Leave out the slash at the end of DOCKER_HOST or of the base URL",
    # docker-py and docker-compose send it to this day; the daemon stopped reading it before API 1.0.
    r"ContainerList has no parameter 'trunc_cmd', so Docker ignores it( \(Podman may not\))?",
    # docker-py repeats the container's id of the path in the body.
    r"ContainerExec has no field 'Container' in its body, so Docker ignores it( \(Podman may not\))?",
    # `docker exec -d`: what counts is Detach in the body of ExecStart.
    r"ContainerExec has no field 'Detach' in its body, so Docker ignores it( \(Podman may not\))?; did you mean DetachKeys\?",
    # Rows of the battery that ask for these versions.
    r"API 1\.99 is newer than any version apispy knows; the call is decoded as API 1\.\d+",
    r"Docker Engine 29\.0 and later refuses API 1\.24 by default \(lowest supported version: 1\.44 in 29\.0, 1\.40 in 29\.3\)",
    r"Docker Engine 25\.0 and later refuses API 1\.23 by default "
    r"\(lowest supported version: 1\.24 in 25\.0, 1\.44 in 29\.0, 1\.40 in 29\.3\)",
}
"""Every note that the battery brings with --notes=strict, and why it is true."""

UNDECODED: dict[str, str] = {}
"""Calls, as patterns, of which a body is not decoded, and why."""

UNNAMED: dict[str, str] = {
    r"PRI \*": "a row begins with the preface of HTTP/2, which these engines refuse",
    r"BREW /_ping": "a row of raw requests asks with a method that HTTP does not have",
    r"GET /(nosuch)?": "rows ask for what no daemon has",
}
"""Calls, as patterns, that are no operation of the Engine API, and why they are made."""

pytestmark = [
    pytest.mark.skipif(bool(STANDIN), reason=f"{STANDIN} stands in for apispy"),
    pytest.mark.timeout(1200),  # run by themselves, they wait for the rows of the battery
]


VIEWS = {"tcp": ["-vvv"], "mtls": ["--json", "--notes=strict"], "unix": []}
VIEWS |= {SWARM: [], PODMAN: []} if ENGINE == MODERN else {}
"""How conftest.py lets apispy show the calls of each transport."""


def ended(runner: BatteryRunner, transport: str) -> Apispy:
    """The apispy of a transport, which has seen the whole battery and has been asked to end by now."""
    spy = runner.finish(transport)
    if transport not in _ended:
        assert spy.process.poll() is None, f"apispy ended in the battery: {spy.err[-3000:]}"
        code = spy.end(signal.SIGINT, timeout=2)
        assert code == 0, spy.err[-3000:]
        _ended.add(transport)
    return spy


_ended: set[str] = set()


@pytest.mark.parametrize("transport", VIEWS)
def test_it_stayed_in_good_order(runner: BatteryRunner, transport: str) -> None:
    spy = ended(runner, transport)
    assert "Traceback" not in spy.err, spy.err[-3000:]
    lines = spy.out.splitlines()
    wild = [line for line in lines if CONTROL.search(line)]
    assert not wild, f"control characters reach the terminal: {wild[:3]}"
    if transport == "mtls":
        calls = [json.loads(line) for line in lines]  # every line an object of its own
        assert all(isinstance(call, dict) for call in calls)
    else:
        assert any(re.match(r"\s*calls +errors", line) for line in lines), f"no summary: {lines[-10:]}"


@pytest.mark.parametrize("transport", VIEWS if ENGINE == MODERN else ["mtls"])
def test_every_call_was_understood(runner: BatteryRunner, transport: str) -> None:
    """Each body is decoded, each note has a reason, each call has a name; exceptions are in the tables above."""
    made = ended(runner, transport).where / "calls.jsonl"
    words = [*apispy_command(), "show", "--json", "--notes=strict", str(made)]
    shown = subprocess.run(words, capture_output=True, text=True, timeout=110)
    assert (shown.returncode, shown.stderr) == (0, "")
    calls = [one for line in shown.stdout.splitlines() if "notice" not in (one := json.loads(line))]
    assert calls
    unread = {
        f"{call['method']} {call['target']}"
        for call in calls
        for stream in streams_of(call)
        if stream["format"] == "opaque"
    }
    assert not left(unread, UNDECODED), "bodies that were not decoded"
    unknown = {f"{call['method']} {call['path']}" for call in calls if not call["operation"]}
    assert not left(unknown, UNNAMED), "calls without a name"
    notes = {note for call in calls for note in call["notes"]}
    assert transport != "mtls" or notes, "the battery holds some true notes"
    assert not left(notes, TRUE_NOTES), "notes without a reason"


def left(found: set[str], known: Iterable[str]) -> list[str]:
    """Those of *found* that none of the *known* patterns matches whole."""
    return sorted(one for one in found if not any(re.fullmatch(pattern, one) for pattern in known))


@pytest.mark.parametrize("transport", VIEWS)
def test_it_is_shown_later_as_it_was_live(runner: BatteryRunner, transport: str) -> None:
    """Byte for byte, but for what flowed in calls of which not every stream was kept whole; and at -vvv in those of
    which a stream held a secret, for there it is starred out as it comes, before it has a token."""
    spy = ended(runner, transport)
    made = spy.where / "calls.jsonl"
    shown = subprocess.run(
        [*apispy_command(), "show", *VIEWS[transport], str(made)], capture_output=True, timeout=110
    )
    assert (shown.returncode, shown.stderr) == (0, b"")
    calls = list(read(made))
    assert calls
    other = {one.id for one in calls if not_whole(one) or (transport == "tcp" and hidden_in_streams(one))}
    live, later = (list(without(text.splitlines(), other)) for text in (spy.out, shown.stdout.decode()))
    differing = list(difflib.unified_diff(live, later, "live", "later", n=2, lineterm=""))
    assert not differing, "\n".join(differing[:40])
    if transport == "mtls":
        assert shown.stdout.decode() == spy.out


def not_whole(call: Exchange) -> bool:
    return any(
        body.cut and (body.shown or len(body.seen) >= min(LISTED.values())) for body in call.streams.values()
    )


def hidden_in_streams(call: Exchange) -> bool:
    return any(".body" in one.place and one.token for one in call.redactions)


def without(lines: list[str], calls: set[int]) -> Iterator[str]:
    """The lines but for what flowed in those *calls*."""
    for line in lines:
        found = re.match(r" {4}#(\d+) ", line)
        if found is None or int(found[1]) not in calls:
            yield line
