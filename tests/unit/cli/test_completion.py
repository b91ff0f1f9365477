"""Shell completion: by click's own protocol, and in a real bash and fish."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from apispy.endpoints import Endpoint, listen
from apispy.endpoints.instances import registered
from apispy.endpoints.saved_names import SavedNames
from tests.unit.endpoints.places import docker_context

DAEMON = Endpoint("unix", "", 0, "/var/run/docker.sock", "", None)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a context and a saved name, and a directory for PATH with apispy."""
    docker_context(tmp_path / ".docker", "prod", "tcp://h:1")
    SavedNames.of({}, tmp_path).add("build7", DAEMON)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/apispy").write_text(f'#!/bin/sh\nexec {sys.executable} -c "{START}" "$@"\n')
    (tmp_path / "bin/apispy").chmod(0o755)
    return tmp_path


START = "import sys; sys.argv[0] = 'apispy'; import apispy.cli; apispy.cli.main()"


def environ(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "PATH": f"{home}/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", **more}


def offered(home: Path, *words: str) -> list[str]:
    """What click offers for the last of *words*."""
    env = environ(home, COMP_WORDS="\n".join(["apispy", *words]), COMP_CWORD=str(len(words)))
    done = subprocess.run(
        ["apispy"],
        env=env | {"_APISPY_COMPLETE": "bash_complete"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""
    return [line.removeprefix("plain,") for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["en"], ["endpoints", "env"]),
        (["endpoints", ""], ["add", "remove"]),
        (["--upstream", "context:"], ["context:default", "context:prod"]),
        (["--upstream", "b"], ["build7"]),
        (["doctor", "--upstream", "context:p"], ["context:prod"]),
        (["env", "--shell", "f"], ["fish"]),
        (["endpoints", "remove", ""], ["build7"]),
        # bash takes a colon for the end of a word, and then sends this:
        (["--upstream", "context", ":"], []),
        (["--upstream", "context", ":", "pr"], []),
        (["--upstream", "machine:"], []),
    ],
)
def test_suggestions(words: list[str], expected: list[str], home: Path) -> None:
    assert offered(home, *words) == expected


def test_env_suggests_running_instances(home: Path) -> None:
    with registered(listen("2377"), None, DAEMON, {}, home):
        assert offered(home, "env", "") == ["2377", "context:default", "context:prod", "build7"]
        assert offered(home, "context", "add", "2") == ["2377"]


def test_a_damaged_file_suggests_nothing_and_prints_no_error(home: Path) -> None:
    SavedNames.of({}, home).file.write_text("{")
    assert offered(home, "--upstream", "") == []
    assert offered(home, "endpoints", "remove", "") == []


def test_it_imports_nothing_heavy(home: Path) -> None:
    script = f"""
import sys
try:
    {START.removeprefix("import sys; ")}
finally:
    print([m for m in sys.modules if m.startswith(("mitmproxy", "cryptography", "OpenSSL"))], file=sys.stderr)
"""
    env = environ(home, COMP_WORDS="apispy en", COMP_CWORD="1", _APISPY_COMPLETE="bash_complete")
    command = [sys.executable, "-c", script.replace("; ", "\n    ")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=True)
    assert done.stderr == "[]\n"


REAL = {
    "bash": 'COMP_WORDS=(apispy en); COMP_CWORD=1; _apispy_completion apispy; printf "%s\\n" "${COMPREPLY[@]}"',
    "fish": 'complete -C "apispy en"',
}


@pytest.mark.parametrize("shell", REAL)
def test_in_a_real_shell_as_documented(shell: str, home: Path) -> None:
    use = {
        "bash": 'eval "$(_APISPY_COMPLETE=bash_source apispy)"',
        "fish": "_APISPY_COMPLETE=fish_source apispy | source",
    }[shell]
    docs = (Path(__file__).parents[3] / "docs/endpoints.md").read_text()
    assert use in docs.replace(r"\|", "|")
    program = shutil.which(shell)
    assert program
    script = f"{use}\n{REAL[shell]}\n"
    done = subprocess.run(
        [program, "-c", script], env=environ(home), capture_output=True, text=True, timeout=60, check=True
    )
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["endpoints", "env"]


def test_the_script_for_zsh_is_valid(home: Path) -> None:
    env = environ(home, _APISPY_COMPLETE="zsh_source")
    done = subprocess.run(["apispy"], env=env, capture_output=True, text=True, timeout=30, check=True)
    checked = subprocess.run(
        ["zsh", "-n"], input=done.stdout, capture_output=True, text=True, timeout=30, check=True
    )
    assert checked.stderr == ""
    assert "compdef _apispy_completion apispy" in done.stdout
