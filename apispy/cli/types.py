"""Values that options take, beyond click's own."""

import re
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from apispy.gate import FaultRule

UNITS = {"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Size(click.ParamType[int]):
    """A number of bytes: 4096, 64k, 1M, 1MiB, 2GB (always powers of 1024)."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+)\s*([kmg]?)(?:i?b)?", str(value).strip(), re.IGNORECASE)
        if match is None:
            self.fail(f"expected a size like 4096, 64k or 1M, found {value!r}", param, ctx)
        return int(match[1]) * UNITS[match[2].upper()]


class Optional(click.Option):
    """An option of a few words, whose word may be left out: what follows it, and is none of them, is not its value.

    click would take whatever follows, `apispy show --curl FILE` its file, and has no public way to ask for less.
    """

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        super().add_to_parser(parser, ctx)
        match: Any = getattr(parser, "_match_long_opt", None)
        words = self.type.choices if isinstance(self.type, click.Choice) else ()

        def matched(name: str, word: str | None, state: Any) -> None:
            if name in self.opts and word is None and (not state.rargs or state.rargs[0] not in words):
                word = str(self.flag_value)
            match(name, word, state)

        if match is not None:
            parser._match_long_opt = matched


class Fault(click.ParamType["FaultRule"]):
    """A rule of docs/faults.md."""

    name = "rule"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> "FaultRule":
        from apispy.gate import FaultRule, parse

        return value if isinstance(value, FaultRule) else parse(str(value))


def is_typed(ctx: click.Context, parameter: click.Parameter) -> bool:
    """Whether it stands on the command line, and has not its value from elsewhere."""
    return ctx.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
