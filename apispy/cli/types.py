"""Types of option values, beyond click's own."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apispy.app.output_files import STDOUT
from apispy.cli.help import Option

if TYPE_CHECKING:
    from click import ParamType

    from apispy.filters.policy import Rule, Verb
    from apispy.gate import FaultRule
else:

    class ParamType(click.ParamType):
        """A type of values, which takes a parameter (``ParamType[int]``) also with click before 8.4."""

        def __class_getitem__(cls, _):
            return cls


UNITS = {"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}

MAX_SIZE_OR_TIME = 1 << 50
"""Larger numbers are typing errors, and do not fit into times of the system."""


class Size(ParamType[int]):
    """A number of bytes: 4096, 64k, 1M, 1MiB, 2GB (always powers of 1024)."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d+)\s*([kmg]?)(?:i?b)?", str(value).strip(), re.IGNORECASE)
        if match is None:
            self.fail(f"expected a size like 4096, 64k or 1M, found {value!r}", param, ctx)
        return int(match[1]) * UNITS[match[2].upper()]


class SizeOrTime(ParamType[tuple[str, int]]):
    """A size, as ("size", bytes), or a time, as ("seconds", seconds): 100MB, 1h, 1d, 30min.

    A lower-case m alone is refused: it is a size for --body-limit, and minutes in filters.
    """

    name = "size or time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        text = str(value).strip()
        if time := re.fullmatch(r"(\d+)\s*(s|min|h|d)", text):
            found = "seconds", int(time[1]) * SECONDS[time[2]]
        elif re.fullmatch(r"\d+\s*m", text):
            self.fail(f"{text!r} may be a size or minutes; type {text[:-1]}MB or {text}in", param, ctx)
        elif re.fullmatch(r"\d+\s*[kmg](?:i?b)?", text, re.IGNORECASE):
            found = "size", Size().convert(text, param, ctx)
        else:
            self.fail(
                f"expected a size like 100MB or a time like 30min, 1h or 1d, found {text!r}", param, ctx
            )
        if not 0 < found[1] < MAX_SIZE_OR_TIME:
            self.fail(f"expected a size or time that occurs, found {text!r}", param, ctx)
        return found


class HostName(ParamType[str]):
    """A host name without a port, as clients send it in the header Host."""

    name = "host"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch(r"[\w.-]+", str(value)):
            self.fail(f"expected a host name without a port, like docker.test, found {value!r}", param, ctx)
        return str(value)


class NewFile(click.Path):
    """A file to write. Other programs take "-" for standard output; with *stdout*, it is STDOUT here too."""

    def __init__(self, *, stdout: bool = False) -> None:
        super().__init__(path_type=Path)
        self._stdout = stdout

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "-" and self._stdout:
            return STDOUT
        if value == "-":
            self.fail("expected the name of a file, found '-'. Type ./- for a file of that name", param, ctx)
        return super().convert(value, param, ctx)


class Whole(click.IntRange):
    """A whole number in a range; both ends are in it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"expected a whole number from {self.min} to {self.max}, found {value!r}", param, ctx)


class Number(click.FloatRange):
    """A number in a range; both ends are in it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"expected a number from {self.min} to {self.max}, found {value!r}", param, ctx)


class Fault(ParamType["FaultRule"]):
    """A fault rule; docs/faults.md describes them."""

    name = "rule"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> "FaultRule":
        from apispy.errors import UsageError
        from apispy.gate import FaultRule, parse

        if isinstance(value, FaultRule):
            return value
        rule = parse(str(value))
        if rule.filter is not None and (problem := rule.filter.problem()):
            raise UsageError(f"--fault '{rule}': {problem}")
        return rule


class PolicyRule(ParamType["Rule"]):
    """The filter of a rule about requests; docs/guard.md describes them."""

    name = "rule"

    def __init__(self, verb: "Verb") -> None:
        self._verb = verb

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> "Rule":
        from apispy.errors import UsageError
        from apispy.filters.policy import Rule, parse_rule

        if isinstance(value, Rule):
            return value
        try:
            return parse_rule(self._verb, str(value))
        except UsageError as error:
            raise UsageError(f"--{self._verb}: {error}") from None


class OptionalValue(Option):
    """An option whose value may be left out: a word after it that is not a choice, or not a number, is not its value.

    click itself would take any word, as in `apispy show --curl FILE`, and has no public way to change that.
    """

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        super().add_to_parser(parser, ctx)
        match: Any = getattr(parser, "_match_long_opt", None)
        kind = self.type

        def is_value(word: str) -> bool:
            return word in kind.choices if isinstance(kind, click.Choice) else word.isdecimal()

        def matched(name: str, value: str | None, state: Any) -> None:
            if name in self.opts and value is None and (not state.rargs or not is_value(state.rargs[0])):
                value = str(self.flag_value)
            match(name, value, state)

        if match is not None:
            parser._match_long_opt = matched
