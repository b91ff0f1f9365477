"""``apispy explain``: its arguments, and what it loads."""

import subprocess
import sys
from pathlib import Path

import click.testing
import pytest

from apispy.cli.proxy import proxy

SCRIPT = Path(sys.executable).parent / "apispy"


def run(*words: str, **env: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(proxy, ["explain", *words], env={"COLUMNS": "80", **env})


def test_a_pasted_command_needs_no_quotes():
    assert "all=1  boolean" in run("docker", "ps", "-a").output
    assert "all=1  boolean" in run("--api", "1.41", "docker", "ps", "-a").output
    assert "ContainerKill" in run("curl", "-v", "-X", "POST", "http://d/containers/a b/kill").output
    assert "ContainerCreate" in run("docker", "run", "-v", "/a:/b", "--list", "busybox").output


def test_options_may_stand_behind():
    assert "Shown for API 1.41" in run("ContainerList", "--api", "1.41").output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "nothing to explain"),
        (("ContainerList", "--api", "latest"), "expected one like 1.41"),
        (("--diff", "1.41", "x"), "expected one like 1.41"),
        (("--list", "--api", "x"), "expected one like 1.41"),
        (("--list", "ContainerList"), "--list takes no other words; found 'ContainerList'"),
        (("--diff", "1.41", "1.42", "ContainerList"), "--diff takes no other words"),
        (
            ("ContainerList", "--field", "Nosuch"),
            "has no field 'Nosuch' in API 1.55. Top-level fields: Id,",
        ),
        (("SystemPing", "--field", "Nosuch"), "no documented fields"),
    ],
)
def test_errors_say_what_to_type(words, says):
    error = run(*words).exception
    assert says in str(error)
    assert error.exit_code == 2


def test_the_difference_says_what_it_took_and_when_there_is_none():
    assert "1.41 is the older version" in run("--diff", "1.52", "1.41").output
    assert run("--diff", "1.41", "1.41").output == "From API 1.41 to 1.41: no operations differ\n"
    assert "the nearest known version is 1.55" in run("--diff", "1.41", "1.99").output
    assert "compared from there" in run("--diff", "1.18", "1.41").output


def test_typed_text_cannot_control_the_terminal():
    output = run("GET /containers/json?all=\x1b[31m&\u202e=1", "--color", "never").output
    assert "\x1b" not in output
    assert "\u202e" not in output
    assert "\\e[31m" in output


def test_colours_are_for_terminals():
    assert "\x1b[" not in run("ContainerList").output
    assert "\x1b[1mContainerList" in run("ContainerList", "--color", "always").output


@pytest.mark.parametrize("columns", ["80", "200"])
@pytest.mark.parametrize(
    "words", [("-v", "ContainerCreate"), ("--list",), ("--diff", "1.24", "1.55"), ("prune",)]
)
def test_lines_fit(words, columns):
    wide = [line for line in run(*words, COLUMNS=columns).output.splitlines() if len(line) > int(columns)]
    assert not [line for line in wide if not line.startswith(("curl ", "link ")) and len(line.split()) > 2]


def test_the_script_does_the_same():
    words = ["explain", "ContainerList"]
    of_module = subprocess.check_output([sys.executable, "-m", "apispy", *words])
    assert subprocess.check_output([SCRIPT, *words]) == of_module


IMPORTS = """
import sys
sys.argv = ["apispy", "explain", "ContainerList"]
import apispy.cli
try:
    apispy.cli.main()
finally:
    print([m for m in sys.modules if m.startswith(("mitmproxy", "cryptography", "OpenSSL", "asyncio"))])
"""


def test_it_imports_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.endswith("[]\n")
