"""Descriptions of responses, and none for a response that is not understood."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apispy.engine import OPERATIONS, Call, Operation
from apispy.model import Chunk, Item
from apispy.outputs import DecodedCall
from apispy.outputs.outcome import OUTCOMES, outcome
from apispy.structs import replace

from .decoded_calls import WEB, decoded_call, exchange, headers

IMAGE = "sha256:" + "62aedd01bd85" + "1" * 52


@pytest.mark.parametrize(
    ("line", "answer", "words"),
    [
        ("GET /containers/json", [{}, {}, {}], "3 containers"),
        ("GET /containers/json", [{}], "1 container"),
        ("GET /containers/json", [], "no containers"),
        ("GET /volumes", {"Volumes": [{}]}, "1 volume"),
        ("GET /volumes", {"Volumes": None}, "no volumes"),
        ("POST /containers/create", {"Id": WEB}, "id c12250feba24"),
        ("GET /images/busybox/json", {"Id": IMAGE}, "id 62aedd01bd85"),
        ("POST /containers/web/wait", {"StatusCode": 0}, "exit code 0"),
        ("POST /containers/web/wait", {"StatusCode": 137, "Error": None}, "exit code 137"),
        ("GET /version", {"Version": "20.10.24", "ApiVersion": "1.41"}, "Engine 20.10.24, API 1.41"),
        ("GET /version", {"Version": "20.10.24"}, "Engine 20.10.24"),
        (
            "GET /info",
            {"Containers": 3, "ContainersRunning": 1, "Images": 12},
            "3 containers (1 running), 12 images",
        ),
        ("GET /info", {"Containers": 0, "ContainersRunning": 0, "Images": 1}, "no containers, 1 image"),
        ("GET /containers/web/json", {"Name": "/web", "State": {"Status": "running"}}, "web is running"),
        (
            "GET /containers/web/json",
            {"Name": "/web", "State": {"Status": "exited", "ExitCode": 2}},
            "web exited with code 2",
        ),
        ("GET /exec/e/json", {"Running": True, "ExitCode": None}, "running"),
        ("GET /exec/e/json", {"Running": False, "ExitCode": 126}, "exit code 126"),
        ("POST /volumes/create", {"Name": "data"}, "data"),
        ("POST /images/prune", {"SpaceReclaimed": 1_234_567}, "1.2 MB reclaimed"),
        ("GET /containers/web/top", {"Processes": [[], [], [], []]}, "4 processes"),
        ("GET /containers/web/changes", None, ""),
        ("GET /containers/web/changes", [{}, {}], "2 changes"),
        ("GET /events", b'{"Type": "a"}\n{"Type": "b"}\n', "2 events"),
        ("GET /containers/web/stats", b'{"read": "x"}\n', "1 sample"),
        ("POST /build", b'{"stream": "Step 1\\n"}\n{"stream": "Done\\n"}\n{"aux": {}}\n', "Done"),
        ("GET /no/such", {"Id": WEB}, ""),
    ],
)
def test_words(line: str, answer: Any, words: str) -> None:
    assert outcome(decoded_call(line, 200, answer)) == words


def test_a_ping_says_the_version() -> None:
    asked = exchange("GET /_ping", 200, b"OK")
    assert asked.response is not None
    response = replace(asked.response, headers=headers(Api_Version="1.41"))
    call = decoded_call("GET /_ping").call
    assert outcome(DecodedCall(replace(asked, response=response), call, {})) == "API 1.41"


def test_an_error_has_no_outcome() -> None:
    assert outcome(decoded_call("GET /containers/json", 500, [])) == ""
    assert outcome(decoded_call("GET /containers/json", None)) == ""


def test_of_a_stream_with_a_gap_only_the_least_is_said() -> None:
    whole = decoded_call("GET /events", 200, b'{"Type": "a"}\n{"Type": "b"}\n')
    assert whole.exchange.response is not None
    body = replace(whole.exchange.response.body, chunks=(Chunk(0, b"x"),), size=10_000)
    cut = replace(whole, exchange=whole.exchange.with_stream("response", body))
    assert outcome(cut) == "at least 2 events"


def test_every_operation_names_an_outcome_that_there_is() -> None:
    named = {operation.outcome.partition(":")[0] for operation in OPERATIONS}
    assert named - {"", "none", "count"} <= set(OUTCOMES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Id", "State", "Name", "Processes", "status", "Volumes"]), inner)
    ),
    max_leaves=6,
)


@given(JSON, st.sampled_from([*OUTCOMES, "count:things", "count:things@Volumes"]))
def test_any_answer_is_taken(answer: Any, name: str) -> None:
    call = Call(Operation("X", "GET", "/x", outcome=name), "/x", None, {}, ())
    items = {"response": (Item("json", "json", answer, (0, 1)),)}
    assert isinstance(outcome(DecodedCall(exchange("GET /x"), call, items)), str)  # type: ignore[arg-type]
