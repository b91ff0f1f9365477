"""apispy-core without any extra: what works, and what a command says that needs the packages of the extra "proxy"."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from apispy.cli import PROXY_PACKAGES
from apispy.cli.proxy import proxy

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "samples"
PS, FIXTURE = str(SAMPLES / "ps-unix.jsonl"), str(SAMPLES / "fixtures/ps.json")

WORK: dict[str, tuple[str, ...]] = {
    "": ("--version",),
    "context": ("remove",),
    "coverage": (PS,),
    "diff": (PS, PS),
    "drift": (PS,),
    "endpoints": (),
    "env": ("--unset", "--shell", "sh"),
    "explain": ("docker", "ps"),
    "export": (PS, "--to", "curl"),
    "fixture": ("check", FIXTURE),
    "help": ("filters",),
    "import": (str(SAMPLES / "curl-v.log"),),
    "machine": ("remove",),
    "mcp": (PS,),
    "permissions": (PS,),
    "replay": (FIXTURE, "--", "sh", "-c", 'curl -sS --unix-socket "${DOCKER_HOST#unix://}" http://d/version'),
    "show": (PS, "--stats"),
    "story": (PS,),
}
"""Arguments that each command which needs no proxy works with. It may exit with another code than 0."""

NEEDS_PROXY: dict[str, tuple[str, ...]] = {
    "": ("--listen", "unix:///nowhere/never.sock", "--upstream", "unix:///nowhere"),
    "certs": ("--client", "me", "--out", "never-certs"),
    "demo": (),
    "doctor": (),
    "export": (PS, "--to", "flow", "-o", "never.flow"),
    "record": ("-o", "never.json", "--", "touch", "never"),
    "replay": ("--listen", "127.0.0.1:0", "--certs-dir", "never-certs", FIXTURE),
    "run": ("--", "touch", "never"),
}
"""Arguments of each command that needs one of the packages."""

NEITHER = {"view"}  # serves a page until it is stopped; tests/e2e has it in an environment of apispy-core

EXTRAS = ("scapy", "yaml", "prometheus_client", "pyarrow")
"""Modules of the other extras. No command needs one to start."""

WITHOUT = f"""
import json, sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    "Finds modules as an environment does in which these packages are not installed."
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in {{*{list(PROXY_PACKAGES)!r}, "mitmproxy_rs", *{EXTRAS!r}}}:
            return None
        return super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""

RUN = """
import io, os, contextlib
from apispy.cli import main
ended = []
for words in json.loads(sys.argv[1]):
    sys.argv = ["apispy", *words]
    sys.stdin = io.TextIOWrapper(io.BytesIO())
    buffers = [io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in "12"]
    with contextlib.redirect_stdout(buffers[0]), contextlib.redirect_stderr(buffers[1]):
        try:
            main()
        except SystemExit as exit:
            code = exit.code
    ended.append([code, *(one.buffer.getvalue().decode() for one in buffers)])
print(json.dumps(ended))
"""


def run_without(commands: list[list[str]], place: Path) -> list[tuple[int, str, str]]:
    """Run each of the *commands* without the packages, in one process; return exit codes and what they print."""
    env = {"PATH": os.environ["PATH"], "HOME": str(place), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + RUN, json.dumps(commands)],
        cwd=place, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [tuple(one) for one in json.loads(done.stdout.splitlines()[-1])]


def words(command: str, arguments: tuple[str, ...]) -> list[str]:
    return [*filter(None, [command]), *arguments]


def test_each_command_is_in_a_table() -> None:
    assert {*WORK, *NEEDS_PROXY} | NEITHER == {"", *proxy.list_commands(click.Context(proxy))}


def test_commands_that_need_no_proxy_work(tmp_path: Path) -> None:
    ended = run_without([words(name, arguments) for name, arguments in WORK.items()], tmp_path)
    for name, (code, out, err) in zip(WORK, ended, strict=True):
        assert "apispy-core" not in err, (name, err)
        expected = {"context": 2, "machine": 2}.get(name, 0)
        assert code == expected, (name, code, out, err)


def test_commands_that_need_the_proxy_say_what_to_install_and_do_nothing(tmp_path: Path) -> None:
    ended = run_without([words(name, arguments) for name, arguments in NEEDS_PROXY.items()], tmp_path)
    for name, (code, _, err) in zip(NEEDS_PROXY, ended, strict=True):
        lines = [line for line in err.splitlines() if "apispy-core" in line]
        assert len(lines) == 1, (name, err)
        assert lines[0].endswith(", which apispy-core does not install. Type: pip install apispy"), name
        assert lines[0].split(", ")[0].removeprefix("apispy: This needs ") in PROXY_PACKAGES.values(), name
        assert "Traceback" not in err, name
        assert code == 1, name
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("never")] == []


def test_the_pytest_plugin_needs_no_proxy(tmp_path: Path) -> None:
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures/ps.json").write_bytes(Path(FIXTURE).read_bytes())
    (tmp_path / "test_it.py").write_text("""
import http.client, socket, pytest

@pytest.mark.docker_fixture("ps.json", match="operation")
def test_version(docker_api):
    connection = http.client.HTTPConnection("docker")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(docker_api.host.removeprefix("unix://"))
    connection.request("GET", "/version")
    assert connection.getresponse().status == 200
    connection.close()
""")
    program = f"{WITHOUT}\nimport pytest\nsys.exit(pytest.main(sys.argv[1:]))"
    options = ["-q", "-p", "no:cacheprovider", "-p", "apispy.pytest_plugin"]
    env = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }  # autoload takes seconds
    done = subprocess.run(
        [sys.executable, "-c", program, *options], cwd=tmp_path, env=env,
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("table", ["works", "needs the proxy"])
def test_the_page_says_which_commands_need_the_proxy(table: str) -> None:
    """docs/install.md lists them in two rows of a table."""
    page = (ROOT / "docs/install.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith(f"| {table} |"))
    named = {
        word for word in row.replace("`", " ").split() if word in proxy.list_commands(click.Context(proxy))
    }
    expected = {*WORK, *NEITHER} if table == "works" else {*NEEDS_PROXY} - {"export", "replay"}
    assert named - {"export", "replay"} == expected - {"", "export", "replay"}
