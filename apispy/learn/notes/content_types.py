"""Notes on the declared type of a request body that the daemon does not read as its sender means.

``curl -d`` declares every body as a form. The daemon takes such a body for parameters, and then finds no body. What it
does was tried on dockerd 20.10.24 and 28.5.2, for every operation that takes a body.
"""

from collections.abc import Iterator

from apispy.engine.lookup import FORM, JSON, JSON_IS_OPTIONAL, READS_ANY_TYPE, TAR
from apispy.engine.operation import Operation
from apispy.learn.notes.finished_call import FinishedCall

_REFUSAL = "content-type"
"""In lower case a word of the daemon's error about a type, which is the same in all releases."""


def content_type_notes(finished: FinishedCall) -> Iterator[str]:
    operation, request = finished.call.operation, finished.exchange.request
    if not request.body.size or finished.call.form:
        return
    if refuses_forms(operation):
        if finished.media_type == FORM:
            yield from form_notes(operation, is_whole=bool(request.body.data) and not request.body.cut)
        elif operation.request == "json" and finished.media_type != JSON and _is_refused(finished):
            sent = "the request declares another" if finished.media_type else "the request has none"
            yield f"{operation.id} needs Content-Type: {JSON}, and {sent}; {_typed(JSON)}"


def refuses_forms(operation: Operation) -> bool:
    """Whether the daemon takes a body declared as a form for parameters, and not for the body that is meant."""
    return operation.method in ("POST", "PUT") and operation.id not in READS_ANY_TYPE


def form_notes(operation: Operation, *, is_whole: bool) -> Iterator[str]:
    """Notes on a body declared as a form that gave no parameters. *is_whole*: whether all of it could be looked at."""
    declared = f"the request declares it as {FORM}, as curl -d does"
    if operation.request == "json" and operation.id not in JSON_IS_OPTIONAL:
        yield f"{operation.id} takes JSON, but {declared}; {_typed(JSON)}"
    elif operation.request == "json":
        yield f"the body of {operation.id} is not read, because {declared}; {_typed(JSON)}"
    elif operation.request == "tar":
        yield f"Docker takes no archive from this body, because {declared}; {_typed(TAR)}, and --data-binary or -T"
    elif is_whole:
        yield f"{operation.id} takes parameters in the query or in a form, and this body is neither"


def _typed(media_type: str) -> str:
    return f"with curl, add -H 'Content-Type: {media_type}'"


def _is_refused(finished: FinishedCall) -> bool:
    """Whether the daemon's error is about the type: older engines do not check it in every operation."""
    errors = [value.get("message") for value in finished.responses if isinstance(value, dict)]
    return finished.status == 400 and any(
        isinstance(text, str) and _REFUSAL in text.lower() for text in errors
    )
