"""The matcher ``stdin``. The input of a hijacked connection is compared as it arrives, by ``tunnel.TunnelPlayer``."""

from collections.abc import Iterator

from apispy.replay.matching.matcher import Difference, RequestPair, matcher


@matcher("stdin")
def stdin(pair: RequestPair) -> Iterator[Difference]:
    """No difference: there is no input yet when the request is looked up."""
    return iter(())
