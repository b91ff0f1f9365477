"""Values that options take, beyond click's own."""

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from apispy.gate import Rule

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


class Fault(click.ParamType["Rule"]):
    """A rule of docs/faults.md."""

    name = "rule"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> "Rule":
        from apispy.gate.rule import Rule, parse

        return value if isinstance(value, Rule) else parse(str(value))


def is_typed(ctx: click.Context, parameter: click.Parameter) -> bool:
    """Whether it stands on the command line, and has not its value from elsewhere."""
    return ctx.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE
