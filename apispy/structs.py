"""Classes of fields, as dataclasses are, made by msgspec: ``class Point(Struct, frozen=True)``.

apispy makes about twenty objects for each call, and a hundred such classes when it starts. One of msgspec takes a tenth
of the time of a frozen dataclass, and its class a twentieth: both are made without generated source.

They differ from dataclasses in this: each field is part of the value, of ``repr`` and of ``replace``, and there is no
place for a ``cached_property``. Where that does not do, a dataclass does.
"""

from msgspec import Struct, field
from msgspec.structs import asdict, fields, force_setattr, replace

__all__ = ["Struct", "asdict", "field", "fields", "force_setattr", "replace"]
