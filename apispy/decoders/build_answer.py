"""The answer of a frontend that is asked about a Dockerfile instead of building it, as by ``docker build --check``.

LLBBridge/Solve returns it as a map: ``result.json``, the same as text in ``result.txt``, the client's exit code in
``result.statuscode`` and the ``version`` of the JSON's form. Clients print the JSON in their own words, and the text
only if they do not know the version. The decoder reads the members of the JSON that ``grpc_schema`` lists below Answer.
The JSON has the whole Dockerfile in base64; the decoder keeps the lines of it that a client prints.

Sources: github.com/moby/buildkit, frontend/subrequests; github.com/docker/buildx, commands/build.go.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

from apispy.decoders.dockerfile_excerpt import lines_around
from apispy.decoders.grpc_schema import MESSAGES, Field, fields_by_name

CONTENT = "result.json"
TEXTS = ("result.statuscode", "version")
"""The other values that are read. Of all others, the size is given."""

MESSAGE = "Answer"

LISTED_REQUESTS = "requests"
"""The member under which a list is put that is the whole JSON: what the frontend can be asked."""

MAX_LISTED = 1000
"""Values of a list, and lines of a Dockerfile."""

MAX_TEXT_LENGTH = 16 << 10
"""Characters of a text."""

MAX_NUMBER = 1 << 31

_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
"""What Go's encoder escapes."""


def read_entry(key: str, value: bytes) -> dict[str, Any]:
    """Return an entry of the map: with an Answer, a text, or the size of what is not read."""
    if key in TEXTS and len(value) <= MAX_TEXT_LENGTH:
        return {key: value.decode("utf-8", "backslashreplace")}
    if key == CONTENT and (answer := _answer(value)):
        return {key: answer}
    return {key: len(value)}


def written_entry(key: str, value: Any) -> str | None:
    """Return the value of an entry as text; None for one of which only the size is kept."""
    if isinstance(value, str):
        return value
    return _as_json(value) if isinstance(value, dict) else None


def answer_in(response: dict[str, Any]) -> dict[str, Any]:
    """Return the Answer in a FrontendSolveResponse; {} if it has none that is read."""
    result = response.get("result")
    metadata = result.get("metadata", {}) if isinstance(result, dict) else {}
    answer = metadata.get(CONTENT)
    return answer if isinstance(answer, dict) else {}


def place_of(answer: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    """Return the {"file", "line"} of a warning or an error of a check, without what is not known."""
    location = about.get("location", {})
    sources, number = answer.get("sources", []), location.get("sourceIndex", 0)
    found: dict[str, Any] = {}
    if 0 <= number < len(sources) and sources[number].get("filename"):
        found["file"] = sources[number]["filename"]
    if lines := list(_lines(about)):
        found["line"] = lines[0][0]
    return found


def _answer(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    if isinstance(value, list):
        value = {LISTED_REQUESTS: value}
    if not isinstance(value, dict):
        return {}
    answer = _members(MESSAGE, value)
    for number, (source, raw) in enumerate(
        zip(answer.get("sources", ()), _objects(value.get("sources")), strict=True)
    ):
        source["lines"] = _source_lines(answer, number, raw.get("data"))
    return answer


def _source_lines(answer: dict[str, Any], number: int, coded: Any) -> list[str]:
    try:
        data = base64.b64decode(coded, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return []
    abouts = [*answer.get("warnings", ()), answer.get("buildError", {})]
    places = [
        place
        for about in abouts
        if about.get("location", {}).get("sourceIndex", 0) == number
        for place in _lines(about)
    ]
    return lines_around(data, places, MAX_LISTED)


def _lines(about: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """The first and the last line of each range that a warning or an error is about."""
    for one in about.get("location", {}).get("ranges", ()):
        start, end = (one.get(name, {}).get("line", 0) for name in ("start", "end"))
        yield start, end


def _members(name: str, value: dict[str, Any]) -> dict[str, Any]:
    """The members of a JSON object that the tables have, and whose values have the right type."""
    table = fields_by_name(name)
    found = {}
    for key, content in value.items():
        field = table.get(key)
        if field is None:
            continue
        if field.repeated:
            listed = content[:MAX_LISTED] if isinstance(content, list) else []
            read = [one for each in listed if (one := _read(field, each)) is not None] or None
        else:
            read = _read(field, content)
        if read is not None:
            found[key] = read
    return found


def _read(field: Field, value: Any) -> Any:
    """A value of the field's type; None if it has another."""
    if field.type in MESSAGES:
        return _members(field.type, value) if isinstance(value, dict) else None
    if field.type == "flag":
        return value if isinstance(value, bool) else None
    if field.type == "number":
        return value if type(value) is int and abs(value) < MAX_NUMBER else None
    if not isinstance(value, str):
        return None
    return value if len(value) <= MAX_TEXT_LENGTH else f"{value[:MAX_TEXT_LENGTH]}..."


def _objects(value: Any) -> list[dict[str, Any]]:
    listed = value[:MAX_LISTED] if isinstance(value, list) else []
    return [one for one in listed if isinstance(one, dict)]


def _as_json(answer: dict[str, Any]) -> str:
    """The JSON of an answer, in the form in which BuildKit writes it."""
    value: Any = answer | {}
    if "sources" in answer:
        value["sources"] = [_source(source) for source in answer["sources"]]
    if set(answer) == {LISTED_REQUESTS}:
        value = answer[LISTED_REQUESTS]
    return json.dumps(value, indent=2, ensure_ascii=False).translate(_HTML)


def _source(source: dict[str, Any]) -> dict[str, Any]:
    text = "\n".join(source.get("lines", ()))
    data = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    return {name: one for name, one in source.items() if name != "lines"} | {"data": data}
