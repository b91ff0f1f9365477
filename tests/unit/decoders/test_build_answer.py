"""The answers of a frontend: which members of the JSON are read, and what a client gets of them in a replay."""

import base64
import json
from typing import Any

import pytest

from apispy.decoders.build_answer import MAX_LISTED, MAX_TEXT_LENGTH, answer_in, place_of, read_entry
from apispy.decoders.grpc_messages import decode_message
from apispy.model import Exchange, Item, Request, Response, Tunnel
from apispy.redaction import Redactor
from apispy.redaction.tokens import Tokens
from apispy.replay.grpc_encoding import encode_message
from tests.protobuf_writer import mapped, pb

RESPONSE = "FrontendSolveResponse"
SECRET = "hunter2planted"


def at(line: int, **more: int) -> dict[str, Any]:
    return {"ranges": [{"start": {"line": line}, "end": {"line": line}}], **more}


def source(text: str) -> dict[str, Any]:
    data = base64.b64encode(text.encode()).decode()
    return {"filename": "Dockerfile", "data": data, "definition": {"def": ["x"]}, "language": "Dockerfile"}


def check(text: str, *lines: int, **more: Any) -> dict[str, Any]:
    warnings = [{"ruleName": "Rule", "detail": "is <odd> & bad", "location": at(line)} for line in lines]
    return {"warnings": warnings or None, "sources": [source(text)], **more}


def response(answer: Any, **more: str) -> dict[str, Any]:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    entries = {"result.json": text, "result.txt": "the same", **more}
    return decode_message(RESPONSE, pb({3: {10: mapped(entries), 3: b""}}))


def redacted(message: dict[str, Any]) -> dict[str, Any]:
    exchange = Exchange(1, 1, 0.0, "c", "u", Request("POST", "/grpc"), Response(101), tunnel=Tunnel("h2c"))
    value = {"stream": 1, "method": "/moby.buildkit.v1.frontend.LLBBridge/Solve", "part": "response"}
    child = Item("message", "", value | {"message": message}, (0, 1))
    item = Item("h2c", "DATA", {"stream": 1}, (0, 1), (child,))
    of = Redactor(tokens=Tokens(b"key")).for_exchange(exchange)
    shown: dict[str, Any] = of.item("to_client", item).children[0].value["message"]
    return shown


def test_a_check() -> None:
    text = "from a\n" + "".join(f"RUN {number}\n" for number in range(2, 21))
    message = response(check(text, 10), version="1.0.0", **{"result.statuscode": "1"})
    metadata = message["result"]["metadata"]
    assert (metadata["version"], metadata["result.statuscode"], metadata["result.txt"]) == ("1.0.0", "1", 8)
    answer = answer_in(message)
    lines = [f"RUN {number}" if 6 <= number <= 14 else "" for number in range(1, 22)]
    assert answer == {
        "warnings": [{"ruleName": "Rule", "detail": "is <odd> & bad", "location": at(10)}],
        "sources": [{"filename": "Dockerfile", "language": "Dockerfile", "lines": lines}],
    }
    assert place_of(answer, answer["warnings"][0]) == {"file": "Dockerfile", "line": 10}
    assert message["result"]["unknown"] == {"3": 0}


def test_what_a_client_gets_is_what_was_kept() -> None:
    message = response(check("FROM a\nRUN b", 1), version="1.0.0")
    again = decode_message(RESPONSE, encode_message(RESPONSE, message))
    assert answer_in(again) == answer_in(message)
    assert again["result"]["metadata"].keys() == {"result.json", "version"}
    assert b"\\u003codd\\u003e \\u0026 bad" in encode_message(RESPONSE, message)  # as Go writes it


def test_a_response_without_an_answer_has_no_result() -> None:
    """A client takes an empty result for another thing than none."""
    message = decode_message(
        RESPONSE, pb({1: "r", 3: {3: {1: "id"}, 10: mapped({"containerimage.config": "{}"})}})
    )
    assert message["result"]["metadata"] == {"containerimage.config": 2}
    assert answer_in(message) == {}
    assert encode_message(RESPONSE, message) == pb({1: "r"})


def test_the_list_of_requests_is_a_list_again() -> None:
    requests = [{"name": "frontend.outline", "opts": [{"name": "target"}], "inputs": None}]
    message = response(requests)
    assert answer_in(message) == {"requests": [{"name": "frontend.outline", "opts": [{"name": "target"}]}]}
    assert answer_in(decode_message(RESPONSE, encode_message(RESPONSE, message))) == answer_in(message)
    assert b'[\n  {\n    "name": "frontend.outline",' in encode_message(RESPONSE, message)


def test_an_outline_has_no_comments_and_no_dockerfile() -> None:
    argument = {"name": "DAY", "description": SECRET, "value": "monday", "location": at(3)}
    dockerfile = base64.b64encode(b"FROM a").decode()
    message = response({"name": "two", "description": SECRET, "args": [argument], "sources": [dockerfile]})
    args = [{"name": "DAY", "value": "monday", "location": at(3)}]
    assert answer_in(message) == {"name": "two", "args": args}


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "1", "{}", '{"other": 1}', '{"warnings": 7, "name": 1}', "[" * 100_000, '"\\ud800"'],
)
def test_what_is_not_read_is_counted(text: str) -> None:
    assert read_entry("result.json", text.encode()) == {"result.json": len(text)}


def test_long_answers() -> None:
    targets = [{"name": "x" * (MAX_TEXT_LENGTH + 1), "default": "yes"}] * (MAX_LISTED + 1)
    answer = answer_in(response({"targets": targets}))
    assert len(answer["targets"]) == MAX_LISTED
    assert answer["targets"][0] == {"name": "x" * MAX_TEXT_LENGTH + "..."}
    answer = answer_in(response(check("\n" * 2 * MAX_LISTED, 2 * MAX_LISTED)))
    assert answer["sources"][0]["lines"] == [""] * MAX_LISTED
    assert read_entry("version", b"1" * (MAX_TEXT_LENGTH + 1)) == {"version": MAX_TEXT_LENGTH + 1}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"# {SECRET}\nENV A=b \\\n  C={SECRET}\nRUN x", ["", "ENV A=b \\", "", "RUN x"]),
        (f"FROM a\nRUN <<END\n{SECRET}\nEND", ["", "", "", ""]),
    ],
)
def test_lines_in_which_redaction_may_miss_a_secret_are_empty(text: str, lines: list[str]) -> None:
    assert answer_in(response(check(text, 2)))["sources"][0]["lines"] == lines


@pytest.mark.parametrize("number", [0, 9, -1])
def test_places_that_no_dockerfile_has(number: int) -> None:
    answer = answer_in(response(check("FROM a", number)))
    assert answer["sources"][0]["lines"] == [""]
    other = answer_in(
        response(check("FROM a") | {"warnings": [{"location": at(1, sourceIndex=number or 7)}]})
    )
    assert place_of(other, other["warnings"][0]) == {"line": 1}


def test_values_of_arguments_are_hidden_wherever_the_answer_has_them() -> None:
    """The lines may precede the argument in the JSON."""
    text = "ARG DAY=monday-4711\nRUN echo monday-4711\nRUN curl https://ann:hunter2planted@r.example"
    argument = {"name": "DAY", "value": "monday-4711"}
    shown = redacted(response(check(text, 1) | {"args": [argument]}, version="not a version"))
    token, user = Tokens(b"key").of("monday-4711"), Tokens(b"key").of("ann:hunter2planted")
    answer = answer_in(shown)
    assert answer["args"] == [{"name": "DAY", "value": token}]
    assert answer["sources"][0]["lines"] == [
        f"ARG DAY={token}",
        f"RUN echo {token}",
        f"RUN curl https://{user}@r.example",
    ]
    assert shown["result"]["metadata"]["version"] == "<redacted>"
    assert redacted(shown) == shown


def test_a_capture_of_an_earlier_version_has_only_the_size() -> None:
    assert redacted({"ref": "r", "result": 99}) == {"ref": "r", "result": 99}
    assert encode_message(RESPONSE, {"ref": "r", "result": 99}) == pb({1: "r"})
