"""Types of option values, beyond click's own."""

import re
from typing import TYPE_CHECKING, Any

import click

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


class HostName(ParamType[str]):
    """A host name without a port, as clients send it in the header Host."""

    name = "host"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch(r"[\w.-]+", str(value)):
            self.fail(f"expected a host name without a port, like docker.test, found {value!r}", param, ctx)
        return str(value)


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
