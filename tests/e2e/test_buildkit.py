"""Real BuildKit builds through apispy, and a real gRPC call: what a build does is printed, its secrets are not."""

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import Event, StreamEnded

from apispy.fixtures import tidy
from apispy.fixtures.files import load, save

from .apispy_process import STANDIN, Apispy
from .battery_runner import BUILDKIT_CLI, CLIS, Outcome, differences, outcome_of
from .clients import Client
from .daemon import IMAGE, Daemons
from .endpoints import Wire
from .normalize import buildkit, without
from .options import listen_options, upstream_options
from .row import ENGINE, MODERN, Row
from .test_daemon import forms
from .test_replay_battery import NoDaemon

pytestmark = pytest.mark.skipif(bool(STANDIN), reason=f"{STANDIN} stands in for apispy")

SECRET = "correct-horse-battery"
DOCKERFILE = f"FROM {IMAGE}\\nCOPY f /f\\nRUN --mount=type=secret,id=s md5sum </run/secrets/s"
BUILD = f"""export DOCKER_BUILDKIT=1; printf '{DOCKERFILE}' >Dockerfile; echo hello >f; printf {SECRET} >s
docker build $N --no-cache --progress plain --secret id=s,src=s -t $P:built . && docker rmi -f $P:built"""
CALLS = re.compile(
    r"\d gRPC calls: DiffCopy 3, (Check \d, )?GetSecret 1"
)  # on a slow machine, health checks are among them

ARGUMENT = "tuesday-4711"
STAGES = f"""printf {SECRET} >s; echo hello >f; cat >Dockerfile <<'END'
FROM {IMAGE} AS build
ARG DAY
COPY f /f
RUN --mount=type=cache,target=/cache cp /f /cache/ && echo "built on $DAY"
RUN --mount=type=secret,id=s cat /run/secrets/s
FROM {IMAGE} AS test
COPY --from=build /f /f
RUN cat /f; exit 3
END
cat >docker-bake.hcl <<'END'
target "default" {{
  target = "build"
  args = {{DAY = "{ARGUMENT}"}}
  secret = ["id=s,src=s"]
  network = "none"
}}
END
rc docker buildx build $N --no-cache --progress plain --build-arg DAY={ARGUMENT} --secret id=s,src=s -t $P:built .
docker buildx bake --progress plain"""


@pytest.fixture(params=["", "-vvv", "--json -vvv"], ids=lambda words: words.replace(" ", "") or "plain")
def spy(request: pytest.FixtureRequest, place: Path, daemons: Daemons) -> Iterator[Apispy]:
    where = Path(tempfile.mkdtemp(prefix="bk-", dir=place)) / "spy"
    words = [*listen_options("unix", where), *upstream_options("unix", daemons), *request.param.split()]
    running = Apispy.start(where, *words)
    try:
        yield running
    finally:
        running.kill()


def test_a_build_prints_its_grpc_methods_and_no_secret(spy: Apispy, daemons: Daemons) -> None:
    client = Client(spy.at, daemons.plain, CLIS[BUILDKIT_CLI], "zqbuildkit", spy.where / "c", spy.where)
    result = client.sh(BUILD)
    assert result.code == 0, result.err.decode()
    assert hashlib.md5(SECRET.encode()).hexdigest().encode() in result.err
    assert spy.end() == 0
    for form in forms(SECRET):
        assert form not in spy.output
    if spy.out.startswith("{"):
        outcomes = {call["operation"]: call["outcome"] for call in map(json.loads, spy.out.splitlines())}
        assert CALLS.match(outcomes["Session"])
        return
    assert (
        "h2c   | < stream 1 /moby.filesync.v1.FileSync/DiffCopy (send files of the build context)" in spy.out
    )
    assert "/moby.buildkit.secrets.v1.Secrets/GetSecret (request a build secret)" in spy.out
    assert "h2c   | > stream 7 200, grpc-status 0 (OK), 1 message" in spy.out
    assert CALLS.search(spy.out)
    assert "build | asks for the secret s" in spy.out
    assert "build | sent 1 file of 1 path in context, 6 B: f 6 B" in spy.out
    assert "problem" not in spy.out


@pytest.mark.skipif(ENGINE != MODERN, reason="needs buildx")
def test_a_build_that_fails_and_a_bake_are_printed_step_by_step(spy: Apispy, daemons: Daemons) -> None:
    client = Client(spy.at, daemons.plain, CLIS[BUILDKIT_CLI], "zqstages", spy.where / "c", spy.where)
    result = client.sh(STAGES)
    assert b"rc=1" in result.out
    assert SECRET.encode() in result.err
    assert spy.end() == 0
    for secret in (SECRET, ARGUMENT):
        for form in forms(secret):
            assert form not in spy.output
    if spy.out.startswith("{"):
        builds = [
            call["build"]
            for call in map(json.loads, spy.out.splitlines())
            if "steps" in call.get("build", {})
        ]
        failed, baked = builds
        assert failed["error"]["line"] == 8
        assert any(step["cached"] for step in baked["steps"])
        assert not any("error" in step for step in baked["steps"])
        return
    assert "build arguments DAY" in spy.out
    assert re.search(
        r"step  \| \[test 3/3\] RUN cat /f; exit 3 -> failed after .*: .*exit code: 3\n", spy.out
    )
    assert re.search(r"stdout\| built on <redacted:\w{8}>\n", spy.out)
    assert re.search(r"stdout\| <redacted:\w{8}>\n", spy.out)
    assert re.search(r"grpc-status 2 \(UNKNOWN\): .*exit code: 3 \(Dockerfile:8\)", spy.out)
    assert re.search(r"step  \| \[build 2/4\] COPY f /f -> cached\n", spy.out)
    assert re.search(r"build \| result: sha256:[0-9a-f]{64}", spy.out)


PLAYED = Row(
    "buildx-without-secrets",
    f"""printf {SECRET} >s; echo hello >f; printf 'FROM {IMAGE}\\nARG DAY\\nENV D=$DAY\\nCOPY f /f\\nRUN echo "on $DAY"\\n' >Dockerfile
    cp Dockerfile Failing; echo 'RUN --mount=type=secret,id=s md5sum </run/secrets/s' >>Dockerfile; echo 'RUN cat /f; exit 3' >>Failing
    build() {{ rc docker buildx build $N --no-cache --progress plain --secret id=s,src=s --build-arg DAY={ARGUMENT} "$@"; }}
    build -t $P:built .; build -f Failing .; build --target nosuch .""",
    (
        "rc=0",
        "rc=1",
        hashlib.md5(SECRET.encode()).hexdigest(),
        "exit code: 3",
        ">>> RUN cat /f; exit 3",
        "hello",
    ),
    steps=(buildkit,),
)
"""Two builds that fail, and one with a secret, whose value it does not print."""


CHECKED = Row(
    "buildx-checks-without-secrets",
    f"""lines=$(printf 'RUN true\\n%.0s' 1 2 3 4 5); printf 'FROM scratch AS one\nARG DAY\nCOPY f /f\nMAINTAINER me\n' >Dockerfile
    printf '%s\nENV X={SECRET}\nFROM one AS two\n' "$lines" >>Dockerfile
    ask() {{ rc docker buildx build --progress plain "$@"; }}
    ask --check .; ask --call outline --build-arg DAY={ARGUMENT} .; ask --call targets .; ask --call subrequests.describe .
    printf 'FROM scratch\nCOPY f /f\n' >Dockerfile; ask --check .; echo NONSENSE >Dockerfile; ask --check .; ask --call outline .""",
    (
        "rc=1",
        "rc=0",
        "MaintainerDeprecated",
        f"DAY         {ARGUMENT}",
        "two (default)",
        "no warnings",
        "NONSENSE",
    ),
    steps=(without(r"^#|^$"),),  # progress
)
"""Questions about a Dockerfile. The secret is in a line that no client prints."""

EXPORTED = "printf 'FROM scratch\nCOPY f /f\n' >Dockerfile; echo hello >f; rc docker buildx build -o out .; cat out/f"


def recorded(where: Path, daemons: Daemons, row: Row) -> Outcome:
    """What a row gives; its calls are in c.jsonl, recorded without --show-secrets."""
    words = [*listen_options("unix", where / "spy"), *upstream_options("unix", daemons), "-q"]
    spy = Apispy.start(where / "spy", *words, "--capture", str(where / "c.jsonl"))
    try:
        outcome = outcome_of(row, Client(spy.at, daemons.plain, CLIS[MODERN], "zqplayed", where / "c", where))
        assert spy.end() == 0
    finally:
        spy.kill()
    assert not [text for text in row.expect if text not in outcome.out + outcome.err], outcome
    (where / "c").rename(where / "before")
    return outcome


@pytest.mark.skipif(ENGINE != MODERN, reason="needs buildx")
@pytest.mark.parametrize("row", [PLAYED, CHECKED], ids=lambda row: row.name)
def test_a_recording_without_secrets_is_enough_for_a_replay(row: Row, place: Path, daemons: Daemons) -> None:
    where = Path(tempfile.mkdtemp(prefix="bk-", dir=place))
    outcome = recorded(where, daemons, row)
    save(tidy(*load(where / "c.jsonl")), where / "c.json")
    for number, file in enumerate(("c.jsonl", "c.json")):
        for secret in (SECRET, ARGUMENT):
            assert not any(form in (where / file).read_text() for form in forms(secret))
        replay = Apispy.start(
            where / f"r{number}", "replay", str(where / file), *listen_options("unix", where / f"r{number}")
        )
        try:
            nobody = NoDaemon(daemons.plain.tools)
            client = Client(replay.at, nobody, CLIS[MODERN], "zqplayed", where / "c", where)  # type: ignore[arg-type]
            assert not differences(outcome, outcome_of(row, client)), replay.output
            assert replay.end() == 0, replay.output
        finally:
            replay.kill()
        (where / "c").rename(where / f"played-{number}")


@pytest.mark.skipif(ENGINE != MODERN, reason="needs buildx")
def test_a_result_that_was_written_at_the_client_is_not_played_without_its_files(
    place: Path, daemons: Daemons
) -> None:
    where = Path(tempfile.mkdtemp(prefix="bk-", dir=place))
    recorded(where, daemons, Row("buildx-exported", EXPORTED, ("rc=0", "hello")))
    replay = Apispy.start(where / "r", "replay", str(where / "c.jsonl"), *listen_options("unix", where / "r"))
    try:
        nobody = NoDaemon(daemons.plain.tools)
        client = Client(replay.at, nobody, CLIS[MODERN], "zqplayed", where / "c", where)  # type: ignore[arg-type]
        result = client.sh(EXPORTED)
        assert b"rc=1" in result.out
        assert b"its result was written at the client" in result.err
        assert not (client.work / "out").exists()
        assert replay.end() == 3, replay.output
    finally:
        replay.kill()


def test_a_call_to_the_daemon_prints_its_method(spy: Apispy) -> None:
    """buildx speaks so; it is not needed here, h2 is a client too."""
    peer = H2Connection(H2Configuration(client_side=True))
    peer.initiate_connection()
    with spy.at.wire() as wire:
        wire.send(
            b"POST /grpc HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n"
        )
        assert b" 101 " in wire.read_response()
        fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/moby.buildkit.v1.Control/ListWorkers"),
        ]
        fields += [(":authority", "localhost"), ("content-type", "application/grpc"), ("te", "trailers")]
        peer.send_headers(1, fields)
        peer.send_data(1, bytes(5), end_stream=True)
        events = peer.receive_data(wire.seen)
        while not any(isinstance(event, StreamEnded) for event in events):
            events = _talk(peer, wire)
    assert spy.end() == 0
    if spy.out.startswith("{"):
        assert json.loads(spy.out)["outcome"] == "1 gRPC call: ListWorkers 1"
        return
    assert "h2c   | > stream 1 /moby.buildkit.v1.Control/ListWorkers (list the build workers)" in spy.out
    assert "h2c   | < stream 1 200, grpc-status 0 (OK), 1 message" in spy.out


def _talk(peer: H2Connection, wire: Wire) -> list[Event]:
    """Say what is to be said, and hear what comes."""
    wire.send(peer.data_to_send())
    piece = wire.recv()
    assert piece, "the daemon went away"
    return peer.receive_data(piece)
