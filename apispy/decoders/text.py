"""UTF-8 text. Bytes that are not UTF-8 become U+FFFD."""

import codecs

from apispy.decoders.base import decoder
from apispy.model import Item


@decoder("text")
class Text:
    """UTF-8 text. Items of kind "text", one per chunk, their values str. A split character is held until complete."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._start = 0
        self._size = 0

    def feed(self, data: bytes) -> list[Item]:
        return self._piece(data, final=False)

    def close(self) -> list[Item]:
        return self._piece(b"", final=True)

    def _piece(self, data: bytes, *, final: bool) -> list[Item]:
        self._size += len(data)
        text = self._decoder.decode(data, final)
        waiting, _ = self._decoder.getstate()
        start, self._start = self._start, self._size - len(waiting)
        return [Item("text", "text", text, (start, self._start))] if text else []
