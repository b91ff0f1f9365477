"""WebSocket frames, which carry a terminal's bytes in attach/ws.

Source: RFC 6455. Not read with wsproto: it does not tell where in the stream a frame stood, refuses text that is no
UTF-8 (the daemon sends a container's output as text before API 1.28), and must know which side it is.
"""

from apispy.decoders.base import Stepwise, decoder
from apispy.model import Item

DATA = {1: "text", 2: "binary"}
CONTROL = {8: "close", 9: "ping", 10: "pong"}
CONTROL_LIMIT = 125
FRAME_LIMIT = 1 << 30
"""The largest payload believed in. The daemon writes frames of 32 KiB or less; what a client sends may be large."""

FINAL, COMPRESSED, RESERVED = 0x80, 0x40, 0x30
"""Bits of a frame's first byte."""

CODES = {
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
"""What the codes of a close mean."""


@decoder("websocket")
class WebSocket(Stepwise):
    """WebSocket frames, in either direction. Items of kind "raw", labelled "text" or "binary", their values bytes.

    A message that comes in pieces gives an item for each, as in ``stdio``. Pings and pongs are items of their own
    kind, their values bytes. A close is one of kind "close", its value {"code", "reason"}, None for no code. Compressed
    messages (an extension that Docker does not offer) are of kind "unread".
    """

    def __init__(self) -> None:
        super().__init__(self._header)
        self._code = 0  # of the frame that is open
        self._left = 0  # of its payload, still to come
        self._skip = 0  # of _pending before the payload: its header, until the first piece is out
        self._mask = b""
        self._message = ""  # the label of the message that frames may go on with
        self._packed = False  # it is compressed
        self._open = False  # a frame is open

    def close(self) -> list[Item]:
        if not self._pending and not self._open:
            return []
        where = f"a frame, {self._left} more bytes expected" if self._open else "a frame's header"
        self._open = False
        return [Item("problem", "cut off", f"the stream ends inside {where}", self._take(len(self._pending)))]

    # -- what is read next --

    def _header(self) -> list[Item] | None:
        head = self._pending
        size = _header_size(head)
        if len(head) < size:
            return None
        first, length = head[0], head[1] & 0x7F
        wide = {126: 2, 127: 8}.get(length, 0)
        self._left = int.from_bytes(head[2 : 2 + wide]) if wide else length
        if why := self._fault(first, self._left):
            return self._give_up(why)
        self._code, self._mask, self._skip = first & 0x0F, bytes(head[2 + wide : size]), size
        self._open = True
        if self._code in CONTROL:
            self._read = self._control
            return []
        if self._code:
            self._message, self._packed = DATA[self._code], bool(first & COMPRESSED)
        self._read = self._payload
        return []

    def _payload(self) -> list[Item] | None:
        """What there is of the open frame's payload."""
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
        if self._packed:
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
            else Item(CONTROL[self._code], CONTROL[self._code], value, span)
        ]

    # -- parts --

    def _fault(self, first: int, size: int) -> str:
        """What is wrong with a header, "" for nothing."""
        code = first & 0x0F
        if first & RESERVED or code not in (0, *DATA, *CONTROL):
            return f"no frame begins with the byte 0x{first:02x}"
        if code in CONTROL and (size > CONTROL_LIMIT or not first & FINAL):
            return f"a {CONTROL[code]} in a frame of {size} bytes, or in several frames"
        if not code and not self._message:
            return "a frame goes on with a message that none began"
        return (
            f"a frame of {size} bytes is announced, the limit is {FRAME_LIMIT}" if size > FRAME_LIMIT else ""
        )


def _header_size(head: bytearray) -> int:
    """Bytes of the header that begins with *head*; 2 while that is not known."""
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
    words = " ".join(part for part in ("close", str(code), CODES.get(code, ""), reason) if part)
    return Item("close", words, {"code": code, "reason": reason}, span)
