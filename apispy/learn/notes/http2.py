"""A note on clients that try HTTP/2 where the daemon does not accept it."""

from collections.abc import Iterator

from apispy.learn.notes.finished_call import FinishedCall

REFUSED = (
    "the client tried HTTP/2 from the first byte, which Docker Engine accepts from 29.2 on, without TLS; here it was "
    "refused, and a client that can fall back goes on in HTTP/1.1"
)


def http2_notes(call: FinishedCall) -> Iterator[str]:
    """Note a preface of HTTP/2 that was answered in HTTP/1, or not at all: the tap makes a request with PRI of it."""
    request = call.exchange.request
    if (request.method, request.target, request.version) == ("PRI", "*", "2.0"):
        yield REFUSED
