"""HAR: times, bodies, URLs, and data without a field in the standard."""

import base64
import io
import json
from typing import Any

import pytest
from mitmproxy.io import FlowReader

from apispy.learn import NameRegistry
from apispy.model import Body, Chunk
from apispy.outputs.exports import EXPORTERS
from apispy.pipeline import read
from tests.golden.exported import decoded_calls, exported
from tests.unit.outputs.decoded_calls import decoded_call, exchange, tunnel


def entry(*words: Any, **more: Any) -> dict[str, Any]:
    log = json.loads("".join(EXPORTERS["har"].export([decoded_call(*words, **more)])))["log"]  # type: ignore[arg-type]
    [one] = log["entries"]
    return one


def test_times_add_up():
    made = entry("GET /v1.41/info", 200, {"ID": "x"})
    assert made["timings"] == {
        "blocked": -1,
        "dns": -1,
        "connect": -1,
        "ssl": -1,
        "send": 0.0,
        "wait": 10.0,
        "receive": 35.0,
    }
    assert made["time"] == 45.0
    assert made["startedDateTime"] == "2023-11-14T22:13:20.000000Z"


@pytest.mark.parametrize(
    ("upstream", "target", "url"),
    [
        ("unix:///d.sock", "/info", "http://localhost/info"),
        ("tcp://[::1]:2375", "/info?a=1", "http://[::1]:2375/info?a=1"),
        ("ssh://ann@orion", "/info", "http://localhost/info"),
        ("unix:///d.sock", "http://proxied/info", "http://proxied/info"),
    ],
)
def test_urls_are_absolute(upstream: str, target: str, url: str):
    assert entry(f"GET {target}", upstream=upstream)["request"]["url"] == url


def test_text_is_text_and_the_rest_base64():
    made = entry("PUT /v1.41/containers/web/archive?path=/", 200, b"\xff\x00", ask=b"\x1f\x8b\xff")
    content, sent = made["response"]["content"], made["request"]["postData"]
    assert (base64.b64decode(content["text"]), content["encoding"]) == (b"\xff\x00", "base64")
    assert (base64.b64decode(sent["text"]), sent["_encoding"]) == (b"\x1f\x8b\xff", "base64")
    assert entry("GET /version", 200, {"a": "é"})["response"]["content"]["text"] == '{"a": "\\u00e9"}\n'


def test_both_ways_of_a_hijack_are_kept_with_their_times():
    made = entry("POST /v1.41/containers/web/attach?stream=1", 101, tunnel=tunnel(b"hi\n", b"\xffout"))[
        "_docker"
    ]
    assert made["operation"] == "ContainerAttach"
    assert made["tunnel"]["to_server"]["data"] == [{"at": 0.01, "text": "hi\n"}]
    assert made["tunnel"]["to_client"]["data"][0]["encoding"] == "base64"


def test_what_is_missing_is_said():
    made = entry("GET /info", None, end="cut", problems=("the daemon went away",))
    assert made["response"]["status"] == 0
    assert made["response"]["_error"] == "the daemon went away"
    made = entry("POST /v1.41/auth", 200, {"Status": "in"}, ask=b"not JSON, secret")
    assert made["request"]["postData"]["comment"] == "withheld: it contains secrets"
    assert 'secret"' not in json.dumps(made["request"])


def test_a_cut_body_says_so():
    cut = exchange("GET /v1.41/containers/web/export", 200, b"x").with_stream(
        "response", Body((Chunk(0.01, b"x"),), 10)
    )
    text = "".join(EXPORTERS["har"].export([read(cut, NameRegistry())]))  # type: ignore[arg-type]
    assert json.loads(text)["log"]["entries"][0]["response"]["content"]["comment"] == "1 of 10 bytes kept"


def test_no_calls_are_an_empty_log():
    assert json.loads("".join(EXPORTERS["har"].export([])))["log"]["entries"] == []  # type: ignore[arg-type]


def test_another_reader_of_har_reads_it():
    flows = list(FlowReader(io.BytesIO(exported("har", decoded_calls("run", "exec", "pull")))).stream())
    assert [flow.response.status_code for flow in flows][:5] == [200, 201, 204, 101, 200]
    assert flows[1].request.json()["Image"] == "busybox"
