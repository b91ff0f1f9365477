"""WebSocket frames, which carry a terminal's bytes in attach/ws.

Source: RFC 6455. This does not use wsproto, because wsproto does not give the positions of frames in the stream,
rejects text that is not UTF-8 (before API 1.28 the daemon sends a container's output as text), and needs to know which
side it is.
"""

from apispy.decoders.base import FrameDecoder, decoder
from apispy.model import Item

DATA_OPCODES = {1: "text", 2: "binary"}
CONTROL_OPCODES = {8: "close", 9: "ping", 10: "pong"}
CONTROL_LIMIT = 125
FRAME_LIMIT = 1 << 30
"""The largest payload that is accepted, in bytes. The daemon sends at most 32 KiB; a client may send more."""

FINAL, COMPRESSED, RESERVED = 0x80, 0x40, 0x30
"""Bits of a frame's first byte."""

CLOSE_CODES = {
    1000: "normal",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    1005: "no code",
    1006: "abnormal",
    1007: "invalid text",
    1008: "policy violation",
    1009: "too big",
    1010: "extension missing",
    1011: "internal error",
}
"""Meanings of the status codes in close frames."""


@decoder("websocket")
class WebSocket(FrameDecoder):
    """WebSocket frames, in either direction. Items of kind "raw", labeled "text" or "binary", their values bytes.

    A frame that arrives in pieces gives an item for each piece, as in ``stdio``. Pings and pongs are items of kinds
    "ping" and "pong", their values bytes. A close frame is an item of kind "close", its value {"code", "reason"}, with
    None for a missing code. Compressed messages (an extension that Docker does not offer) are of kind "unread".
    """

    def __init__(self) -> None:
        super().__init__(self._header)
        self._code = 0  # opcode of the open frame
        self._left = 0  # bytes left of its payload
        self._skip = 0  # bytes of _pending before the payload: the header, until the first piece is returned
        self._mask = b""
        self._message = ""  # label of the message that further frames may continue
        self._compressed = False  # the message is compressed
        self._open = False  # a frame is open

    def close(self) -> list[Item]:
        if not self._pending and not self._open:
            return []
        where = f"a frame, {self._left} more bytes expected" if self._open else "a frame's header"
        self._open = False
        return [Item("problem", "cut off", f"the stream ends inside {where}", self._take(len(self._pending)))]

    # -- steps --

    def _header(self) -> list[Item] | None:
        head = self._pending
        size = _header_size(head)
        if len(head) < size:
            return None
        first, length = head[0], head[1] & 0x7F
        wide = {126: 2, 127: 8}.get(length, 0)
        self._left = int.from_bytes(head[2 : 2 + wide]) if wide else length
        if why := self._header_error(first, self._left):
            return self._give_up(why)
        self._code, self._mask, self._skip = first & 0x0F, bytes(head[2 + wide : size]), size
        self._open = True
        if self._code in CONTROL_OPCODES:
            self._read = self._control
            return []
        if self._code:
            self._message, self._compressed = DATA_OPCODES[self._code], bool(first & COMPRESSED)
        self._read = self._payload
        return []

    def _payload(self) -> list[Item] | None:
        """Read the available bytes of the open frame's payload."""
        stop = min(len(self._pending), self._skip + self._left)
        if stop == self._skip and self._left:
            return None
        value = _masked(bytes(self._pending[self._skip : stop]), self._mask)
        turn = len(value) % 4
        self._mask = self._mask[turn:] + self._mask[:turn]
        self._left -= len(value)
        self._skip = 0
        if not self._left:
            self._open, self._read = False, self._header
        if self._compressed:
            return [Item("unread", "compressed message", value, self._take(stop))]
        return [Item("raw", self._message, value, self._take(stop))]

    def _control(self) -> list[Item] | None:
        stop = self._skip + self._left
        if len(self._pending) < stop:
            return None
        value = _masked(bytes(self._pending[self._skip : stop]), self._mask)
        self._open, self._read, self._left = False, self._header, 0
        span = self._take(stop)
        return [
            _close(value, span)
            if self._code == 8
            else Item(CONTROL_OPCODES[self._code], CONTROL_OPCODES[self._code], value, span)
        ]

    def _header_error(self, first: int, size: int) -> str:
        """Return what is wrong with a frame's header, "" if it is valid."""
        code = first & 0x0F
        if first & RESERVED or code not in (0, *DATA_OPCODES, *CONTROL_OPCODES):
            return f"0x{first:02x} is not a valid first byte of a frame"
        if code in CONTROL_OPCODES and (size > CONTROL_LIMIT or not first & FINAL):
            return f"a {CONTROL_OPCODES[code]} frame has {size} bytes, or is fragmented"
        if not code and not self._message:
            return "a frame continues a message that has not begun"
        return f"a frame has {size} bytes, the limit is {FRAME_LIMIT}" if size > FRAME_LIMIT else ""


def _header_size(head: bytearray) -> int:
    """Return the size of the header that begins with *head*; 2 while fewer than 2 bytes are known."""
    if len(head) < 2:
        return 2
    return 2 + {126: 2, 127: 8}.get(head[1] & 0x7F, 0) + (4 if head[1] & 0x80 else 0)


def _masked(data: bytes, mask: bytes) -> bytes:
    if not mask:
        return data
    key = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data) ^ int.from_bytes(key)).to_bytes(len(data))


def _close(value: bytes, span: tuple[int, int]) -> Item:
    if len(value) < 2:
        return Item("close", "close", {"code": None, "reason": ""}, span)
    code, reason = int.from_bytes(value[:2]), value[2:].decode("utf-8", "replace")
    words = " ".join(part for part in ("close", str(code), CLOSE_CODES.get(code, ""), reason) if part)
    return Item("close", words, {"code": code, "reason": reason}, span)
