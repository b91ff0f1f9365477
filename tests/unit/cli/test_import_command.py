"""``apispy import`` and ``apispy diff``: what they print, hide and return."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click.testing
import pytest

from apispy.cli.proxy import proxy
from tests.forked_apispy import run
from tests.tcp_packets import REQUEST, RESPONSE, TcpConnection, write

SAMPLES = Path(__file__).parents[3] / "samples"

ACCOUNT = b'{"username":"ann","password":"hunter2-planted"}'
LOGIN = b"POST /v1.41/auth HTTP/1.1\r\nHost: d\r\nContent-Length: %d\r\n\r\n" % len(ACCOUNT) + ACCOUNT
PULL = (
    b"POST /v1.41/images/create?fromImage=x HTTP/1.1\r\nHost: d\r\nX-Registry-Auth: "
    + base64.urlsafe_b64encode(ACCOUNT)
    + b"\r\nContent-Length: 0\r\n\r\n"
)
SECRETS = ("hunter2-planted", base64.urlsafe_b64encode(ACCOUNT).decode())


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    talk = (
        TcpConnection()
        .open()
        .send(LOGIN)
        .reply(RESPONSE)
        .send(PULL)
        .reply(RESPONSE)
        .send(REQUEST)
        .reply(RESPONSE)
        .close()
    )
    return write(tmp_path / "x.pcap", talk.segments)


def test_no_secret_is_shown_by_default(capture: Path) -> None:
    for view in (["-vvv"], ["--json", "-vv"], ["-v", "--curl"]):
        done = run("import", capture, *view)
        assert done.returncode == 0, done.stderr
        assert not [secret for secret in SECRETS if secret in done.stdout + done.stderr]
    assert SECRETS[0] in run("import", capture, "-vv", "--show-secrets").stdout


def test_unreadable_data_is_not_quoted(tmp_path: Path) -> None:
    unreadable = b"GET hunter2-planted hunter2-planted X-Registry-Auth: hunter2-planted\r\n\r\n"
    file = write(
        tmp_path / "x", TcpConnection().open().send(REQUEST).reply(RESPONSE).send(unreadable).close().segments
    )
    done = run("import", file, "-o", tmp_path / "y")
    assert "Reading resumes at its next request" in done.stderr
    assert "hunter2" not in done.stderr + (tmp_path / "y").read_text()
    shown = [json.loads(line) for line in run("show", "--json", tmp_path / "y").stdout.splitlines()]
    assert sorted("notice" in one for one in shown) == [False, True]
    assert "it is not overwritten" in run("import", file, "-o", tmp_path / "y").stderr


def test_a_header_that_is_not_valid_is_not_quoted(tmp_path: Path) -> None:
    broken = REQUEST[:-2] + b"X-Registry-Auth : hunter2-planted\r\n\r\n"
    file = write(
        tmp_path / "x", TcpConnection().open().send(REQUEST).reply(RESPONSE).send(broken).close().segments
    )
    done = run("import", file, "-o", tmp_path / "y")
    assert "hunter2" not in done.stderr + (tmp_path / "y").read_text()
    [_, refused] = [json.loads(line) for line in run("show", "--json", tmp_path / "y").stdout.splitlines()]
    assert refused["problems"] == ["not a valid request: illegal header line", "the client left"]


def test_json_lines(capture: Path) -> None:
    calls = [json.loads(line) for line in run("import", "--json", capture).stdout.splitlines()]
    assert [call["operation"] for call in calls] == ["SystemAuth", "ImageCreate", "ContainerList"]


def test_wrong_files_give_an_error_message(tmp_path: Path, capture: Path) -> None:
    (tmp_path / "text").write_text("hello")
    (tmp_path / "empty.har").write_text('{"log":{"version":"1.2","creator":{},"entries":[]}}')
    write(tmp_path / "other.pcap", TcpConnection().open().close().segments)
    for words, code, says in (
        (("import", tmp_path / "nosuch"), 1, "cannot be read: No such file or directory"),
        (("import", tmp_path), 1, "Is a directory"),
        (("import", tmp_path / "other.pcap"), 1, "has no calls of Docker's API. Expected unencrypted HTTP"),
        (("import", tmp_path / "empty.har"), 1, "has no calls of Docker's API. Open the network panel"),
        (("import", tmp_path / "empty.har", "-o", tmp_path / "out"), 1, "has no calls of Docker's API"),
        (("diff", tmp_path / "empty.har", capture), 2, "has no calls of Docker's API"),
        (("import", tmp_path / "text"), 1, "begins with 'hello'. Expected a"),
        (("import", "--from", "har", capture), 1, "is not a HAR file"),
        (("import", "--from", "pcap", tmp_path / "text"), 1, "tcpdump -i lo -s 0 -w FILE port 2375"),
        (("diff", capture, tmp_path / "text"), 2, "begins with 'hello'"),
        (("diff", capture), 2, "Missing argument 'B'"),
    ):
        done = run(*words)
        assert says in done.stderr
        assert (done.returncode, done.stdout) == (code, "")
        assert "Traceback" not in done.stderr
        assert "--context" not in done.stderr  # it is for a live proxy
    assert not (tmp_path / "out").exists()


def test_without_scapy_the_error_says_what_to_type(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scapy.layers.inet6", None)
    done = click.testing.CliRunner().invoke(proxy, ["import", str(capture)])
    assert "pip install 'apispy[pcap]'" in str(done.exception)


def test_other_formats_need_no_scapy_and_no_mitmproxy() -> None:
    program = (
        "import sys; from apispy.cli import main; sys.argv = ['apispy', 'import', sys.argv[1]]\n"
        "try: main()\nexcept SystemExit: print([name for name in ('scapy', 'mitmproxy') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, SAMPLES / "docker-ps.socat.log"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("b", "code", "verdict"), [("28.2", 1, "1 changed"), ("20.10", 0, "No difference: 9 calls")]
)
def test_the_exit_code_of_diff(b: str, code: int, verdict: str) -> None:
    done = run("diff", SAMPLES / "docker-20.10.pcap", SAMPLES / f"docker-{b}.pcap")
    assert done.returncode == code
    assert verdict in done.stdout
    as_json = run("diff", "--json", SAMPLES / "docker-20.10.pcap", SAMPLES / f"docker-{b}.pcap")
    assert as_json.returncode == code
    assert json.loads(as_json.stdout)["differ"] is bool(code)


def test_diff_hides_secrets_and_control_characters(tmp_path: Path) -> None:
    def login(name: str, password: bytes) -> Path:
        account = b'{"username":"\\u001b[31mann-%s","password":"%s"}' % (name.encode(), password)
        asked = b"POST /v1.41/auth HTTP/1.1\r\nHost: d\r\nContent-Length: %d\r\n\r\n" % len(account) + account
        return write(tmp_path / name, TcpConnection().open().send(asked).reply(RESPONSE).close().segments)

    a, b, c = login("a", b"hunter2-planted"), login("b", b"hunter2-planted"), login("a2", b"hunter2-other")
    for words in ((a, b), (a, c), ("--values", a, b), ("--json", a, c)):
        done = run("diff", *words)
        assert "hunter2" not in done.stdout
        assert "\x1b" not in done.stdout
        assert "ann" in done.stdout


def test_colours_only_when_wanted() -> None:
    sides = SAMPLES / "docker-20.10.pcap", SAMPLES / "docker-28.2.pcap"
    assert "\x1b[" not in run("diff", *sides).stdout
    assert "\x1b[1mImageBuild" in run("diff", "--color", "always", *sides).stdout


def test_it_is_called_import() -> None:
    says: Callable[..., str] = lambda *words: click.testing.CliRunner().invoke(proxy, words).output  # noqa: E731
    assert "\n  import " in says("--help")
    assert says("import", "--help").startswith("Usage: proxy import [OPTIONS] FILE")
