"""Notes on calls that the daemon answers with 404 because of their method or path."""

from collections.abc import Iterator

from apispy.engine.path_hints import path_hint, slash_hint
from apispy.learn.notes.finished_call import FinishedCall


def path_notes(finished: FinishedCall) -> Iterator[str]:
    request = finished.exchange.request
    if finished.status not in (0, 404):
        return
    hint = slash_hint(finished.call) if finished.call.known else path_hint(request.method, request.target)
    if hint:
        yield hint
