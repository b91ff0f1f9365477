"""The X-Docker-Container-Path-Stat header, which describes a path in a container.

Source: moby api/types/container, PathStat; Go's io/fs for the mode bits, which differ from those of POSIX.
"""

import stat
from typing import Any

from apispy.decoders.base import decoder
from apispy.decoders.value import Value, as_text, parse_json, unbase64

GO_TYPES = {
    1 << 31: stat.S_IFDIR,
    1 << 27: stat.S_IFLNK,
    1 << 26 | 1 << 21: stat.S_IFCHR,
    1 << 26: stat.S_IFBLK,
    1 << 25: stat.S_IFIFO,
    1 << 24: stat.S_IFSOCK,
}
"""Go's bits for the type of a file, and the POSIX type. The first entry that matches applies."""

GO_BITS = {1 << 23: stat.S_ISUID, 1 << 22: stat.S_ISGID, 1 << 20: stat.S_ISVTX}


@decoder("path-stat")
class PathStat(Value):
    """The X-Docker-Container-Path-Stat header: JSON in base64. One value, the object with "permissions" added."""

    def parse(self, data: bytes) -> Any:
        value = parse_json(unbase64(data), dict, "base64 of a JSON object")
        mode = value.get("mode")
        return value | ({"permissions": permissions(mode)} if isinstance(mode, int) and mode >= 0 else {})

    def describe(self, value: Any) -> str:
        link = f"-> {value['linkTarget']}" if value.get("linkTarget") else ""
        size = f"{value['size']} bytes" if isinstance(value.get("size"), int) else ""
        changed = f"changed {value['mtime']}" if value.get("mtime") else ""
        parts = (value.get("permissions", ""), as_text(value.get("name", "")), link, size, changed)
        return " ".join(part for part in parts if part)


def permissions(mode: int) -> str:
    """Return a Go os.FileMode as "drwxr-xr-x"."""
    kind = next((posix for go, posix in GO_TYPES.items() if mode & go == go), stat.S_IFREG)
    special = sum(posix for go, posix in GO_BITS.items() if mode & go)
    return stat.filemode(kind | special | (mode & 0o777))
