"""The server of the Model Context Protocol: messages, tools, and what it refuses."""

import io
import itertools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from apispy.app.mcp import FileCalls, calls, serve, server
from apispy.app.mcp.calls import LiveCalls
from apispy.app.mcp.server import VERSIONS, respond
from apispy.app.mcp.tools import TOOLS
from apispy.capture.lines import encode_line
from apispy.cli.commands.mcp import command
from apispy.cli.proxy import proxy
from apispy.errors import UsageError
from apispy.filters import Filter
from apispy.structs import replace

ROOT = Path(__file__).parents[4]
SAMPLE = ROOT / "samples/run.jsonl"
CALLS = FileCalls(SAMPLE)
PAGE = (ROOT / "docs/mcp.md").read_text()


def ask(method: str, **params: Any) -> Any:
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    answer = respond(CALLS, json.dumps(message).encode())
    assert answer is not None
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", 7)
    return answer


def tool(name: str, **arguments: Any) -> str:
    result = ask("tools/call", name=name, arguments=arguments)["result"]
    assert result["isError"] is False, result
    [content] = result["content"]
    return str(content["text"])


def refusal(name: str, **arguments: Any) -> str:
    result = ask("tools/call", name=name, arguments=arguments)["result"]
    assert result["isError"] is True
    return str(result["content"][0]["text"])


@pytest.mark.parametrize("wanted", [*VERSIONS, "1999-01-01", None, 3])
def test_it_agrees_on_a_version(wanted: Any) -> None:
    result = ask(
        "initialize", protocolVersion=wanted, capabilities={}, clientInfo={"name": "x", "version": "1"}
    )["result"]
    assert result["protocolVersion"] == (wanted if wanted in VERSIONS else VERSIONS[0])
    assert result["capabilities"] == {"tools": {}}


def test_every_tool_is_described_by_a_valid_schema_and_only_reads() -> None:
    tools = ask("tools/list")["result"]["tools"]
    assert [one["name"] for one in tools] == list(TOOLS)
    for one in tools:
        Draft202012Validator.check_schema(one["inputSchema"])
        assert one["annotations"]["readOnlyHint"] is True


def test_calls_are_listed_in_pages() -> None:
    first = tool("calls", filter="op:ContainerStart", limit=2)
    assert re.findall(r"(?m)^#(\d+) ", first) == ["5", "10"]
    assert first.endswith("There are more calls: offset=2 continues.")
    second = tool("calls", filter="op:ContainerStart", limit=2, offset=2)
    assert re.findall(r"(?m)^#(\d+) ", second) == ["15"]
    assert second.endswith("No more calls.")
    assert tool("calls", filter="op:ImagePush") == "No call matches."


def test_one_call_with_its_bodies() -> None:
    assert '"Image": "busybox:test"' in tool("call", number=2)
    assert '"Image": "busybox:test"' not in tool("call", number=2, detail=0)
    assert "there is no call 99" in refusal("call", number=99)


def test_the_other_tools() -> None:
    assert "ended with exit code 3" in tool("story")
    assert tool("story", filter="op:ImagePush") == "No call matches."
    assert "ContainerCreate" in tool("statistics", filter="tag:Container")
    assert "Dangerous" in tool("permissions")
    assert tool("coverage").startswith("API 1.41: ")
    assert "17 of 17 calls compared" in tool("drift")
    assert "-allowPOST=" in tool("permissions", target="wollomatic")
    assert "Creates a container" in tool("explain", question="ContainerCreate")


def test_secrets_are_hidden_and_control_characters_escaped() -> None:
    text = "".join(
        tool(name, **({"number": 2} if name == "call" else {})) for name in ("calls", "call", "story")
    )
    assert "<redacted:" in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("calls", {"filter": "status>="}, "filter"),
        ("calls", {"nosuch": 1}, "has no argument 'nosuch'; it has filter, limit, offset"),
        ("calls", {"limit": "5"}, "limit must be of the type integer"),
        ("calls", {"limit": True}, "limit must be of the type integer"),
        ("call", {}, "needs the argument number"),
        ("permissions", {"target": "x"}, "the targets are tecnativa"),
    ],
)
def test_a_wrong_argument_is_a_result_that_says_what_to_give(
    name: str, arguments: dict[str, Any], says: str
) -> None:
    assert says in refusal(name, **arguments)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b'{"id": 1, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": [], "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "resources/list"}', -32601),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}', -32602),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "x"}}', -32602),
    ],
)
def test_errors_of_the_protocol(line: bytes, code: int) -> None:
    answer = respond(CALLS, line)
    assert answer is not None
    assert answer["error"]["code"] == code


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc": "2.0", "method": "notifications/initialized"}',
        b'{"jsonrpc": "2.0", "method": "nosuch"}',
        b'{"jsonrpc": "2.0", "id": 1, "result": {}}',
    ],
)
def test_notifications_and_responses_have_no_answer(line: bytes) -> None:
    assert respond(CALLS, line) is None


KEYS = st.sampled_from(["jsonrpc", "id", "method", "params", "name", "arguments"])
VALUES = st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_accepted(line: bytes) -> None:
    answer = respond(CALLS, line)
    assert answer is None or "error" in answer or "result" in answer


def test_lines_are_answered_in_order_and_long_ones_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_LINE", 100)
    lines = [b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n', b"x" * 350 + b"\n", b"\n"]
    lines += [b'{"jsonrpc":"2.0","id":2,"method":"ping"}']
    out = io.BytesIO()
    serve(CALLS, io.BytesIO(b"".join(lines)), out)
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [answer["id"] for answer in answers] == [1, None, 2]


def test_a_long_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_ANSWER", 100)
    assert tool("story").endswith("(cut after 100 characters: use filter, limit or detail)")


@pytest.mark.parametrize("name", ["missing.jsonl", "-"])
def test_a_file_that_cannot_be_read_is_refused_at_once(name: str) -> None:
    with pytest.raises(UsageError):
        FileCalls(Path(name))


def test_the_command_speaks_on_stdio_and_ends_with_its_input() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "apispy", "mcp", str(SAMPLE)], input=b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == {"jsonrpc": "2.0", "id": 1, "result": {}}


def test_the_page_has_every_tool_and_argument() -> None:
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| ([^|]*) \|", PAGE))
    assert {name: set(re.findall(r"`(\w+)`", arguments)) for name, arguments in rows.items()} == {
        one.name: set(one.arguments) for one in TOOLS.values()
    }


def test_the_example_on_the_page_is_real(monkeypatch: pytest.MonkeyPatch, utc: None) -> None:
    monkeypatch.chdir(ROOT)
    [(request, answer)] = re.findall(r"(?s)```json\n(\{\"jsonrpc.*?)\n```.*?```text\n(.*?)\n```", PAGE)
    found = respond(FileCalls(Path("samples/run.jsonl")), request.encode())
    assert found is not None
    assert found["result"]["content"][0]["text"] == answer


def live(count: int) -> LiveCalls:
    """A session in which *count* calls have passed."""
    kept = LiveCalls(pytest.fail)
    for number, decoded in zip(range(count), itertools.cycle(CALLS.read(None)), strict=False):
        kept.write(replace(decoded, exchange=replace(decoded.exchange, id=number + 1)))
    return kept


def test_live_calls_are_read_as_those_of_their_capture() -> None:
    kept = LiveCalls(pytest.fail)
    expected = list(CALLS.read(None))
    for decoded in expected:
        kept.write(decoded)
    assert list(kept.read(None)) == expected
    assert [one.call.operation.id for one in kept.read(Filter.parse("status>=400"))] == ["ContainerStart"]
    assert kept.remark() == ""


def test_the_last_calls_are_kept_and_an_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MAX_CALLS", 3)
    kept = live(20)
    assert [decoded.exchange.id for decoded in kept.read(None)] == [18, 19, 20]
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "story"}}
    answer = respond(kept, json.dumps(request).encode())
    assert answer is not None
    text = answer["result"]["content"][0]["text"]
    assert text.startswith("Of the 20 calls so far, only the last 3 are kept.\n3 calls in ")
    request["params"] = {"name": "explain", "arguments": {"question": "ContainerStart"}}
    answer = respond(kept, json.dumps(request).encode())
    assert answer is not None
    assert "20 calls" not in answer["result"]["content"][0]["text"]


def test_the_bytes_of_live_calls_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [len(encode_line(decoded.exchange)) for decoded in live(20).read(None)]
    monkeypatch.setattr(calls, "MAX_BYTES", sum(sizes[-2:]))
    assert [decoded.exchange.id for decoded in live(20).read(None)] == [19, 20]
    monkeypatch.setattr(calls, "MAX_BYTES", 1)
    assert list(live(20).read(None)) == []


def test_before_the_first_call_an_answer_says_so() -> None:
    assert LiveCalls(pytest.fail).remark() == "No call has ended yet."


def test_notices_about_a_live_session_are_escaped() -> None:
    said: list[str] = []
    LiveCalls(said.append).notice("a \x1b[2J", 0)
    assert said == ["apispy: a \\e[2J\n"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Expected a FILE or --live, not both"),
        (["--live", "x.jsonl"], "Expected a FILE or --live, not both"),
        (["--listen", "0", "x.jsonl"], "--listen is an option of a proxy. Add --live"),
        (["--upstream", "unix:///x", "x.jsonl"], "--upstream is an option of a proxy"),
    ],
)
def test_a_file_and_a_proxy_exclude_each_other(words: list[str], says: str) -> None:
    result = CliRunner().invoke(proxy, ["mcp", *words], standalone_mode=False)
    assert isinstance(result.exception, UsageError)
    assert says in str(result.exception)


def test_the_page_has_every_option() -> None:
    for option in command.params:
        assert option.param_type_name == "argument" or f"`{option.opts[0]}" in PAGE, option.opts


def test_the_page_and_the_help_name_the_bound() -> None:
    assert f"last {calls.MAX_CALLS} calls" in str(command.get_help(click.Context(command)))
    assert f"last {calls.MAX_CALLS} calls" in PAGE
    assert f"{calls.MAX_BYTES >> 20} MB" in PAGE
