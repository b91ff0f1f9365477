"""The manual pages and completions that `make share` writes, and the package `apispy` installs."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from apispy.cli.proxy import proxy
from tools.make_share import COMPLETIONS, commands, main, roff

COMMANDS = {
    context.command_path.replace(" ", "-"): command
    for command, context in commands(proxy, click.Context(proxy, info_name="apispy"))
}


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("share")
    main(where)
    return where


def read(pages: list[Path]) -> str:
    """Return *pages* as man shows them, in lines that are long enough for any option."""
    mandoc = shutil.which("mandoc")
    assert mandoc, "needs mandoc; on Debian: apt-get install mandoc"
    command = [mandoc, "-T", "ascii", "-O", "width=1000", *map(str, pages)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return re.sub(r".\x08", "", shown)


def test_each_command_has_a_page(share: Path) -> None:
    assert {path.name for path in (share / "man/man1").iterdir()} == {f"{name}.1" for name in COMMANDS}
    assert {"apispy", "apispy-run", "apispy-fixture-tidy"} < set(COMMANDS)


def test_mandoc_and_groff_find_no_fault(share: Path) -> None:
    pages = sorted(map(str, (share / "man/man1").iterdir()))
    for command in (["mandoc", "-T", "lint", "-W", "warning"], ["groff", "-man", "-ww", "-Tutf8", "-z"]):
        assert shutil.which(command[0]), f"needs {command[0]}; on Debian: apt-get install mandoc groff"
        done = subprocess.run([*command, *pages], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["apispy", "apispy-run", "apispy-fixture-check", "apispy-export"])
def test_a_page_has_all_options_with_the_words_of_help(name: str, share: Path) -> None:
    shown = " ".join(read([share / f"man/man1/{name}.1"]).split())
    for option in COMMANDS[name].params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.opts[-1] in shown, option.opts
            assert option.help
            assert " ".join(option.help.split()) in shown, option.opts


def test_examples_keep_their_lines(share: Path) -> None:
    assert "\n       apispy run -- docker compose up\n       apispy run -o" in read(
        [share / "man/man1/apispy-run.1"]
    )


def test_the_first_page_has_exit_codes_and_variables(share: Path) -> None:
    shown = read([share / "man/man1/apispy.1"])
    assert re.search(r"(?m)^EXIT STATUS\n +0 +Success \(all\)$", shown)
    assert re.search(r"(?m)^ENVIRONMENT\n +DOCKER_HOST$", shown)
    assert "apispy-fixture(1)" in shown


@pytest.mark.parametrize("text", [".TH X", "'quoted", "a\\b", '"--a-b"', "-x", "na\u00efve \u2192", "a\n.b"])
def test_text_is_shown_as_it_is(text: str, tmp_path: Path) -> None:
    page = tmp_path / "x.1"
    page.write_text(f".TH X 1 2026-01-01\n.SH NAME\nx \\- y\n.SH TEXT\n.nf\n{roff(text)}\n.fi\n")
    command = ["mandoc", "-T", "utf8", str(page)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    shown = re.sub(r".\x08", "", shown)
    assert "".join(f"     {line}\n" for line in text.split("\n")).replace("     ", "") in re.sub(
        r"(?m)^ +", "", shown
    )


@pytest.mark.parametrize(
    ("shell", "first"),
    [
        ("bash", "_apispy_completion() {"),
        ("zsh", "#compdef apispy"),
        ("fish", "function _apispy_completion;"),
    ],
)
def test_completions_are_where_each_shell_looks(shell: str, first: str, share: Path) -> None:
    text = (share / COMPLETIONS[shell]).read_text()
    assert text.startswith(first)
    command = [shell, "-n"] if shell != "fish" else ["fish", "--no-execute"]
    subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, check=True)


def test_it_is_a_program(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "tools/make_share.py", str(tmp_path)]
    subprocess.run(command, cwd=root, env={"SOURCE_DATE_EPOCH": "0"}, timeout=60, check=True)
    assert '.TH APISPY 1 "1970-01-01"' in (tmp_path / "man/man1/apispy.1").read_text()
