"""A tar archive, listed while it goes by. Nothing is unpacked, and no file's content is kept.

Archives are blocks of 512 bytes: a header for each member, then its content filled up to whole blocks, and at the end
blocks of zeros. Source: POSIX pax, and what Go's archive/tar and GNU tar write.
"""

import tarfile
from collections.abc import Callable
from typing import Any

from apispy.decoders.base import decoder
from apispy.model import Item

BLOCK = 512
MEMBER_LIMIT = 1000
"""Members listed; those after them are only counted."""

COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
"""Name of a compression by the first bytes. The daemon takes such archives too; they are not looked into."""

HEADER_ONLY = (
    *(tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE),
    *(tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE),
)
"""Types that have no content, whatever size their header says."""

TYPES = {
    tarfile.REGTYPE: "file",
    tarfile.AREGTYPE: "file",
    tarfile.LNKTYPE: "hard link",
    tarfile.SYMTYPE: "link",
    tarfile.CHRTYPE: "character device",
    tarfile.BLKTYPE: "block device",
    tarfile.DIRTYPE: "directory",
    tarfile.FIFOTYPE: "fifo",
    tarfile.XHDTYPE: "extended header",
    tarfile.XGLTYPE: "extended header",
    tarfile.GNUTYPE_LONGNAME: "long name",
    tarfile.GNUTYPE_LONGLINK: "long name",
}
"""What a header's type byte means."""


@decoder("tar")
class Tar:
    """Items of kind "member", each given when the member has gone by; the label is its name.

    Their values are {"name", "type", "size", "mode", "mtime", "link"}: type a name of TYPES, mode the permission bits,
    mtime Unix seconds. After MEMBER_LIMIT of them one item of kind "more", its value the number of the others. What
    follows the archive's end is one item of kind "padding", its value the number of bytes.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._at = 0  # of _pending, in the stream
        self._start = 0  # of what has no item yet
        self._read: Callable[[], list[Item] | None] = self._first  # None: more bytes are needed
        self._member: dict[str, Any] = {}
        self._left = 0  # of the member's content and filling
        self._count = 0

    def feed(self, data: bytes) -> list[Item]:
        self._pending += data
        items: list[Item] = []
        while self._pending and (found := self._read()) is not None:
            items += found
        return items

    def close(self) -> list[Item]:
        if self._member:
            text = f"the stream ends inside {self._member['name']!r}: {self._left} more bytes expected"
            return [*self._more(), self._item("problem", "cut off", text)]
        items = self._more()
        if self._pending:
            missing = BLOCK - len(self._pending)
            self._drop(len(self._pending))
            text = f"the stream ends inside a member's header: {missing} more bytes expected"
            items.append(self._item("problem", "cut off", text))
        if self._start < self._at:
            items.append(self._item("padding", "end of the archive", self._at - self._start))
        return items

    # -- what is read next; each takes what it can from the pending bytes --

    def _first(self) -> list[Item] | None:
        head = bytes(self._pending[:BLOCK])
        if any(len(head) < len(magic) and magic.startswith(head) for magic in COMPRESSED):
            return None
        compressed = head.startswith(tuple(COMPRESSED))
        self._read = self._raw if compressed else self._header
        return []

    def _header(self) -> list[Item] | None:
        if len(self._pending) < BLOCK:
            return None
        block = bytes(self._pending[:BLOCK])
        if not any(block):
            self._read = self._padding
            return self._more()
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
        except (tarfile.HeaderError, ValueError) as error:
            return self._give_up(str(error))
        if info.size < 0:
            return self._give_up("negative size")
        self._open(info)
        return self._past_member()

    def _content(self) -> list[Item]:
        size = min(len(self._pending), self._left)
        self._drop(size)
        self._left -= size
        return self._past_member()

    def _padding(self) -> list[Item]:
        self._drop(len(self._pending))
        return []

    def _raw(self) -> list[Item]:
        data = bytes(self._pending)
        self._drop(len(data))
        return [self._item("raw", "raw", data)]

    # -- parts --

    def _open(self, info: tarfile.TarInfo) -> None:
        self._drop(BLOCK)
        self._count += 1
        self._left = 0 if info.type in HEADER_ONLY else -(-info.size // BLOCK) * BLOCK
        self._member = {
            "name": info.name,
            "type": TYPES.get(info.type, "unknown"),
            "size": info.size,
            "mode": info.mode,
            "mtime": info.mtime,
            "link": info.linkname,
        }
        self._read = self._content

    def _past_member(self) -> list[Item]:
        """The open member's item, if all of it has gone by."""
        if self._left:
            return []
        member, self._member = self._member, {}
        self._read = self._header
        return [self._item("member", member["name"], member)] if self._count <= MEMBER_LIMIT else []

    def _more(self) -> list[Item]:
        """What is to be said of the members that were not listed. Said once."""
        others, self._count = self._count - MEMBER_LIMIT, 0
        return [self._item("more", f"{others} more members", others)] if others > 0 else []

    def _give_up(self, why: str) -> list[Item]:
        self._read = self._raw
        items = self._more()
        text = f"not a tar header at byte {self._at}: {why}; from here on the bytes are shown as they are"
        return [*items, self._item("problem", "not a tar archive", text)]

    def _drop(self, size: int) -> None:
        del self._pending[:size]
        self._at += size

    def _item(self, kind: str, label: str, value: Any) -> Item:
        """An item over all bytes that have been read since the last one."""
        start, self._start = self._start, self._at
        return Item(kind, label, value, (start, self._at))
