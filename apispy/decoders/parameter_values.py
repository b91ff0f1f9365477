"""Query parameters with a format of their own, which for most of them is JSON."""

from types import NoneType
from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.value import Value, as_text, parse_json


@decoder("filters")
class Filters(Value):
    """The ``filters`` parameter, in both encodings: ``{"k": {"v": true}}`` and the older ``{"k": ["v"]}``.

    One value, an object of lists. A value that is ``false`` is listed too: that is no negation.
    """

    def parse(self, data: bytes) -> Any:
        value = parse_json(data, dict | NoneType, "an object of filters")
        return {name: _filter_values(one) for name, one in (value or {}).items()}

    def describe(self, value: Any) -> str:
        return ", ".join(f"{name}={one}" for name, many in value.items() for one in many)


def _filter_values(value: Any) -> list[str]:
    """The values of one filter. Raises ValueError for what the daemon refuses (``engine.filters`` says more)."""
    if value is None:
        return []
    kind, checked = (bool, list(value.values())) if isinstance(value, dict) else (str, value)
    if not isinstance(checked, list) or not all(one is None or isinstance(one, kind) for one in checked):
        raise ValueError('expected a list of text for each filter, such as {"status":["running"]}')
    return ["" if one is None else one for one in value]


@decoder("pairs")
class Pairs(Value):
    """The ``buildargs`` and ``labels`` parameters: a JSON object. One value; null means a name without a value."""

    def parse(self, data: bytes) -> Any:
        return parse_json(data, dict | NoneType, "an object of names and values") or {}

    def describe(self, value: Any) -> str:
        return ", ".join(name if one is None else f"{name}={as_text(one)}" for name, one in value.items())


@decoder("names")
class Names(Value):
    """The ``cachefrom`` parameter: a JSON list. One value."""

    def parse(self, data: bytes) -> Any:
        return parse_json(data, list | NoneType, "a list of names") or []

    def describe(self, value: Any) -> str:
        return ", ".join(as_text(one) for one in value)


@decoder("ulimits")
class Ulimits(Value):
    """The ``ulimits`` parameter: a JSON list of objects. One value, shown as ``nofile=1024:2048`` (soft, hard)."""

    def parse(self, data: bytes) -> Any:
        return _objects(data, "a list of limits")

    def describe(self, value: Any) -> str:
        return ", ".join(
            f"{one.get('Name', '')}={one.get('Soft', '')}:{one.get('Hard', '')}" for one in value
        )


@decoder("outputs")
class Outputs(Value):
    """The ``outputs`` parameter of a build: a JSON list of objects. One value, shown as ``type=local,dest=out``."""

    def parse(self, data: bytes) -> Any:
        return _objects(data, "a list of outputs")

    def describe(self, value: Any) -> str:
        return "; ".join(_output(one) for one in value)


def _output(value: dict[str, Any]) -> str:
    attributes = value.get("Attrs")
    parts = {"type": value.get("Type", "")} | (attributes if isinstance(attributes, dict) else {})
    return ",".join(f"{name}={as_text(one)}" for name, one in parts.items())


@decoder("platform")
class Platform(Value):
    """The ``platform`` parameter: ``linux/arm64/v8`` or a JSON object. One value, an object."""

    def parse(self, data: bytes) -> Any:
        if data.lstrip().startswith(b"{"):
            return parse_json(data, dict, "a platform")
        names = ("os", "architecture", "variant")
        parts = data.decode("utf-8", "replace").split("/", 2)
        return dict(zip(names, parts, strict=False))

    def describe(self, value: Any) -> str:
        parts = [as_text(value[name]) for name in ("os", "architecture", "variant") if value.get(name)]
        version = value.get("os.version")
        return "/".join(parts) + (f" (version {as_text(version)})" if version else "")


@decoder("changes")
class Changes(Value):
    """The ``changes`` parameter: Dockerfile instructions, one per line. One value, a list."""

    def parse(self, data: bytes) -> Any:
        return data.decode("utf-8", "replace").splitlines()

    def describe(self, value: Any) -> str:
        return "; ".join(value)


def _objects(data: bytes, expected: str) -> Any:
    """Parse a list of objects. Go writes an empty list as null, as every build of docker 20.10 does."""
    value = parse_json(data, list | NoneType, expected) or []
    if not all(isinstance(one, dict) for one in value):
        raise ValueError(f"expected {expected}, found other values in it")
    return value
