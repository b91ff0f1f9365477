"""HAProxy itself runs the rules of the two docker-socket-proxies, with the switches that apispy writes for a sample, and
an engine for Rego evaluates the policy for Open Policy Agent.

The configuration is made of the table in the models' source: which switch opens which path, in which order. Each request
of the samples is sent to HAProxy, which has an answerer on loopback behind it; what it lets pass, the model must too.
"""

import http.client
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from apispy.app.decoded_calls import read_files
from apispy.engine.operations import FOREIGN_TAGS, OPERATIONS
from apispy.learn.permissions import TARGETS, Usage, write_rules
from apispy.learn.permissions.paths import SECTIONS, Request, sample_path, without_version
from apispy.learn.permissions.targets import Policy
from apispy.outputs import DecodedCall

from .kept_python import python_with
from .wait import until

ROOT = Path(__file__).parents[2]
SAMPLES = ("run", "compose2", "buildx", "logs-f", "exec-it")
HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"

ALLOWED, DENIED = 204, 403


class Answerer(BaseHTTPRequestHandler):
    """Answers every request with 204."""

    protocol_version = "HTTP/1.0"  # each connection has one request, and ends

    def answer(self) -> None:
        self.send_response(ALLOWED)
        self.end_headers()

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer  # names of http.server

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def daemon() -> Iterator[int]:
    """The port of the answerer."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answerer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def section(switch: str) -> str:
    return "_ping" if switch == "PING" else switch.lower()


def rule(pattern: str, *switches: str, deny: bool = False) -> str:
    tests = "".join(f" {{ env({switch}) -m bool }}" for switch in switches if not deny)
    tests += "".join(f" !{{ env({switch}) -m bool }}" for switch in switches if deny)
    verb = "deny" if deny else "allow"
    return f"  http-request {verb} if {{ path,url_dec -m reg -i {pattern} }}{tests}"


def configuration(target: str, daemon: int, listener: Path) -> str:
    """The rules of *target*, in their order: what docs/permissions.md says of them, as HAProxy reads it."""
    version, name = r"^(/v[\d\.]+)?", "[a-zA-Z0-9_.-]+"
    post = "  http-request deny unless METH_GET || { env(POST) -m bool }"
    kinds = "(/libpod)?/(containers|pods)" if target == "linuxserver" else "/containers"
    guards = [
        rule(f"{version}{kinds}/{name}/{action}", switch, deny=True)
        for action, switch in (
            ("archive", "ALLOW_ARCHIVE"),
            ("change", "ALLOW_CHANGES"),
            ("export", "ALLOW_EXPORT"),
            ("logs", "ALLOW_LOGS"),
            ("top", "ALLOW_TOP"),
        )
    ]
    actions = [rule(f"{version}{kinds}/{name}/((stop)|(restart)|(kill))", "ALLOW_RESTARTS")]
    actions += [rule(f"{version}{kinds}/{name}/{one}", f"ALLOW_{one.upper()}") for one in ("start", "stop")]
    actions += [
        rule(f"{version}{kinds}/{name}/{one}", f"ALLOW_{one.upper()}") for one in ("pause", "unpause")
    ]
    order = [*guards, *actions, post] if target == "linuxserver" else [post, *actions[:3]]
    return "\n".join(
        [
            "defaults",
            "  mode http",
            "  timeout connect 10s",
            "  timeout client 10s",
            "  timeout server 10s",
            "frontend proxy",
            f"  bind unix@{listener}",
            *order,
            *(rule(f"{version}/{section(switch)}", switch) for switch in sorted(SECTIONS)),
            "  http-request deny",
            "  default_backend daemon",
            "backend daemon",
            f"  server daemon 127.0.0.1:{daemon}",
            "",
        ]
    )


@pytest.fixture
def haproxy(tmp_path: Path, daemon: int) -> Iterator["Running"]:
    running = Running(tmp_path, daemon)
    yield running
    running.stop()


class Running:
    """HAProxy with the rules of a target, listening on a unix socket."""

    def __init__(self, directory: Path, daemon: int) -> None:
        self._directory, self._daemon = directory, daemon
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = directory / "s"

    def start(self, target: str, switches: Policy) -> None:
        self.stop()
        self.socket.unlink(missing_ok=True)
        file = self._directory / "haproxy.cfg"
        file.write_text(configuration(target, self._daemon, self.socket))
        environment = dict(text.split("=", 1) for text in switches.rules)
        self._process = subprocess.Popen(
            [HAPROXY, "-db", "-f", file], env=environment, stderr=subprocess.DEVNULL
        )
        until(self._accepts, 10, "HAProxy to listen")

    def _accepts(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "HAProxy ended"
        try:  # it is bound before it listens
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.socket))
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def status(self, method: str, target: str) -> int:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.socket))
        connection.request(method, target, headers={"Content-Length": "0"} if method == "POST" else {})
        status = connection.getresponse().status
        connection.close()
        return status


def request_of(decoded: DecodedCall) -> Request:
    return Request.of_call(decoded.call, decoded.exchange.request.method, decoded.exchange.request.target)


def calls_of(sample: str) -> list[DecodedCall]:
    return [decoded for decoded, _ in read_files((ROOT / f"samples/{sample}.jsonl",))]


@pytest.mark.parametrize("target", ["tecnativa", "linuxserver"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_haproxy_and_the_model_decide_alike(target: str, sample: str, haproxy: Running) -> None:
    """The written switches let every call of the sample pass; of all other operations, what the model says."""
    calls = calls_of(sample)
    usage = Usage()
    for decoded in calls:
        usage.add(decoded)
    policy = TARGETS[target].read("\n".join(write_rules(TARGETS[target], usage)))
    haproxy.start(target, policy)
    sent = {(one.exchange.request.method, one.exchange.request.target) for one in calls}
    assert {haproxy.status(*request) for request in sent} == {ALLOWED}
    for operation in OPERATIONS:
        if operation.tag in FOREIGN_TAGS or operation.method == "OPTIONS":
            continue
        path = f"/v1.41{sample_path(operation)}"
        expected = policy.decide(Request(operation.method, path, without_version(path))).allowed
        assert haproxy.status(operation.method, path) == (ALLOWED if expected else DENIED), operation.id


ODD = (
    "GET /containersX", "GET /V1.41/Containers/json", "GET //containers/json", "GET /containers/web/changeX",
    "POST /containers/web/start", "POST /containers/web/stopfoo", "DELETE /containers/web/stop", "GET /containers/web/stop",
    "GET /containers/%6Ason", "POST /containers/create?name=x", "GET /libpod/containers/json", "POST /libpod/pods/p/pause",
    "HEAD /_ping", "GET /_ping/x", "GET /v1.41/x/../containers/json",
)  # fmt: skip


@pytest.mark.parametrize("target", ["tecnativa", "linuxserver"])
@pytest.mark.parametrize("switches", ["CONTAINERS=1", "ALLOW_START=1 ALLOW_STOP=1 ALLOW_PAUSE=1", "POST=1 CONTAINERS=1",
                                      "POST=1 ALLOW_RESTARTS=1", "CONTAINERS=true"])  # fmt: skip
def test_odd_requests_are_decided_alike(target: str, switches: str, haproxy: Running) -> None:
    policy = TARGETS[target].read(switches.replace(" ", "\n"))
    haproxy.start(target, policy)
    for line in ODD:
        method, url = line.split()
        path = url.partition("?")[0].replace("%6A", "j")
        expected = policy.decide(Request(method, path, without_version(path))).allowed
        assert haproxy.status(method, url) == (ALLOWED if expected else DENIED), line


# -- Open Policy Agent: its policies, evaluated by another engine for their language, rego-cpp

REGO_SAMPLES = (*SAMPLES, "watcher", "runner")


@pytest.fixture(scope="module")
def rego() -> str:
    """A Python with an engine that evaluates Rego."""
    return python_with("regopy==1.5.2")


@pytest.mark.timeout(600)  # the environment is made once
@pytest.mark.parametrize("sample", REGO_SAMPLES)
def test_the_policy_in_rego_decides_as_the_model_does(sample: str, rego: str, tmp_path: Path) -> None:
    """It allows every call of its capture, and refuses other methods, longer paths and the calls of other samples."""
    calls = calls_of(sample)
    usage = Usage()
    for decoded in calls:
        usage.add(decoded)
    policy = tmp_path / "authz.rego"
    policy.write_text("\n".join(write_rules(TARGETS["opa"], usage)))
    own = [request_of(decoded) for decoded in calls]
    mutated = [Request("PATCH", one.full_path, one.path) for one in own]
    mutated += [Request(one.method, f"/x{one.full_path}", one.path) for one in own]
    longer = [
        request_of(decoded) for decoded in calls if decoded.call.operation.id != "ImageDelete"
    ]  # names have slashes
    mutated += [Request(one.method, f"{one.full_path}/x/y", one.path) for one in longer]
    others = [request_of(decoded) for other in REGO_SAMPLES for decoded in calls_of(other)]
    model = TARGETS["opa"].read(policy.read_text())
    asked = list(dict.fromkeys([*own, *mutated, *others]))
    inputs = [{"Method": one.method, "PathPlain": one.full_path} for one in asked]
    program = [rego, str(Path(__file__).with_name("rego_decisions.py")), str(policy)]
    done = subprocess.run(program, input=json.dumps(inputs), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    decisions = dict(zip(asked, json.loads(done.stdout), strict=True))
    assert all(decisions[one] is True for one in own)
    assert not any(decisions[one] for one in mutated)
    assert decisions == {one: model.decide(one).allowed for one in asked}
