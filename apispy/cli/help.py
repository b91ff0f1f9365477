"""Help texts: options and commands in sections, summaries in full."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click

OPTIONS = "Options"
CONNECTION = "Connection"
DISPLAY = "Display"
SECRETS = "Secrets"
FILES = "Files"
FAULTS = "Faults"
GENERAL = "General"

MAX_NAME_COLUMNS = 30
"""Columns of the option or command names in a list; the text of a longer one begins on the next line (as in click)."""

type Rows = list[tuple[str, str]]


class Option(click.Option):
    """An option with the title of its help *section*."""

    def __init__(self, *args: Any, section: str = OPTIONS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.section = section


def option(*names: str, cls: type[Option] = Option, **attributes: Any) -> Callable[..., Any]:
    """Decorate a command with an ``Option``, as ``click.option`` does. The attribute *section* is its help section."""
    return click.option(*names, cls=cls, **attributes)


class Command(click.Command):
    """A command whose help lists its options in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_sections(formatter, option_sections(self.get_params(ctx), ctx))


class Group(click.Group):
    """A group whose help lists its commands and options in sections."""

    command_class = Command

    command_sections: Mapping[str, Sequence[str]] = {}
    """The names of the commands in each section. Others are in the section "Commands"."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        write_sections(formatter, option_sections(self.get_params(ctx), ctx))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        names = self.list_commands(ctx)
        sections = dict(self.command_sections)
        if rest := [name for name in names if not any(name in section for section in sections.values())]:
            sections["Commands"] = rest
        write_sections(
            formatter,
            {
                title: [(name, self._summary(ctx, name)) for name in names]
                for title, names in sections.items()
            },
        )

    def _summary(self, ctx: click.Context, name: str) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str(limit=1000) if command else ""  # never truncated


def option_sections(parameters: Iterable[click.Parameter], ctx: click.Context) -> dict[str, Rows]:
    """Return the rows of each section: the command's own options, the shared ones, then --help and --version."""
    sections: dict[str, Rows] = {
        title: [] for title in (OPTIONS, CONNECTION, DISPLAY, SECRETS, FILES, FAULTS, GENERAL)
    }
    for parameter in parameters:
        row = parameter.get_help_record(ctx)
        if row is not None and not isinstance(parameter, click.Argument):
            sections.setdefault(getattr(parameter, "section", GENERAL), []).append(row)
    found = {title: rows for title, rows in sections.items() if rows}
    if found.keys() <= {OPTIONS, GENERAL}:  # a short list needs no sections
        return {OPTIONS: [row for rows in found.values() for row in rows]}
    return found


def write_sections(formatter: click.HelpFormatter, sections: Mapping[str, Rows]) -> None:
    """Write *sections*, with their texts in one column."""
    longest = max((len(name) for rows in sections.values() for name, _ in rows), default=0)
    columns = min(longest, MAX_NAME_COLUMNS)
    for title, rows in sections.items():
        with formatter.section(title):
            formatter.write_dl([(name.ljust(columns), text) for name, text in rows], MAX_NAME_COLUMNS)
