"""The input of a hijacked connection. It is compared while it comes, by the tunnel that is played."""

from collections.abc import Iterator

from apispy.replay.matching.base import Difference, Question, matcher


@matcher(
    "stdin",
    "What the client sends over a hijacked connection, byte for byte, and whether stdin is closed at the same point.",
)
def stdin(question: Question) -> Iterator[Difference]:
    """Nothing is known of it when the request is looked up."""
    return iter(())
