"""Makes the explanation of a call."""

from http import HTTPStatus
from itertools import pairwise

from apispy.engine import Operation
from apispy.engine.framing import request_framing, response_framing
from apispy.engine.parameters import parameters_of
from apispy.engine.reference import reference_link
from apispy.engine.shapes import response_shape, statuses
from apispy.engine.versions import LOWEST, NEWEST, engines_of_api, nearest, parse
from apispy.errors import UsageError
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
from apispy.learn.explain.records import Answer, Explanation, Question
from apispy.learn.explain.typed_arguments import given


def check_version(text: str) -> str:
    """*text* if it is a version, without its "v". Raises UsageError."""
    if parse(text) is None:
        raise UsageError(
            f"{text!r} is no API version: expected one like 1.41; the newest known here is {NEWEST}"
        )
    return text.removeprefix("v")


def explain(asked: Question, api: str | None = None) -> Explanation:
    """All about one call, as API version *api* has it; else as the version in its path, else as the newest."""
    operation = asked.operation
    wanted = api or (asked.call.version if asked.call else None)
    known = nearest(wanted)
    version = newest_of(operation, known)
    return Explanation(
        operation=operation,
        api=version,
        engines=engines(version),
        notes=_notes(operation, wanted, known, version),
        given=given(asked, known),
        parameters=parameters_of(operation.id, version),
        request_framing=request_framing(operation).explanation
        if takes_body(operation, version)
        else "No body.",
        request_type=_request_type(operation, version),
        body=dated_rows(operation, "request", described(version)),
        response_framing=response_framing(operation).explanation,
        answers=_answers(operation, described(version)),
        changes=history(operation),
        curl=curl_command(asked, version),
        link=reference_link(operation, version),
    )


def engines(version: str) -> str:
    """The engines that speak a known version, in words."""
    if _number(version) < _number(LOWEST[0][1]):
        return "which no engine from 1.0 on speaks"
    spoken = f"spoken by Docker Engine {engines_of_api(version)} and later"
    lows = [*LOWEST[1:], ("", "")]
    refused = [f"{release} to before {until}" if until else f"{release} and later"
               for (release, low), (until, _) in pairwise(lows)
               if _number(low) > _number(version)]  # fmt: skip
    return f"{spoken}; refused by {_merged(refused)} unless told otherwise" if refused else spoken


def _merged(spans: list[str]) -> str:
    """Spans that follow each other are one."""
    return f"{spans[0].split(' ')[0]} and later" if spans[-1].endswith("later") else spans[0]


def _number(version: str) -> tuple[int, int]:
    return parse(version) or (0, 0)


def _notes(operation: Operation, wanted: str | None, known: str, version: str) -> tuple[str, ...]:
    notes = []
    if wanted and wanted != known:
        notes.append(f"API {wanted} is not known here; the nearest is {known}.")
    if version != known:
        notes.append(f"API {known} does not have it: {_span(operation)}. What follows is as of {version}.")
    if not operation.documented:
        notes.append("Docker's reference does not have it.")
    elif version != described(version) and body_shape(operation.id, "response", described(version)):
        notes.append(
            f"Bodies and statuses are known from API {described(version)} on only, and shown as of it."
        )
    return tuple(notes)


def _span(operation: Operation) -> str:
    since, until = operation.first, operation.last
    return " ".join(part for part in (since and f"since {since}", until and f"until {until}") if part)


def _request_type(operation: Operation, version: str) -> str:
    shape = body_shape(operation.id, "request", described(version))
    return type_of(shape) if shape else ""


def _answers(operation: Operation, version: str) -> tuple[Answer, ...]:
    matters = success(operation.id, version)
    return tuple(_answer(operation, status, version, status == matters)
                 for status in statuses(operation.id, version))  # fmt: skip


def _answer(operation: Operation, status: int, version: str, matters: bool) -> Answer:
    shape = response_shape(operation.id, status, version)
    fields = dated_rows(operation, "response", version) if matters else ()
    return Answer(status, _phrase(status), type_of(shape) if shape else "", fields)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
