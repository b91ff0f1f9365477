"""``apispy show``: its files and options, and its errors."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click.testing
import pytest

from apispy.capture import Header, Writer
from apispy.capture.lines import encode_line
from apispy.cli.proxy import proxy
from apispy.model import Headers, Request
from apispy.structs import replace
from tests.unit.capture.test_reader import exchange

SCRIPT = Path(sys.executable).parent / "apispy"
SAVED = Path(__file__).parents[1] / "capture/saved/format-1.jsonl"
HEADER = Header(
    "0.1.0", 1.0, curl={"direct": {"socket": "/d", "insecure": "no"}, "via": {"base": "http://x"}}
)


pytestmark = pytest.mark.usefixtures("utc")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Writer(tmp_path / "a.jsonl") as writer:
        writer.header(HEADER)
        writer.exchange(exchange(1))
        writer.exchange(exchange(2))
    return tmp_path / "a.jsonl"


def show(*words: object) -> click.testing.Result:
    result = click.testing.CliRunner().invoke(proxy, ["show", *map(str, words)], standalone_mode=False)
    assert result.exception is None or not isinstance(result.exception, AssertionError), result.exception
    return result


LINE = "00:00:05.000 SystemInfo       GET  /info -> 200 (6 B, 0.0 ms)\n"


def test_calls_and_the_summary_are_shown(path: Path) -> None:
    result = show(path)
    assert result.stdout.startswith(LINE * 2 + "calls  errors")
    assert (result.return_value, result.stderr) == (0, "")


def test_display_options_are_those_of_the_proxy(path: Path) -> None:
    assert show("-q", path).stdout.startswith("calls  errors")
    assert show("--json", path).stdout.count('"operation": "SystemInfo"') == 2
    assert "\x1b[" in show("--color=always", path).stdout
    assert "    < [1, 2]\n" in show("-vv", path).stdout


def test_curl_commands_have_the_recorded_target(path: Path) -> None:
    assert "    $ curl -sS --unix-socket /d http://localhost/info\n" in show("--curl=direct", path).stdout
    assert "    $ curl -sS http://x/info\n" in show("--curl=via", path).stdout


def test_curl_does_not_take_the_file_for_its_value(path: Path) -> None:
    assert show("--curl", path).stdout == show("--curl=direct", path).stdout
    assert show(path, "--curl").stdout == show("--curl=direct", path).stdout
    assert show("--curl", "via", path).stdout == show("--curl=via", path).stdout
    assert show("--curl", "-v", path).stdout == show("-v", path).stdout
    assert "'elsewhere' is not one of 'direct', 'via'" in str(show("--curl=elsewhere", path).exception)


def test_several_files_have_headings(path: Path) -> None:
    shown = show(path, path).stdout
    heading = re.escape(f"==> {path} <==\n{LINE}{LINE}")
    assert len(re.findall(heading, shown)) == 2
    assert show("--json", path, path).stdout.count("\n") == 4


def test_standard_input(path: Path) -> None:
    with path.open("rb") as file:
        from_file = subprocess.run([SCRIPT, "show", "-"], stdin=file, capture_output=True, timeout=60)
    words, data = [SCRIPT, "show", "-"], path.read_bytes()
    from_pipe = subprocess.run(words, input=data, capture_output=True, timeout=60)
    assert from_file.stdout.decode().startswith(LINE * 2)
    assert from_pipe.stdout == from_file.stdout


def test_unreadable_lines_are_reported_and_the_rest_is_shown(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\x1b[31m nonsense\n" + encode_line(exchange(3)) + b'{"cut')
    result = show(path, "nosuch")
    assert result.return_value == 1
    assert result.stdout.count(LINE) == 3
    said = result.stderr.splitlines()
    assert said[0].startswith(f"apispy: {path}, line 4: expected JSON")
    assert said[1].startswith(f"apispy: {path}, line 6: the last line is truncated after 5 bytes")
    assert said[2].startswith("apispy: nosuch: No such file or directory; name a file that")
    assert "\x1b" not in result.stderr


def test_a_truncated_end_alone_is_not_a_failure(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])
    result = show(path)
    assert (result.return_value, result.stdout.count(LINE)) == (0, 1)
    assert "line 3: the last line is truncated" in result.stderr


def test_the_first_errors_are_listed_and_all_are_counted(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x\n" * 100)
    result = show(path)
    assert len(result.stderr.splitlines()) == 21
    assert "100 lines could not be read; the first 20 are listed" in result.stderr


def test_secrets_that_were_not_recorded_cannot_be_shown(path: Path) -> None:
    assert "the secrets were taken out before" in show("--show-secrets", path).stderr


def test_a_capture_with_secrets_is_shown_without_them(tmp_path: Path) -> None:
    secret = replace(
        exchange(), request=Request("GET", "/info", headers=Headers(((b"Authorization", b"hunter2"),)))
    )
    with Writer(tmp_path / "a") as writer:
        writer.header(Header("0.1.0", 1.0, redacted=False))
        writer.exchange(secret)
    assert "hunter2" not in show("-vvv", tmp_path / "a").stdout
    assert "hunter2" in show("-v", "--show-secrets", tmp_path / "a").stdout


def test_only_one_file_is_followed(path: Path) -> None:
    assert "--follow takes one file, found 2" in str(show("--follow", path, path).exception)


def test_a_closed_pipe_is_not_an_error(tmp_path: Path) -> None:
    with Writer(tmp_path / "a") as writer:
        writer.header(HEADER)
        for number in range(1, 5000):
            writer.exchange(exchange(number))
    pipe = f"{SCRIPT} show {tmp_path}/a | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, timeout=60, env=os.environ)
    assert done.stdout == LINE + "0\n"
    assert done.stderr == ""


def test_a_terminal_that_knows_only_ascii_is_enough(path: Path) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run([SCRIPT, "show", SAVED], capture_output=True, env=environment, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\xfcmlaut" in done.stdout


def test_following_ends_with_ctrl_c(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("apispy.capture.playback.time.sleep", interrupt)
    result = show("--follow", path)
    assert result.stdout.startswith(LINE * 2 + "calls  errors")
    assert result.return_value == 0


def test_statistics_cover_all_calls_or_those_that_a_filter_matches(path: Path) -> None:
    told = json.loads(show("--stats", "--json", path).output)
    assert sum(row["calls"] for row in told["operations"]) == 2
    chosen = json.loads(show("--stats", "--json", "--filter", "status:599", path).output)
    assert chosen["operations"] == []
    assert "--follow has none" in str(show("--stats", "--follow", path).exception)


def test_a_file_that_is_not_a_capture_has_no_statistics(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("{}\n")
    result = show("--stats", tmp_path / "a")
    assert (result.stdout, result.return_value) == ("", 1)
    assert "line 1: expected the header of a capture" in result.stderr


def test_statistics_continue_after_an_unreadable_line(path: Path) -> None:
    first, second, third = path.read_text().splitlines()
    path.write_text(f"{first}\n{second}\n{{}}\n{third}\n")
    result = show("--stats", path)
    assert "line 3" in result.output
    assert result.return_value == 1
