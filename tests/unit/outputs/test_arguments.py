from typing import Any
from urllib.parse import quote

import pytest

from apispy.outputs.arguments import arguments, as_typed, shell_quoted

from .decoded_calls import decoded_call


def test_query_and_body_in_the_order_of_the_table() -> None:
    config = {"Image": "busybox", "Cmd": ["sh", "-c", "echo hi"], "Tty": False}
    found = arguments(decoded_call("POST /v1.41/containers/create?name=web&x=1", 201, ask=config))
    assert list(found.items()) == [("name", "web"), ("Image", "busybox"), ("Cmd", "sh -c 'echo hi'")]


def test_what_was_not_given_is_not_shown() -> None:
    assert arguments(decoded_call("GET /containers/json")) == {}
    assert arguments(decoded_call("POST /containers/create", 201, ask=b"{ broken")) == {}
    assert arguments(decoded_call("POST /containers/create", 201, ask=["odd"])) == {}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            '{"label": {"a=b": true}, "status": {"running": true, "paused": true}}',
            "label=a=b,status=running,status=paused",
        ),
        ('{"status": ["running"]}', "status=running"),
        (
            '{"label":{"com.docker.compose.project=shop":true,"com.docker.compose.oneoff=False":true,"a=b":true}}',
            "compose.project=shop,compose.oneoff=False,label=a=b",
        ),
        ("{broken", "{broken (not readable)"),
        ('{"a": 1}', '{"a": 1} (not readable)'),
        ("[1]", "[1] (not readable)"),
        ("status=running", "status=running (not readable)"),
        ("{}", ""),
    ],
)
def test_filters(text: str, shown: str) -> None:
    found = arguments(decoded_call(f"GET /containers/json?filters={quote(text)}"))
    assert found.get("filters", "") == shown


@pytest.mark.parametrize(
    ("value", "words"),
    [("text", "text"), (["a", "b c"], "a 'b c'"), ([1, 2], "[1, 2]"), ({"a": 1}, '{"a": 1}'), (5, "5")],
)
def test_in_words(value: Any, words: str) -> None:
    assert as_typed(value) == words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("web", "web"),
        ("a b", '"a b"'),
        ("say 'x'", "\"say 'x'\""),
        ('$HOME "x" `y` \\', '"\\$HOME \\"x\\" \\`y\\` \\\\"'),
    ],
)
def test_quoted(value: str, shown: str) -> None:
    assert shell_quoted(value) == shown


def test_names_of_fields_match_regardless_of_case() -> None:
    assert arguments(decoded_call("POST /containers/create", 201, ask={"image": "x", "cmd": ["a"]})) == {
        "Image": "x",
        "Cmd": "a",
    }
