"""Classes of fields, as dataclasses are, made by msgspec: ``class Point(Struct, frozen=True)``.

apispy makes about twenty objects for each call, and a hundred such classes when it starts. One of msgspec takes a tenth
of the time of a frozen dataclass, and its class a twentieth: both are made without generated source.

They differ from dataclasses in this: each field is part of the value, of ``repr`` and of ``replace``, and there is no
place for a ``cached_property``. Where that does not do, a ``Remembering`` or a dataclass does.
"""

from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict, fields, force_setattr, replace

__all__ = ["Remembering", "Struct", "asdict", "field", "fields", "force_setattr", "replace"]


class Remembering(Struct, frozen=True, eq=False):
    """A struct with fields that are no part of its value, such as what was made of the others."""

    @property
    def _value(self) -> tuple[Any, ...]:
        """The fields that are."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return self._value == other._value if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._value))})"
