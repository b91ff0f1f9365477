"""Commands and options: help texts in sections, and errors that name the option which they are about."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from apispy.errors import ApispyError

OPTIONS = "Options"
CONNECTION = "Connection"
DISPLAY = "Display"
SECRETS = "Secrets"
FILES = "Files"
FAULTS = "Faults"
RULES = "Rules"
GENERAL = "General"
SECTIONS = (OPTIONS, CONNECTION, DISPLAY, SECRETS, FILES, RULES, FAULTS, GENERAL)
"""All titles of sections, in the order of the help."""

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
    """A command whose help lists its options in sections, and whose errors name the option that they are about."""

    def invoke(self, ctx: click.Context) -> Any:
        with errors_name_options(ctx):
            return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_sections(formatter, option_sections(self.get_params(ctx), ctx))


class Group(click.Group):
    """A group whose help lists its commands and options in sections, and whose errors name options too."""

    command_class = Command

    def invoke(self, ctx: click.Context) -> Any:
        with errors_name_options(ctx):
            return super().invoke(ctx)

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


def is_typed(ctx: click.Context, parameter: click.Parameter) -> bool:
    """Whether the value of *parameter* was typed, and is not a default or from the environment."""
    return ctx.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE


@contextmanager
def errors_name_options(ctx: click.Context) -> Iterator[None]:
    """Put the name of an option before an error's message that quotes its typed value and does not name it.

    The packages that check values know no options: `Address 'x y': expected ...` may be about --listen or --upstream.
    """
    try:
        yield
    except ApispyError as error:
        message = str(error)
        for parameter in ctx.command.params:
            is_option = isinstance(parameter, click.Option) and is_typed(ctx, parameter)
            if is_option and not any(name in message for name in parameter.opts):
                typed = ctx.params.get(parameter.name or "")
                if any(
                    _quotes(message, value) for value in (typed if isinstance(typed, tuple) else (typed,))
                ):
                    error.args = (f"{parameter.opts[-1]}: {message}",)
                    break
        raise


def _quotes(message: str, value: object) -> bool:
    """Whether *message* quotes the *value*, or is about the path *value*: `/x: Is a directory`."""
    about = isinstance(value, Path) and message.startswith((f"{value}: ", f"{value} "))
    return about or (isinstance(value, str) and repr(value) in message)


def option_sections(parameters: Iterable[click.Parameter], ctx: click.Context) -> dict[str, Rows]:
    """Return the rows of each section: the command's own options, the shared ones, then --help and --version."""
    sections: dict[str, Rows] = {title: [] for title in SECTIONS}
    for parameter in parameters:
        row = parameter.get_help_record(ctx)
        if row is not None and not isinstance(parameter, click.Argument):
            sections[getattr(parameter, "section", GENERAL)].append(row)
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
