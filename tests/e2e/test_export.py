"""What `apispy export` writes is taken by those for whom it is meant: sh and curl, Python, tshark, mitmdump."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.forked_apispy import run_binary
from tests.golden.exported import decoded_calls, exported

from .apispy_process import apispy_command
from .battery_runner import CLIS
from .daemon import IMAGE, Daemons
from .endpoints import Endpoint

PAGE = Path(__file__).parents[2] / "docs/exports.md"

NAME = "zqexport"

SESSION = f"""
docker() {{ "$DOCKER" "$@"; }}
docker version; docker info; docker images; docker run --name {NAME} --network none {IMAGE} sh -c 'echo out; echo err >&2'
docker ps -a --filter name={NAME}; docker inspect {NAME}; docker logs {NAME}; docker diff {NAME}; docker top {NAME}
docker rename {NAME} {NAME}-2; docker start {NAME}-2; docker wait {NAME}-2; docker rm {NAME}-2
docker create --name {NAME}-up --network none {IMAGE} sleep 100; docker start {NAME}-up
docker exec {NAME}-up echo hi
head -c 100000 /dev/urandom >big; docker cp big {NAME}-up:/tmp; docker cp {NAME}-up:/etc/. - | tar -t
timeout 1 docker logs -f {NAME}-up; docker inspect nosuch; docker volume create {NAME}; docker volume rm {NAME}
docker pull 127.0.0.1:1/x; docker events --since 2000-01-01 --until 2000-01-02; docker rm -f {NAME}-up
true
"""

TO_HTTP = ["-d", "tcp.port==2375,http", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]


@pytest.fixture(scope="module")
def capture(place: Path, daemons: Daemons) -> Path:
    """The capture of a session of the docker CLI."""
    return captured(place / "export", SESSION, daemons)


def captured(where: Path, session: str, daemons: Daemons) -> Path:
    where.mkdir()
    env = os.environ | {"DOCKER": str(CLIS[max(CLIS)]), "HOME": str(where), "XDG_DATA_HOME": str(where)}
    words = ["run", "-o", "lines", "--capture", "calls.jsonl", "--upstream", daemons.plain.unix.host]
    subprocess.run(
        [*apispy_command(), *words, "--", "sh", "-c", session],
        cwd=where,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=90,
        check=True,
    )
    return where / "calls.jsonl"


def export(capture: Path, name: str) -> bytes:
    done = run_binary("export", capture, "--to", name)
    done.check_returncode()
    return done.stdout


def rows(capture: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in export(capture, "ndjson").splitlines()]


def outline(status: str, target: str) -> tuple[str, str]:
    """What must be the same on another daemon: without ids, and without the query, which docker-py fills up.

    curl does not upgrade, so that the answer to a hijack is the old one.
    """
    path = re.sub(r"^https?://[^/]*", "", target).partition("?")[0]
    return status.replace("101", "200"), re.sub("[0-9a-f]{64}", "ID", path)


PROGRAMS = {"curl": "sh", "python": sys.executable, "python-requests": sys.executable}


@pytest.mark.parametrize(("name", "kind"), [("curl", "tls"), ("python", "unix"), ("python-requests", "tls")])
def test_a_script_gets_the_same_statuses_from_another_daemon(
    name: str, kind: str, capture: Path, daemons: Daemons
) -> None:
    out = same_statuses(capture, name, daemons.tls_tcp if kind == "tls" else daemons.tls.unix)
    assert len(rows(capture)) > 50
    assert b"hi\n" in out or b"hi\\n" in out


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_script_reaches_a_unix_socket_and_plain_tcp(name: str, place: Path, daemons: Daemons) -> None:
    capture = captured(place / f"small-{name}", '"$DOCKER" version', daemons)
    for other in (daemons.tls.unix, daemons.plain_tcp):
        same_statuses(capture, name, other)


def is_mixed(word: str) -> bool:
    """Two curls that run at the same time have written at the same time: "2020 00https://...", "https://..."."""
    return re.fullmatch(r"(?!\d{3}$)\d.*|https?:.*", word) is not None


def same_statuses(capture: Path, name: str, other: Endpoint) -> bytes:
    """Run the script of *capture* against *other*; what it printed."""
    script = capture.with_name(f"{name}-script")
    script.write_bytes(export(capture, name))
    for _ in range(3):
        done = subprocess.run(
            [PROGRAMS[name], script],
            env=os.environ | other.env(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=100,
            check=False,
        )
        said = [words for line in done.stderr.decode().splitlines() if (words := line.split())]
        if not any(is_mixed(words[0]) for words in said):
            break
    answers = Counter(outline(words[0], words[-1]) for words in said if words[0].isdigit())
    recorded = Counter(outline(str(row["status"]), row["target"]) for row in rows(capture))
    assert answers == recorded, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize(("program", "suffix"), [("tshark", "pcapng"), ("mitmdump", "flow")])
def test_the_samples_in_the_docs(
    program: str, suffix: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """``pytest tests/e2e/test_export.py --rewrite-golden`` writes them anew."""
    (tmp_path / f"calls.{suffix}").write_bytes(exported(suffix, decoded_calls("run")))
    sample = re.compile(rf"(?s)<!-- {program} -->\n```console\n\$ (.+?)\n(.*?)```\n<!-- end -->")
    [(command, shown)] = sample.findall(PAGE.read_text())
    words = [
        str(Path(sys.executable).with_name(word)) if word == "mitmdump" else word for word in command.split()
    ]
    env = os.environ | {"COLUMNS": "80"}
    out = subprocess.run(
        words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    if request.config.getoption("--rewrite-golden"):
        PAGE.write_text(PAGE.read_text().replace(f"{command}\n{shown}", f"{command}\n{out}"))
        return
    assert shown == out


def shark(file: Path, *words: str) -> str:
    command = ["tshark", "-n", "-r", file, *TO_HTTP, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_tshark_reads_the_packets_as_http(capture: Path) -> None:
    file = capture.with_name("calls.pcapng")
    file.write_bytes(export(capture, "pcapng"))
    calls = rows(capture)
    wrong = "_ws.malformed || tcp.analysis.flags || tcp.checksum.status == 0 || ip.checksum.status == 0"
    assert shark(file, "-Y", f"({wrong}) && !tcp.flags.reset") == ""
    fields = ["-T", "fields", "-e"]
    methods = shark(file, "-Y", "http.request", *fields, "http.request.method").split()
    assert Counter(methods) == Counter(row["method"] for row in calls)
    statuses = shark(file, "-Y", "http.response", *fields, "http.response.code").split()
    cut = sum(row["end"] in ("left", "cut") for row in calls)  # an answer that never ends is none to tshark
    assert len(calls) - cut <= len(statuses) <= len(calls)
    assert "ContainerCreate" in shark(file, *fields, "frame.comment")


def test_tshark_finds_the_bodies(capture: Path) -> None:
    file = capture.with_name("bodies.pcapng")
    file.write_bytes(export(capture, "pcapng"))
    shark(file, "-q", "--export-objects", f"http,{capture.parent}/bodies")
    bodies = [path.read_bytes() for path in (capture.parent / "bodies").iterdir()]
    copied = (capture.parent / "big").read_bytes()
    assert any(copied in body for body in bodies)
    assert any(b'"ApiVersion"' in body for body in bodies)


def test_mitmdump_reads_the_flows(capture: Path) -> None:
    file = capture.with_name("calls.flow")
    file.write_bytes(export(capture, "flow"))
    done = subprocess.run(
        [Path(sys.executable).with_name("mitmdump"), "-nr", file, "--set", "termlog_verbosity=error"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "<< 201 Created" in done.stdout
    assert "<- tcp <-" in done.stdout
    assert done.stderr == ""


def test_tshark_reads_calls_in_http2_as_http1(tmp_path: Path) -> None:
    file = tmp_path / "calls.pcapng"
    calls = decoded_calls("http2")
    file.write_bytes(exported("pcapng", calls))
    fields = ["-T", "fields", "-e"]
    requests = shark(file, "-Y", "http.request", *fields, "http.request.uri").split()
    assert Counter(requests) == Counter(
        call.exchange.request.target for call in calls if call.exchange.request.method != "PRI"
    )
    statuses = shark(file, "-Y", "http.response", *fields, "http.response.code").split()
    assert {"200", "201", "404"} <= set(statuses)
    assert "GrpcCall, HTTP/2 on connection 1" in shark(file, *fields, "frame.comment")
    assert shark(file, "-Y", "_ws.malformed") == ""
