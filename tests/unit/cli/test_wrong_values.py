"""Every option of every command, with a value of the wrong kind: the error names the option, and what is expected."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click
import pytest

import apispy.cli
from apispy.cli.proxy import proxy
from apispy.cli.types import OptionalValue

SAMPLES = Path(__file__).parents[3] / "samples"
CAPTURE = str(SAMPLES / "run.jsonl")
FIXTURE = Path(__file__).parents[2] / "golden/fixtures/run.json"

WORDS = {
    "certs": "--host orion --out new {}",
    "certs --host": "--out new {}",
    "certs --out": "--host orion {}",
    "certs --show": "{}",
    "certs --check": "{}",
    "certs --tlscacert": "--check h:2376 {}",
    "certs --tlscert": "--check h:2376 {}",
    "certs --tlskey": "--check h:2376 {}",
    "context add": "{} unix:///x.sock",
    "coverage": "{} CAPTURE",
    "diff": "{} CAPTURE CAPTURE",
    "drift": "{} CAPTURE",
    "endpoints add": "--tlsverify {} build7 tcp://h:2376",
    "explain": "{} ContainerCreate",
    "explain --diff": "{}",
    "export": "--to curl {} CAPTURE",
    "export --to": "{} CAPTURE",
    "fixture check": "{} CAPTURE",
    "fixture get": "{} ps",
    "fixture prune": "{} FIXTURE",
    "fixture tidy": "{} CAPTURE -o new",
    "fixture tidy --output": "{} CAPTURE",
    "import": "--curl {} CAPTURE",
    "mcp": "--live {}",
    "permissions": "{} CAPTURE",
    "permissions --check": "--as tecnativa {} CAPTURE",
    "record": "--tcp -o new {} -- true",
    "record --output": "{} -- true",
    "record --listen": "-o new {}",
    "replay": "--listen 0 --on-miss forward {} CAPTURE -- true",
    "replay --listen": "{} CAPTURE",
    "run": "--tcp {} -- true",
    "show": "{} CAPTURE",
    "story": "{} CAPTURE",
    "view": "--no-browser {} CAPTURE",
}
"""The other words of each command, or of one option of it, so that only the value is wrong."""

DAEMON = ["--upstream", "tcp://h:2376", "--tlsverify"]
"""What makes a command use the files of the TLS options."""

WRONG = "wrong\x1b[2J value"
WRONG_FILTER = "wrong\x1b[2J:value"
WRONG_FILE = "/dev/null/nosuch"  # a file has no files in it
QUOTED = (r"wrong\x1b[2J", r"wrong\e[2J", "wrong [2J", WRONG_FILE)
EXPECTS = ("expected", "not one of", "name a", "Name a", "add one of", "There are", "The formats are", "Type ",
           "Fields:", "fields:", "Known:", "Check the path", "looked for", "cannot be used")  # fmt: skip
"""One of these says what is expected, or what there is."""


def options() -> Iterator[tuple[str, click.Option]]:
    def walk(command: click.Command, name: str) -> Iterator[tuple[str, click.Option]]:
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.is_flag and not parameter.count:
                yield name, parameter
        if isinstance(command, click.Group):
            for word in command.list_commands(context := click.Context(command)):
                child = command.get_command(context, word)
                assert child is not None
                yield from walk(child, f"{name} {word}".strip())

    return (
        (name, option) for name, option in walk(proxy, "") if name != "doctor"
    )  # its result says what is wrong


def typed(name: str, option: click.Option, fixture: Path) -> list[str]:
    flag = option.opts[-1]
    value = (
        WRONG_FILE if isinstance(option.type, click.Path) else WRONG_FILTER if flag == "--filter" else WRONG
    )
    needs_daemon = flag.startswith("--tls") and name not in ("certs", "endpoints add")
    wrong = [*(DAEMON if needs_daemon else []), flag, *[value] * option.nargs]
    if isinstance(option, OptionalValue):
        wrong = [f"{flag}={value}"]
    files = {"CAPTURE": CAPTURE, "FIXTURE": str(fixture)}
    words = WORDS.get(f"{name} {flag}", WORDS.get(name, "{}")).split()
    at = words.index("{}")
    return [*name.split(), *(files.get(word, word) for word in words[:at]), *wrong,
            *(files.get(word, word) for word in words[at + 1 :])]  # fmt: skip


@pytest.fixture
def _in_time() -> Iterator[None]:
    """A command that accepts the wrong value would serve, and not end."""

    def fail(number: int, frame: FrameType | None) -> None:
        raise AssertionError("the value was accepted")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


ALL = list(options())


def test_there_are_options() -> None:
    assert len(ALL) > 80


@pytest.mark.usefixtures("_in_time")
@pytest.mark.parametrize(("name", "option"), ALL, ids=[f"{name}{option.opts[-1]}" for name, option in ALL])
def test_a_wrong_value_is_named(
    name: str,
    option: click.Option,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for variable in ("HOME", "DOCKER_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.chdir(tmp_path)
    words = typed(name, option, FIXTURE)
    monkeypatch.setattr(sys, "argv", ["apispy", *words])
    with pytest.raises(SystemExit) as ended:
        apispy.cli.main()
    says = capsys.readouterr().err
    assert ended.value.code in ((1, 2) if WRONG_FILE in words else (2,)), says
    assert any(
        f" {flag}" in says.splitlines()[0] or f"'{flag}'" in says.splitlines()[0] for flag in option.opts
    ), says
    assert any(form in says for form in QUOTED), says
    assert any(words in says for words in EXPECTS), says
    assert len(says.splitlines()) <= 4
    assert "\x1b" not in says
    assert "Traceback" not in says
