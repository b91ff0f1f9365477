"""`make share`: write the manual pages and completions that the package `apispy` installs.

    python tools/make_share.py DIRECTORY

writes below DIRECTORY what goes below PREFIX/share: man/man1/apispy.1, one page for each command (apispy-run.1), and
the completions of bash, zsh and fish. The text of a page is that of `--help`, whose formatter it replaces, and the
tables of docs/exit-codes.md and docs/environment.md. The date is that of SOURCE_DATE_EPOCH, in seconds, or today's.
"""

import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from apispy import __version__
from apispy.cli.proxy import proxy

DOCS = Path(__file__).parents[1] / "docs"

COMPLETIONS = {
    "bash": "bash-completion/completions/apispy",
    "zsh": "zsh/site-functions/_apispy",
    "fish": "fish/vendor_completions.d/apispy.fish",
}
"""Where each shell looks, below share."""


class ManFormatter(click.HelpFormatter):
    """A formatter of click's help that writes roff, with the macros of man(7)."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        self.write(f".SH SYNOPSIS\n.B {roff(prog)}\n{roff(args)}\n.SH DESCRIPTION\n")

    def write_heading(self, heading: str) -> None:
        self.write(f".SH {roff(heading.upper())}\n")

    def write_paragraph(self) -> None:
        """Do nothing: what follows begins with a macro that separates."""

    def write_text(self, text: str) -> None:
        """Write paragraphs. One that begins with "\\b", as click has it, keeps its lines."""
        for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip("\n"))):
            lines = paragraph.strip("\n").splitlines()
            if number:
                self.write(".PP\n")
            if lines[0].strip() == "\b":
                self.write(".nf\n" + "".join(f"{roff(line)}\n" for line in lines[1:]) + ".fi\n")
            else:
                self.write(f"{roff(' '.join(line.strip() for line in lines))}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        for name, text in rows:
            self.write(f".TP\n.B {roff(name.strip())}\n{roff(text)}\n")


def roff(text: str) -> str:
    """Return *text* as one that roff prints as it is: no escape, no macro, a hyphen that can be copied."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace('"', r"\(dq")
    escaped = re.sub(r"[^\x00-\x7f]", lambda found: rf"\[u{ord(found[0]):04X}]", escaped)
    return re.sub(r"(?m)^([.'])", r"\\&\1", escaped)


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield *command* and the commands below it, each with its context, whose ``command_path`` is what is typed."""
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, click.Context(below, info_name=name, parent=context))


def man_page(command: click.Command, context: click.Context, date: str) -> str:
    """Return the manual page of *command*."""
    name = context.command_path.replace(" ", "-")
    short = command.get_short_help_str(limit=1000).rstrip(".")
    if context.parent is None:
        short = "see and replay the calls of Docker's API"
    formatter = ManFormatter()
    formatter.write(
        f'.TH {roff(name.upper())} 1 "{date}" "apispy {__version__}" "apispy manual"\n'
        f".SH NAME\n{roff(name)} \\- {roff(short)}\n"
    )
    command.format_help(context, formatter)
    if context.parent is None:
        for heading, page, mark in (
            ("Exit status", "exit-codes.md", "exit codes"),
            ("Environment", "environment.md", "read"),
        ):
            with formatter.section(heading):
                formatter.write_dl(list(table(DOCS / page, mark)))
    with formatter.section("See also"):
        formatter.write(".nh\n" + see_also(command, context) + ".hy\n")
    return formatter.getvalue()


def table(page: Path, mark: str) -> Iterator[tuple[str, str]]:
    """Yield the rows of the table after `<!-- mark -->` in *page*: the first cell, and the others in one text."""
    _, _, text = page.read_text().partition(f"<!-- {mark} -->\n")
    for line in text.partition("<!-- end -->")[0].splitlines()[2:]:
        first, *others = (cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("| ")))
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)|`", r"\1", others[0])
        yield first.replace("`", ""), plain + "".join(f" ({cell.replace('`', '')})" for cell in others[1:])


def see_also(command: click.Command, context: click.Context) -> str:
    """Return references to the pages above and below *command*, and how to read the pages of docs/."""
    above = [context.parent.command_path] if context.parent else []
    below = command.list_commands(context) if isinstance(command, click.Group) else []
    names = [f"{context.command_path} {name}" for name in below]
    pages = "".join(f".BR {roff(path.replace(' ', '-'))} (1),\n" for path in (*above, *names))
    return f"{pages}.B apispy help\n"


def completion(shell: str) -> str:
    """Return the completion script of click for *shell*."""
    found = get_completion_class(shell)
    assert found is not None
    return found(proxy, {}, "apispy", "_APISPY_COMPLETE").source()


def main(share: Path) -> None:
    """Write all files below *share*."""
    at = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    manual = share / "man/man1"
    manual.mkdir(parents=True, exist_ok=True)
    for command, context in commands(proxy, click.Context(proxy, info_name="apispy")):
        page = man_page(command, context, time.strftime("%Y-%m-%d", at))
        (manual / f"{context.command_path.replace(' ', '-')}.1").write_text(page)
    for shell, name in COMPLETIONS.items():
        (share / name).parent.mkdir(parents=True, exist_ok=True)
        (share / name).write_text(completion(shell))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
