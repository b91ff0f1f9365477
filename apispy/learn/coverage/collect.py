"""What calls touch: operations, parameters, body fields and statuses, in memory bounded by the API's description."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from apispy.engine import Call
from apispy.engine.parameters import parameters
from apispy.engine.shapes import Shape, request_shape
from apispy.engine.versions import NEWEST, nearest
from apispy.learn.notes.schema_check import field_of, is_unset
from apispy.learn.read_call import ReadCall
from apispy.model import Exchange, is_redacted
from apispy.structs import Struct, field

MAX_UNKNOWN = 100
"""Different methods of unknown calls that are kept."""


class Touched(Struct):
    """What the calls of one operation touch."""

    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    parameters: set[str] = field(default_factory=set)  # "query all", "header X-Registry-Auth"
    fields: set[str] = field(default_factory=set)  # dotted paths in the request body


class Coverage:
    """Collects what calls touch."""

    def __init__(self) -> None:
        self.calls = 0
        self.unknown = 0  # calls of no known operation
        self.versions: Counter[str] = Counter()  # calls by known API version; unversioned calls do not count
        self.operations: dict[str, Touched] = {}

    def add(self, decoded: ReadCall) -> None:
        """Add a call."""
        self.calls += 1
        call, exchange = decoded.call, decoded.exchange
        if call.version_known and call.version is not None:
            self.versions[call.version] += 1
        if not call.known:
            self.unknown += 1
            return
        touched = self.operations.setdefault(call.operation.id, Touched())
        touched.calls += 1
        if exchange.response is not None:
            touched.statuses[exchange.response.status] += 1
        touched.parameters.update(_parameters(call, exchange))
        shape = request_shape(call.operation.id, call.version)
        if shape is not None:
            for item in decoded.items.get("request", ()):
                if item.kind == "json":
                    touched.fields.update(_set_fields(item.value, shape))

    @property
    def main_version(self) -> str:
        """The version that most calls name; of several the newest, and the newest known one if no call names one."""
        most = max(self.versions.values(), default=0)
        found = [version for version, calls in self.versions.items() if calls == most]
        return nearest(max(found, key=lambda version: int(version.removeprefix("1.")), default=NEWEST))


def _parameters(call: Call, exchange: Exchange) -> Iterator[str]:
    """Yield the parameters of the operation that the call sends, in the query, a form, or headers."""
    sent = {name for name, _ in call.parameters}
    for parameter in parameters(call.operation.id):
        if parameter.place == "query" and parameter.name in sent:
            yield f"query {parameter.name}"
        elif parameter.place == "header" and parameter.name in exchange.request.headers:
            yield f"header {parameter.name}"


def _set_fields(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """Yield the described fields that are set: a Go client sends all, most of them with their zero value."""
    if is_redacted(value):
        return
    if isinstance(value, list) and shape.items is not None:
        for element in value:
            yield from _set_fields(element, shape.items, f"{path}[]")
    elif isinstance(value, dict) and shape.kind == "map" and shape.items is not None:
        for element in value.values():
            yield from _set_fields(element, shape.items, f"{path}{{}}")
    elif isinstance(value, dict):
        for name, part in value.items():
            row = field_of(shape, name)
            if row is not None and (is_redacted(part) or not is_unset(part)):
                inner = f"{path}.{row.name}".lstrip(".")
                yield inner
                yield from _set_fields(part, row.shape, inner)
