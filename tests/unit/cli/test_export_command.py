"""``apispy export``: formats, output files, and errors."""

import json
import subprocess
import sys
from pathlib import Path

import click.testing
import pytest

import apispy.cli.commands.export as command
from apispy.capture import Header, Writer
from apispy.cli.proxy import proxy
from apispy.errors import ApispyError
from apispy.outputs.exports import EXPORTERS
from apispy.structs import replace
from tests.golden.exported import decoded_calls
from tests.unit.outputs.decoded_calls import exchange

SCRIPT = Path(sys.executable).parent / "apispy"
SECRET = exchange("POST /v1.41/auth", 200, {"Status": "in"}, ask={"username": "ann", "password": "hunter2"})


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    with Writer(tmp_path / "calls.jsonl") as writer:
        writer.header(Header("0.1.0", 1.0))
        for reading in decoded_calls("run", "login"):
            writer.exchange(reading.exchange)
    return tmp_path / "calls.jsonl"


def run(*words: object) -> click.testing.Result:
    return click.testing.CliRunner().invoke(proxy, ["export", *map(str, words)])


def refused(*words: object) -> str:
    result = run(*words)
    assert isinstance(result.exception, ApispyError), result.output
    return str(result.exception)


def test_help_lists_every_format():
    said = run("--help").output
    for name, one in EXPORTERS.items():
        assert f"  {name} " in said
        assert f"({one.suffix})" in said


@pytest.mark.parametrize("name", sorted(EXPORTERS))
def test_every_format_is_written_to_a_file_only_for_the_user(name: str, calls: Path, tmp_path: Path):
    out = tmp_path / "out"
    result = run(calls, "--to", name, "-o", out)
    assert (result.exit_code, result.output) == (0, "")
    assert out.stat().st_mode & 0o777 == 0o600
    assert out.stat().st_size > 100


def test_the_format_follows_from_the_file_name(calls: Path, tmp_path: Path):
    assert run(calls, "-o", tmp_path / "a.har").exit_code == 0
    assert len(json.loads((tmp_path / "a.har").read_text())["log"]["entries"]) == 8
    assert run(calls, "-o", tmp_path / "a.py").exit_code == 0
    assert "import docker" in (tmp_path / "a.py").read_text()
    assert "--output odd.txt: the name matches no format. Type --to" in refused(calls, "-o", "odd.txt")
    assert "No format is given. Type --to and one of csv, curl," in refused(calls)


def test_without_a_file_it_is_printed(calls: Path):
    assert run(calls, "--to", "csv").output.startswith("id,connection,")
    assert run(calls, "--to", "pcapng").stdout_bytes.startswith(b"\n\r\r\n")


def test_a_binary_format_is_not_printed_on_a_terminal(calls: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(command, "_is_terminal", lambda: True)
    assert (
        refused(calls, "--to", "flow")
        == "flow is a binary format. Type -o calls.flow, or pipe it to a program."
    )
    assert run(calls, "--to", "csv").exit_code == 0


def test_a_file_is_replaced_only_with_force(calls: Path, tmp_path: Path):
    out = tmp_path / "a.csv"
    out.write_text("mine")
    out.chmod(0o644)
    assert refused(calls, "-o", out).endswith("already exists. Type --force to replace it.")
    assert out.read_text() == "mine"
    assert run(calls, "-o", out, "--force").exit_code == 0
    assert out.read_text().startswith("id,")
    assert out.stat().st_mode & 0o777 == 0o600


def test_the_capture_itself_is_never_replaced(calls: Path):
    before = calls.read_bytes()
    assert "is the capture itself" in refused(calls, "--to", "csv", "--force", "-o", calls)
    assert calls.read_bytes() == before


def test_an_unknown_format(calls: Path):
    assert refused(calls, "--to", "xml").startswith(
        "--to xml: no such format. The formats are csv, curl, flow, har,"
    )


def test_a_file_that_is_not_a_capture(tmp_path: Path):
    (tmp_path / "x").write_text("hello\n")
    assert "x, line 1" in refused(tmp_path / "x", "--to", "csv")
    assert "nosuch" in refused(tmp_path / "nosuch", "--to", "csv")
    out = tmp_path / "a.csv"
    refused(tmp_path / "nosuch", "-o", out)
    assert not out.exists()


def test_a_directory_that_is_not_writable(calls: Path, tmp_path: Path):
    assert "name a file that you may write" in refused(calls, "-o", tmp_path / "no" / "a.csv")


@pytest.mark.parametrize(("option", "shown"), [((), False), (("--show-secrets",), True)])
def test_a_capture_with_secrets_is_redacted_by_default(option: tuple[str, ...], shown: bool, tmp_path: Path):
    with Writer(tmp_path / "open.jsonl") as writer:
        writer.header(Header("0.1.0", 1.0, redacted=False))
        writer.exchange(SECRET)
    assert ("hunter2" in run(tmp_path / "open.jsonl", "--to", "curl", *option).output) is shown


@pytest.mark.parametrize("words", ["export {} -o {}/a.har", "import {} -o {}/a.jsonl"])
def test_a_full_disk_is_reported_and_leaves_no_partial_file(words: str, calls: Path, tmp_path: Path):
    """A limit to the size of files stands for the disk."""
    command = f"ulimit -f 1; {SCRIPT} {words.format(calls, tmp_path)}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "a.har").exists()
    assert not (tmp_path / "a.jsonl").exists()


def test_a_truncated_last_line_is_reported(calls: Path, tmp_path: Path):
    (tmp_path / "cut.jsonl").write_bytes(calls.read_bytes()[:-20])
    result = run(tmp_path / "cut.jsonl", "--to", "csv")
    assert result.exit_code == 0
    assert "the last line is truncated" in result.stderr


def test_a_filter_selects_calls_and_names_come_from_all(calls: Path):
    result = run(calls, "--to", "markdown", "--filter", "op:ContainerStart")
    assert result.output.startswith("# Docker API: 1 call\n")
    assert "/containers/web (c12250feba24)/start" in result.output  # ContainerCreate said the name


@pytest.mark.parametrize(("base", "scheme"), [("https://h:2376", "https"), ("http://h:2376", "http")])
def test_urls_of_calls_through_tls_are_https(base: str, scheme: str, tmp_path: Path):
    """The address of the call is tcp:// with TLS and without; the header knows what the curl commands need."""
    with Writer(tmp_path / "calls.jsonl") as writer:
        writer.header(Header("0.1.0", 1.0, upstream="tcp://h:2376", curl={"direct": {"base": base}}))
        writer.exchange(replace(exchange("GET /info"), upstream="tcp://h:2376"))
    [entry] = json.loads(run(tmp_path / "calls.jsonl", "--to", "har").output)["log"]["entries"]
    assert entry["request"]["url"] == f"{scheme}://h:2376/info"
    recorded = "https://h:2376" if scheme == "https" else "tcp://h:2376"
    assert f"recorded={recorded}\n" in run(tmp_path / "calls.jsonl", "--to", "curl").output
    assert "tcp://h:2376" in run(tmp_path / "calls.jsonl", "--to", "ndjson").output
