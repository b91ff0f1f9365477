"""Commands that read captures read the files of other programs too: as if ``apispy import -o`` had converted them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked_apispy import run

SCRIPT = Path(sys.executable).parent / "apispy"
SAMPLES = Path(__file__).parents[3] / "samples"

FILES = {
    "docker-20.10.pcap": ("a pcap or pcapng file (tcpdump, Wireshark)", 9),
    "docker-ps.socat.log": ("a log of socat -v or -x", 2),
    "docker-ps.tcpflow.log": ("a log or a file of tcpflow", 2),
    "docker-py.cassette.yaml": ("a cassette of VCR (vcrpy, pytest-recording)", 8),
    "curl-trace.log": ("a trace of curl (--trace, --trace-ascii)", 1),
}
"""Format and number of calls of samples."""

LOGIN = {"username": "ann", "password": "hunter2-planted"}
HAR = {
    "startedDateTime": "2023-11-14T22:13:20Z",
    "request": {
        "method": "POST",
        "url": "https://docker:2376/v1.41/auth",
        "postData": {"text": json.dumps(LOGIN)},
    },
    "response": {"status": 200},
}


@pytest.fixture
def har(tmp_path: Path) -> Path:
    (tmp_path / "x.har").write_text(json.dumps({"log": {"entries": [HAR]}}))
    return tmp_path / "x.har"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    (tmp_path / "empty.har").write_text('{"log": {"entries": []}}')
    return tmp_path / "empty.har"


@pytest.mark.parametrize("name", FILES)
def test_show_is_what_import_shows_and_says_so(name: str) -> None:
    title, calls = FILES[name]
    file = SAMPLES / name
    shown, imported = run("show", "--json", file), run("import", "--json", file)
    assert (shown.returncode, shown.stdout) == (0, imported.stdout)
    assert len(shown.stdout.splitlines()) == calls
    said = f"apispy: {file} is {title}: its calls were imported. To keep them: apispy import {file} -o FILE\n"
    assert shown.stderr == imported.stderr + said


def test_statistics(har: Path) -> None:
    told = json.loads(run("show", "--stats", "--json", har).stdout)
    assert [(row["operation"], row["calls"]) for row in told["operations"]] == [("SystemAuth", 1)]


def test_the_converted_file_is_exported_likewise(tmp_path: Path) -> None:
    file = SAMPLES / "docker-20.10.pcap"
    run("import", file, "-o", tmp_path / "x.jsonl")
    for form in ("ndjson", "curl"):
        direct, converted = (
            run("export", file, "--to", form),
            run("export", tmp_path / "x.jsonl", "--to", form),
        )
        assert (direct.returncode, direct.stdout) == (0, converted.stdout)
        assert "its calls were imported" in direct.stderr


def test_secrets_are_hidden_unless_they_are_wanted(har: Path) -> None:
    for words in (["show", "-vv"], ["show", "--curl"], ["export", "--to", "har"], ["export", "--to", "curl"]):
        assert "hunter2" not in run(*words, har).stdout
        assert "hunter2" in run(*words, "--show-secrets", har).stdout or words == ["show", "--curl"]


def test_https_and_sockets_are_kept(har: Path, tmp_path: Path) -> None:
    assert " https://docker:2376/v1.41/auth" in run("show", "--curl", har).stdout
    assert " https://docker:2376/v1.41/auth" in run("import", "--curl", har).stdout
    exported = json.loads(run("export", "--to", "har", har).stdout)
    assert exported["log"]["entries"][0]["request"]["url"] == "https://docker:2376/v1.41/auth"
    assert "recorded=https://docker:2376" in run("export", "--to", "curl", har).stdout
    run("import", har, "-o", tmp_path / "x.jsonl")
    assert " https://docker:2376/v1.41/auth" in run("show", "--curl", tmp_path / "x.jsonl").stdout
    sockets = har.read_text().replace("https://docker:2376", "http+unix://%2Frun%2Fd.sock")
    (tmp_path / "y.har").write_text(sockets)
    assert "curl -sS --unix-socket /run/d.sock -X POST" in run("show", "--curl", tmp_path / "y.har").stdout


def test_each_daemon_of_a_file_has_its_own_curl_commands(tmp_path: Path) -> None:
    other = HAR | {"request": {"method": "GET", "url": "http://other:2375/info"}}
    (tmp_path / "x.har").write_text(json.dumps({"log": {"entries": [HAR, other]}}))
    run("import", tmp_path / "x.har", "-o", tmp_path / "x.jsonl")
    for words in (["import"], ["show"]):
        for file in ("x.har", "x.jsonl"):
            said = run(*words, "--curl", tmp_path / file).stdout
            assert " https://docker:2376/v1.41/auth" in said
            assert " http://other:2375/info" in said


def test_a_replay_plays_a_cassette() -> None:
    script = 'curl -s --unix-socket "${DOCKER_HOST#unix://}" http://docker/v1.51/containers/nosuch/json'
    done = run("replay", "-q", SAMPLES / "docker-py.cassette.yaml", "--", "sh", "-c", script)
    assert (done.returncode, done.stdout) == (0, '{"message":"No such container: nosuch"}\n')


def test_a_difference(tmp_path: Path) -> None:
    file = SAMPLES / "docker-py.cassette.yaml"
    run("import", file, "-o", tmp_path / "x.jsonl")
    done = run("diff", file, tmp_path / "x.jsonl")
    assert done.returncode == 0, done.stdout
    assert "No difference: 8 calls" in done.stdout


def test_a_fixture(tmp_path: Path) -> None:
    file = SAMPLES / "docker-py.cassette.yaml"
    assert run("fixture", "tidy", file, "-o", tmp_path / "x.json").returncode == 0
    assert run("fixture", "check", tmp_path / "x.json").returncode == 0
    for command in (["check"], ["prune", "--played", "x"]):
        done = run("fixture", *command, file)
        assert done.returncode == 1
        assert "expected a fixture, which begins with" in done.stdout + done.stderr
        assert f"apispy fixture tidy {file} -o FILE" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "words", [["show"], ["show", "--stats"], ["export", "--to", "curl"], ["replay"]], ids=" ".join
)
def test_a_file_without_calls(words: list[str], empty: Path) -> None:
    done = run(*words, empty)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"apispy: {empty} has no calls of Docker's API. Open the network panel")
    assert len(done.stderr.splitlines()) == 1


def test_following_needs_a_capture(har: Path) -> None:
    done = run("show", "--follow", har)
    assert done.returncode == 2
    assert "only a capture grows" in done.stderr


def test_a_json_file_of_another_kind_was_not_cut(tmp_path: Path) -> None:
    (tmp_path / "x").write_text('{"hello": "world"}')
    done = run("show", tmp_path / "x")
    assert done.returncode == 1
    assert "expected the header of a capture" in done.stderr
    assert "apispy help imports" in done.stderr
    assert "truncated" not in done.stderr


def test_standard_input_of_another_format(tmp_path: Path, har: Path) -> None:
    with har.open("rb") as file:
        done = subprocess.run([SCRIPT, "show", "-"], stdin=file, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "standard input is a HAR file. Save it in a file" in done.stderr
