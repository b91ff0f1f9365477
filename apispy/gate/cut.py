"""Finds the place in an answer where a fault cuts it."""


class AnswerCut:
    """Lets through an answer's head, and *size* bytes behind it as they are on the wire, chunk sizes included."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._head: bytes | None = b""  # of it what has come; None once it was seen whole

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """What of *data* may go on to the client, and whether more was to come: then the connection ends."""
        start = 0
        if self._head is not None:
            before = len(self._head)
            self._head += data
            end = _final_head(self._head)
            if end is None:
                return data, False
            start, self._head = max(0, end - before), None
        allowed = data[: start + self._left]
        self._left -= len(allowed) - start
        return allowed, len(allowed) < len(data)


def _final_head(data: bytes) -> int | None:
    """Where the head of the final answer ends in *data*, behind interim ones (100, 103); None: not there yet."""
    start = 0
    while (end := data.find(b"\r\n\r\n", start)) >= 0:
        status = data[start:end].split(b" ", 2)[1:2]
        start = end + 4
        if not status or not status[0].startswith(b"1") or status[0] == b"101":
            return start
    return None
