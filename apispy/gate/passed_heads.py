"""The heads of recent requests that passed, for requests that repeat one: clients poll, and each sends ``_ping`` first.

Only what is decided by a head alone is remembered: a request without a body that was forwarded without a remark, by a
guard and rules that give the same answer to the same head (``PolicyCheck.repeatable``). A refusal is never remembered,
so everything that is not in this memory is decided as if it were new.
"""

from collections import OrderedDict

from apispy.gate.request_framing import Head
from apispy.recent import remember
from apispy.tap.fast_headers import CREDENTIALS

MAX_HEADS = 256
"""Heads that are remembered."""

MAX_BYTES = 4096
"""Bytes of a head that is remembered."""


class PassedHeads:
    """A memory of heads, as they are on the wire. ``in`` tells whether one passed."""

    def __init__(self) -> None:
        self._heads: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, raw: bytes) -> bool:
        return raw in self._heads

    def add(self, head: Head) -> None:
        """Remember *head*, which passed, unless more than the head decides, it is long, or it has credentials."""
        alone = head.ends and not head.may_hijack
        if alone and len(head.raw) <= MAX_BYTES and not CREDENTIALS.search(head.raw):
            remember(self._heads, head.raw, None, MAX_HEADS)
