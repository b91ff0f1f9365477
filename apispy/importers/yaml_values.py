"""Reads YAML as plain values. The only module that imports PyYAML, an optional extra.

The loader is the safe one. No tag makes an object: an unknown one is ignored. Merge keys (``<<``) stay ordinary keys,
because nested ones double a mapping with each level. An alias is a second reference to a value, not a copy: who copies
values has to limit their sum.
"""

from typing import Any

import yaml


class YamlError(Exception):
    """The text cannot be read. The message begins with the place: "line 3, column 1: ..."."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader, in C if PyYAML has it."""

    def flatten_mapping(self, node: Any) -> None:
        """Leave merge keys alone."""


def _plain(loader: Any, suffix: str, node: yaml.Node) -> Any:
    """The value of a node with an unknown tag, as if it had none."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_constructor("!binary", _Loader.construct_yaml_binary)  # as Ruby writes it
_Loader.add_multi_constructor("", _plain)
_Loader.add_constructor(
    "tag:yaml.org,2002:timestamp", _Loader.construct_yaml_str
)  # an impossible date is text too


def load(text: str) -> Any:
    """The value of the only document in *text*. Raises YamlError."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise YamlError(f"{where}: invalid YAML: {error.problem}") from None
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise YamlError(f"somewhere: invalid YAML: {type(error).__name__}") from None
