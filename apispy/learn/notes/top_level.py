"""Fields of HostConfig at the top level of ContainerCreate, which engines before 27.0 read there."""

from functools import lru_cache
from typing import Any

from apispy.engine.json_fields import field_value
from apispy.engine.shapes import request_shape
from apispy.engine.undocumented_fields import CPUSET, TOP_LEVEL_FIELDS, TOP_LEVEL_GONE
from apispy.learn.notes.schema_check import field_of, is_unset
from apispy.structs import Struct

MAX_CACHED = 1024
"""The versions whose shapes are kept: clients choose them."""

RELEASE = f"{TOP_LEVEL_GONE[0]}.{TOP_LEVEL_GONE[1]}"

_request_shape = lru_cache(MAX_CACHED)(request_shape)


class MisplacedField(Struct, frozen=True):
    """A field of HostConfig that a body has at its top level. *is_read*: whether engines before 27.0 use it there."""

    belongs: str  # "HostConfig.Privileged"
    is_read: bool

    def effect(self, engine: tuple[int, int] | None) -> str:
        """Say what *engine* does with it, and where it belongs. None is an unknown engine."""
        belongs = f"it belongs in {self.belongs}"
        if not self.is_read:
            return f"is ignored by Docker: {belongs}"
        if engine is None:
            return f"is used by Docker Engine before {RELEASE} only: {belongs}"
        if engine < TOP_LEVEL_GONE:
            return f"is used by this engine, and ignored by Docker Engine {RELEASE} and later: {belongs}"
        return f"is ignored by Docker Engine {RELEASE} and later: {belongs}"


def misplaced_field(operation: str, body: Any, name: str, version: str | None) -> MisplacedField | None:
    """Return what is known of *name* at the top level of *body*; None if HostConfig has no such field."""
    if operation != "ContainerCreate":
        return None
    shape = _request_shape(operation, version)
    host_config = shape and field_of(shape, "HostConfig")
    is_cpuset = name.lower() == CPUSET
    row = field_of(host_config.shape, "CpusetCpus" if is_cpuset else name) if host_config else None
    if row is None:
        return None
    given = field_value(body, "HostConfig")
    is_alone = given is None
    is_read = (
        not is_cpuset if is_alone else row.name in TOP_LEVEL_FIELDS and is_unset(field_value(given, row.name))
    )
    return MisplacedField(f"HostConfig.{row.name}", is_read)
