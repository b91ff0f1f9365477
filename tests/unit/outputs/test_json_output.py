"""The fields of --json are those that the module documents, and its text cannot control a terminal."""

import json
import re
from collections.abc import Callable
from typing import Any

from apispy.model import Item
from apispy.outputs import DecodedCall, JsonLines, json_lines
from apispy.structs import replace

from .decoded_calls import decoded_call, tunnel


def record(
    told_of: DecodedCall, verbosity: int = 0, curl: Callable[[DecodedCall], str] | None = None
) -> dict[str, Any]:
    texts: list[str] = []
    JsonLines(texts.append, verbosity=verbosity, curl=curl).write(told_of)
    (line,) = texts
    assert line.endswith("\n")
    assert re.fullmatch(r"[\x20-\x7e]*\n", line)
    found: dict[str, Any] = json.loads(line)
    return found


HIJACKED = decoded_call(
    "POST /v1.41/containers/x%20y/attach?stream=1", 101, tunnel=tunnel(b"\x7f\x00", b"\xff\xfe")
)


STEP = {"digest": "a", "name": "[1/1] RUN make", "started": 1.0, "completed": 2.5}
STATUS = {
    "stream": 1,
    "method": "/moby.buildkit.v1.Control/Status",
    "part": "response",
    "message": {"vertexes": [STEP]},
}
FRAME = Item(
    "h2c", "DATA", {"stream": 1}, (0, 1), (Item("message", "Control/Status response", STATUS, (0, 1)),)
)
BUILD = replace(decoded_call("POST /grpc", 101, tunnel=tunnel(b"", b"x")), items={"to_client": (FRAME,)})


def documented(number: int) -> list[str]:
    """Return the names in the first column of a table in the docstring."""
    table = (json_lines.__doc__ or "").split("\n\n")[1 + 2 * number]
    return [row.split("|")[1].strip() for row in table.splitlines()[2:]]


def test_the_fields_are_as_documented() -> None:
    assert list(record(BUILD, curl=lambda _: "curl")) == documented(0)
    assert list(record(HIJACKED)) == [name for name in documented(0) if name not in ("curl", "build")]
    assert list(record(BUILD, 2)["tunnel"]["to_client"]) == documented(1)
    assert list(record(HIJACKED, 2)["tunnel"]["to_client"]) == documented(1)[:-1]


def test_a_build_and_its_messages() -> None:
    found = record(BUILD, 2)
    assert found["build"] == {"steps": [{"name": "[1/1] RUN make", "cached": False, "seconds": 1.5}]}
    assert found["tunnel"]["to_client"]["messages"] == [STATUS]
    assert "messages" not in record(BUILD)["tunnel"]["to_client"]


def test_a_call() -> None:
    found = record(HIJACKED)
    assert found["operation"] == "ContainerAttach"
    assert found["arguments"] == {"id": "x y"}
    assert found["query"] == [["stream", "1"]]
    assert found["started"] == "2023-11-14T22:13:20.000000+00:00"
    assert found["request"] == {"size": 0, "kept": 0, "withheld": False, "format": None}
    assert found["tunnel"]["protocol"] == "tcp"


def test_no_answer() -> None:
    found = record(decoded_call("GET /no/such", None, end="cut", problems=("gone",)))
    assert (found["operation"], found["status"], found["response"]) == (None, None, None)
    assert (found["end"], found["problems"]) == ("cut", ["gone"])


def test_bodies_come_in_the_form_that_fits() -> None:
    found = record(HIJACKED, 2)["tunnel"]
    assert (found["to_server"]["encoding"], found["to_server"]["body"]) == ("text", "\x7f\x00")
    assert (found["to_client"]["encoding"], found["to_client"]["body"]) == ("base64", "//4=")
    answer = record(decoded_call("GET /containers/json", 200, [{"Id": 1}]), 2)["response"]
    assert (answer["encoding"], answer["body"]) == ("json", [{"Id": 1}])
    assert record(decoded_call("GET /x", 200, b"{ broken"), 2)["response"]["encoding"] == "text"


def test_headers_come_from_v_on() -> None:
    assert record(HIJACKED, 1)["request"]["headers"] == []


def test_what_is_withheld_says_so() -> None:
    request = record(decoded_call("POST /auth", 200, None, ask=b"password=x"), 2)["request"]
    assert (request["size"], request["kept"], request["withheld"], request["body"]) == (10, 0, True, None)


def test_a_notice_is_an_object_of_its_own():
    lines = []
    JsonLines(lines.append).notice("connection 3: \x1b no HTTP", 1_700_000_000.1234567)
    assert lines == ['{"notice": "connection 3: \\u001b no HTTP", "at": 1700000000.123457}\n']
