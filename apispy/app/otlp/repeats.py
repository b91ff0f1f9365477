"""The spans of calls that repeat each other, until they are encoded: clients poll, so most spans are such.

They are kept as packed numbers, 32 bytes each. The thread that encodes them may run on another processor, where
reading an object that was just made takes longer than encoding it.
"""

import struct

from apispy.outputs.exports.otlp_spans import SharedFields
from apispy.structs import Struct

RECORD = struct.Struct("<dQQd")
"""When the call began (Unix seconds), the numbers of its connection and of the call, and how many seconds it took."""

MAX_RECORDS = 128
"""Spans that are kept, and encoded, together: apispy forwards nothing while they are encoded."""

MAX_MEMORY = MAX_RECORDS * RECORD.size
"""Bytes that they take until then."""

MAX_BYTES = 1 << 20
"""Bytes that they have once they are encoded, unless it is one."""


class RepeatedCall(Struct):
    """What the spans of calls that repeat each other have in common, if they come from the same client.

    *size*: about how many bytes each has. ``waiting`` are those that further ones join; only the sender changes it.
    """

    upstream: str
    resource: bytes
    trace: str
    shared: SharedFields
    size: int
    waiting: "Repeats | None" = None


class Repeats:
    """Spans of calls that repeat each other: ``records`` of *limit* bytes at most."""

    def __init__(self, call: RepeatedCall) -> None:
        self.call = call
        self.records = bytearray()
        self.limit = RECORD.size * max(1, min(MAX_RECORDS, MAX_BYTES // call.size))

    def __len__(self) -> int:
        return len(self.records) // RECORD.size

    @property
    def size(self) -> int:
        """About how many bytes they have once they are encoded."""
        return len(self) * self.call.size
