"""Extended headers of tar archives: fields that do not fit into a member's header, in a block before it.

A pax header has records ``LENGTH KEY=VALUE\\n``; a GNU long name is the name and a NUL.
"""

import tarfile
from typing import Any

EXTENDED_TYPES = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
"""Types of members that are extended headers."""

_TEXTS = {"path": "name", "linkpath": "link", "uname": "user", "gname": "group"}
_NUMBERS = ("size", "uid", "gid")
_LARGEST = 1 << 63


def read_extended(kind: bytes, content: bytes) -> dict[str, Any]:
    """Return the fields that an extended header sets for the next member, by the names in a member's value.

    A global header (git archive writes one, with a comment) sets no field that is listed.
    """
    if kind == tarfile.XGLTYPE:
        return {}
    if kind == tarfile.XHDTYPE:
        return _known_fields(_records(content))
    name = "name" if kind == tarfile.GNUTYPE_LONGNAME else "link"
    return {name: _text(content.partition(b"\0")[0])}


def apply_extended(extras: dict[str, Any], member: dict[str, Any]) -> None:
    """Set the fields of extended headers in the value of the member that they describe."""
    member.update(extras)
    if member["type"] == "directory":
        member["name"] = member["name"].rstrip("/") or "/"


def _records(content: bytes) -> dict[bytes, bytes]:
    """Parse the records of a pax header, up to the first malformed one."""
    found: dict[bytes, bytes] = {}
    while content:
        length, space, _ = content[:20].partition(b" ")
        if not space or not length.isdigit() or not len(length) + 1 < int(length) <= len(content):
            break
        record = content[len(length) + 1 : int(length)]
        if not record.endswith(b"\n"):
            break
        key, _, value = record[:-1].partition(b"=")
        found[key] = value
        content = content[int(length) :]
    return found


def _known_fields(records: dict[bytes, bytes]) -> dict[str, Any]:
    texts = {name: records.get(key.encode()) for key, name in _TEXTS.items()}
    numbers = {name: _number(records.get(name.encode(), b"")) for name in _NUMBERS}
    found: dict[str, Any] = {name: _text(value) for name, value in texts.items() if value is not None}
    return found | {name: value for name, value in numbers.items() if value is not None}


def _number(value: bytes) -> int | None:
    return int(value) if len(value) < 20 and value.isdigit() and int(value) < _LARGEST else None


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
