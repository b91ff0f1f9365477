"""Builds the explanation of a call."""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import pairwise

from apispy.engine import Operation
from apispy.engine.framing import request_framing, response_framing
from apispy.engine.lookup import FORM
from apispy.engine.operations import FOREIGN_TAGS
from apispy.engine.parameters import parameters_of
from apispy.engine.path_hints import slash_hint
from apispy.engine.reference import reference_link
from apispy.engine.shapes import response_shape, statuses
from apispy.engine.versions import LOWEST, engines_of_api, nearest, parse
from apispy.learn.explain.body_fields import (
    body_shape,
    dated_rows,
    described,
    newest_of,
    success,
    takes_body,
    type_of,
)
from apispy.learn.explain.changes import history
from apispy.learn.explain.curl_command import curl_command
from apispy.learn.explain.records import Explanation, Question, ResponseInfo
from apispy.learn.explain.typed_arguments import typed_arguments


def explain(question: Question, api: str | None = None) -> Explanation:
    """Explain one call for API version *api*, or else the version in its path, or else the newest."""
    operation = question.operation
    requested = api or (question.call.version if question.call else question.version)
    if operation.tag == "Podman":
        requested = None  # its versions are Podman's
    known = nearest(requested)
    version = newest_of(operation, known)
    return Explanation(
        operation=operation,
        api=version,
        engines=engines(version),
        notes=(*_notes(operation, requested, known, version), *_request_notes(question)),
        typed=typed_arguments(question, known),
        parameters=parameters_of(operation.id, version),
        request_framing=request_framing(operation).explanation
        if takes_body(operation, version)
        else "No body.",
        request_type=_request_type(operation, version),
        body=dated_rows(operation, "request", described(version)),
        response_framing=response_framing(operation).explanation,
        responses=_responses(operation, described(version)),
        changes=history(operation),
        curl=curl_command(question, version),
        link=reference_link(operation, version),
    )


def engines(version: str) -> str:
    """Describe the engines that support a known version."""
    if _number(version) < _number(LOWEST[0][1]):
        return "not supported by Docker Engine 1.0 or later"
    supported = f"supported by Docker Engine {engines_of_api(version)} and later"
    lows = [*LOWEST[1:], ("", "")]
    refused = [f"{release} to before {until}" if until else f"{release} and later"
               for (release, low), (until, _) in pairwise(lows)
               if _number(low) > _number(version)]  # fmt: skip
    return f"{supported}; refused by {_merged(refused)} unless configured otherwise" if refused else supported


def _merged(spans: list[str]) -> str:
    """Merge consecutive spans."""
    return f"{spans[0].split(' ')[0]} and later" if spans[-1].endswith("later") else spans[0]


def _number(version: str) -> tuple[int, int]:
    return parse(version) or (0, 0)


def _notes(operation: Operation, requested: str | None, known: str, version: str) -> tuple[str, ...]:
    notes = []
    if requested and requested != known:
        notes.append(f"API {requested} is unknown; the nearest known version is {known}.")
    if version != known:
        notes.append(
            f"Docker's reference for API {known} does not have this operation ({_span(operation)}); "
            f"shown for API {version}."
        )
    if not operation.documented:
        notes.append("This operation is not in Docker's API reference.")
    elif version != described(version) and body_shape(operation.id, "response", described(version)):
        notes.append(
            f"Bodies and statuses are documented since API {described(version)}, and shown for that version."
        )
    return tuple(notes)


def _request_notes(question: Question) -> Iterator[str]:
    """Say why the daemon does not read a typed request as it is meant: its path, or the declared type of its body."""
    call, operation = question.call, question.operation
    if call is None or operation.tag in FOREIGN_TAGS:
        return
    if hint := slash_hint(call):
        yield f"{hint[0].upper()}{hint[1:]} (404)."
    if not question.body or question.media_type != FORM or call.form:
        return
    from apispy.learn.notes.content_types import (  # with all notes, which most pages need not
        form_notes,
        refuses_forms,
    )

    if refuses_forms(operation):
        for note in form_notes(operation, is_whole=not question.body.startswith("@")):
            yield f"{note[0].upper()}{note[1:]}."


def _span(operation: Operation) -> str:
    since, until = operation.first, operation.last
    return " ".join(part for part in (since and f"since {since}", until and f"until {until}") if part)


def _request_type(operation: Operation, version: str) -> str:
    shape = body_shape(operation.id, "request", described(version))
    return type_of(shape) if shape else ""


def _responses(operation: Operation, version: str) -> tuple[ResponseInfo, ...]:
    with_fields = success(operation.id, version)
    return tuple(_response(operation, status, version, status == with_fields)
                 for status in statuses(operation.id, version))  # fmt: skip


def _response(operation: Operation, status: int, version: str, with_fields: bool) -> ResponseInfo:
    shape = response_shape(operation.id, status, version)
    fields = dated_rows(operation, "response", version) if with_fields else ()
    return ResponseInfo(status, _phrase(status), type_of(shape) if shape else "", fields)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
