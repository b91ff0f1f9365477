"""The container that a call is about, for formats that group calls or name their container."""

import re

from apispy.engine.json_fields import as_dict
from apispy.outputs.base import DecodedCall
from apispy.outputs.decoded_values import first_json
from apispy.structs import Struct

_SHORT_ID = re.compile(r"[0-9a-f]{12}")
_ID = re.compile(r"[0-9a-f]{12}|[0-9a-f]{64}")
_DIGITS = re.compile(r"[0-9a-f]+")

MAX_NAME_LENGTH = 80


class Container(Struct, frozen=True):
    """A container. At least one of its fields is known; the other may be ""."""

    id: str  # 12 digits, as `docker ps` prints them; fewer if the client sent fewer and no call had more
    name: str

    @property
    def title(self) -> str:
        """The text for people: "web (c12250feba24)"."""
        return f"{self.name} ({self.id})" if self.name and self.id else self.name or self.id


def container_of(decoded: DecodedCall) -> Container | None:
    """Return the container of a call: of its path, of its exec, or the one that it created. None without one."""
    identity = _identity(decoded)
    if not identity:
        return None
    forms = decoded.aliases(identity)
    short = next((form for form in forms if _SHORT_ID.fullmatch(form)), "")
    if not short and _DIGITS.fullmatch(identity):  # the first digits of an ID, or a name like "cafe"
        return Container(identity[:12], "")
    name = next((form for form in forms if not _ID.fullmatch(form)), "")
    return Container(short, name[:MAX_NAME_LENGTH])


def _identity(decoded: DecodedCall) -> str:
    operation = decoded.call.operation
    if operation.id == "ContainerCreate":
        made = as_dict(first_json(decoded, "response")).get("Id")
        return made if isinstance(made, str) else ""
    identity = decoded.call.arguments.get("id", "")
    if operation.path.startswith(
        "/exec/"
    ):  # the name of an exec is its container's and its program's: "web:cat"
        names = (name.rpartition(":")[0] for name in decoded.aliases(identity) if ":" in name)
        return next(names, "")
    return identity if operation.path.startswith("/containers/{id}") else ""
