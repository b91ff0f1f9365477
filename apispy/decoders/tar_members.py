"""The members of a tar archive, listed while it goes by. Nothing is unpacked, and no file's content is kept.

Archives are blocks of 512 bytes: a header for each member, then its content filled up to whole blocks, and at the end
blocks of zeros. What does not fit into a header (long names, large sizes) stands in the content of one before it.
Source: POSIX pax, and what Go's archive/tar and GNU tar write.
"""

import stat
import tarfile
from collections.abc import Callable
from typing import Any

from apispy.decoders.tar_extras import EXTRAS, apply, extras_of
from apispy.model import Item

BLOCK = 512
MEMBER_LIMIT = 1000
"""Members listed; those after them are only counted."""

EXTRA_LIMIT = 1 << 20
"""The longest content of an extended header, in bytes; Go's archive/tar reads no longer one either."""

TYPES = {
    tarfile.REGTYPE: ("file", stat.S_IFREG),
    tarfile.AREGTYPE: ("file", stat.S_IFREG),
    tarfile.CONTTYPE: ("file", stat.S_IFREG),
    tarfile.GNUTYPE_SPARSE: ("sparse file", stat.S_IFREG),
    tarfile.LNKTYPE: ("hard link", stat.S_IFREG),
    tarfile.SYMTYPE: ("link", stat.S_IFLNK),
    tarfile.CHRTYPE: ("character device", stat.S_IFCHR),
    tarfile.BLKTYPE: ("block device", stat.S_IFBLK),
    tarfile.DIRTYPE: ("directory", stat.S_IFDIR),
    tarfile.FIFOTYPE: ("fifo", stat.S_IFIFO),
}
"""What a header's type byte means, in words and for `ls`."""

HEADER_ONLY = (
    *(tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE),
    *(tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE),
)
"""Types that have no content, whatever size their header says."""


class Members:
    """Items of kind "member", each given when the member has gone by; the label is its name.

    Their values are {"name", "type", "size", "mode", "permissions", "uid", "gid", "user", "group", "mtime", "link"}:
    type a name of TYPES, mode the permission bits, permissions as `ls` writes them, mtime Unix seconds. Extended
    headers belong to the member that they describe. After MEMBER_LIMIT members one item of kind "more", its value the
    number of the others. What follows the archive's end is one item of kind "padding", its value the number of bytes.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._at = 0  # of _pending, in the stream
        self._start = 0  # of what has no item yet
        self._read: Callable[[], list[Item] | None] = self._header  # None: more bytes are needed
        self._extras: dict[str, Any] = {}  # from extended headers, for the member that follows
        self._extra = (b"", 0)  # type and size of the extended header that is open
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
        items = self._more()
        if missing := self._missing():
            self._drop(len(self._pending))
            items.append(
                self._item("problem", "cut off", f"the stream ends inside {missing} more bytes expected")
            )
        if self._start < self._at:
            items.append(self._item("padding", "end of the archive", self._at - self._start))
        return items

    def _missing(self) -> str:
        have = len(self._pending)
        if self._member:
            return f"{self._member['name']!r}: {self._left}"
        if self._read == self._extended:
            return f"an extended header: {_filled(self._extra[1]) - have}"
        return f"a member's header: {BLOCK - have}" if have else ""

    # -- what is read next; each takes what it can from the pending bytes --

    def _header(self) -> list[Item] | None:
        if len(self._pending) < BLOCK:
            return None
        block = bytes(self._pending[:BLOCK])
        if not any(block):
            self._read = self._padding
            return self._more()
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
            if info.type in EXTRAS:
                return self._open_extended(info)
            self._open(info)
        except (tarfile.HeaderError, ValueError) as error:
            return self._give_up(str(error))
        return self._past_member()

    def _extended(self) -> list[Item] | None:
        kind, size = self._extra
        if len(self._pending) < _filled(size):
            return None
        self._extras |= extras_of(kind, bytes(self._pending[:size]))
        self._drop(_filled(size))
        self._read = self._header
        return []

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

    def _open_extended(self, info: tarfile.TarInfo) -> list[Item]:
        if not 0 <= info.size <= EXTRA_LIMIT:
            raise ValueError(f"an extended header of {info.size} bytes, the limit is {EXTRA_LIMIT}")
        self._drop(BLOCK)
        self._extra = info.type, info.size
        self._read = self._extended
        return []

    def _open(self, info: tarfile.TarInfo) -> None:
        """Raises ValueError for a size that cannot be."""
        kind, letter = TYPES.get(info.type, ("unknown", 0))
        member: dict[str, Any] = {
            "name": info.name,
            "type": kind,
            "size": info.size,
            "mode": info.mode,
            "permissions": stat.filemode(letter | (info.mode & 0o7777)),
            "uid": info.uid,
            "gid": info.gid,
            "user": info.uname,
            "group": info.gname,
            "mtime": info.mtime,
            "link": info.linkname,
        }
        apply(self._extras, member)
        if member["size"] < 0:
            raise ValueError("negative size")
        self._extras = {}
        self._drop(BLOCK)
        self._count += 1
        self._left = 0 if info.type in HEADER_ONLY else _filled(member["size"])
        self._member = member
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


def _filled(size: int) -> int:
    """*size* rounded up to whole blocks."""
    return -(-size // BLOCK) * BLOCK
