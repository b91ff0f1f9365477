"""A call that is selected by a gRPC method or a step of a build shows what matched."""

from typing import Any

import pytest

from apispy.filters import Filter
from apispy.model import Item
from apispy.outputs import Console, DecodedCall, Filtered
from apispy.structs import replace
from tests.unit.outputs.decoded_calls import decoded_call

STATUS, SECRETS = "/moby.buildkit.v1.Control/Status", "/moby.buildkit.secrets.v1.Secrets/GetSecret"
STEPS = {"a": "[1/2] RUN make", "b": "[2/2] RUN test"}


def h2c(label: str, stream: int, *messages: Item, **value: Any) -> Item:
    at = stream * 10 + len(messages)
    return Item("h2c", label, {"stream": stream} | value, (at, at + 1), messages)


def message(method: str, part: str, value: dict[str, Any], stream: int) -> Item:
    return Item("message", "x", {"stream": stream, "method": method, "part": part, "message": value}, (0, 1))


def status(**value: Any) -> Item:
    return h2c("DATA", 1, message(STATUS, "response", value, 1), size=1)


def vertex(digest: str, **more: Any) -> dict[str, Any]:
    return {"digest": digest, "name": STEPS[digest], "started": 1.0} | more


LOGS = [{"vertex": digest, "msg": f"of {digest}\n"} for digest in STEPS]
TUNNEL = replace(
    decoded_call("POST /grpc", 101),
    items={
        "to_server": (
            h2c("HEADERS", 1, method=STATUS, headers=[]),
            h2c("HEADERS", 3, method=SECRETS, headers=[]),
            h2c("DATA", 3, message(SECRETS, "request", {"ID": "npmrc"}, 3), size=1),
            Item("grpc", "calls", {"calls": {STATUS: 1, SECRETS: 1}, "statuses": {}}, (50, 50)),
        ),
        "to_client": (
            status(vertexes=[vertex("a"), vertex("b")], logs=LOGS),
            replace(status(vertexes=[vertex(one, completed=2.0) for one in STEPS]), span=(12, 13)),
            h2c("HEADERS", 3, status=200, grpc_status=0, total={"messages": 1, "size": 5}),
        ),
    },
)
TUNNEL = replace(TUNNEL, exchange=replace(TUNNEL.exchange, end="complete"))


def shown(text: str, decoded: DecodedCall) -> list[str]:
    """The lines of a finished call, without times."""
    written: list[str] = []
    output = Filtered(Console(written.append), Filter.parse(text))
    still = replace(decoded, items={}, exchange=replace(decoded.exchange, end="open"))
    output.opened(still)
    for direction, items in decoded.items.items():
        for item in items:
            output.item(still, direction, item)
    output.write(decoded)
    return [line[13:].strip() if line[0] != " " else line.strip() for line in "".join(written).splitlines()]


def test_a_step() -> None:
    lines = shown('buildstep:"RUN make"', TUNNEL)
    assert lines[0].endswith("POST /grpc #7 ...")
    assert lines[1:-1] == [
        "#7 step  | [1/2] RUN make ...",
        "#7 stdout| of a",
        "#7 step  | [1/2] RUN make -> 1.00 s",
        "#7 build | 1 step; the longest:",
        "#7 build |    1.00 s  [1/2] RUN make",
    ]
    assert "POST /grpc #7 -> 101" in lines[-1]


def test_a_method() -> None:
    lines = shown("grpc:GetSecret", TUNNEL)
    assert lines[0].endswith("POST /grpc #7 ...")
    assert lines[1:-1] == [
        f"#7 h2c   | > stream 3 {SECRETS} (request a build secret)",
        "#7 build | asks for the secret npmrc",
        "#7 h2c   | < stream 3 200, grpc-status 0 (OK), 1 message, 5 B",
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("grpc:GetSecret and buildstep:*make*", 8),
        ("grpc:GetSecret or buildstep:nosuch", 3),
        ("not grpc:nosuch", 0),
        ("not grpc:nosuch and sent>=0B", 0),
    ],
)
def test_expressions(text: str, number: int) -> None:
    lines = shown(text, TUNNEL)
    assert len([line for line in lines if line.startswith("#7")]) == number
    assert "POST /grpc" in lines[-1]


def test_a_call_that_does_not_match_is_not_shown() -> None:
    assert shown("buildstep:nosuch", TUNNEL) == shown("grpc:Solve", TUNNEL) == []


@pytest.mark.parametrize(
    ("text", "decided"),
    [("grpc:Status", True), ("grpc:Control/Status", True), ("grpc:Solve", False), ("buildstep:x", None)],
)
def test_a_call_of_its_own_is_decided_by_its_request(text: str, decided: bool | None) -> None:
    own = replace(decoded_call(f"POST {STATUS}", 200), items={})
    assert Filter.parse(text).early(own) is decided


def test_a_session_and_a_tunnel_may_still_have_the_method() -> None:
    for path in ("/moby.buildkit.v1.Control/Session", "/grpc", "/session"):
        open_call = replace(decoded_call(f"POST {path}", 200), items={})
        assert Filter.parse("grpc:GetSecret").early(open_call) is None
    session = decoded_call("POST /moby.buildkit.v1.Control/Session", 200)
    assert Filter.parse("grpc:Session").early(session) is True


def test_a_call_of_its_own_is_shown_with_its_messages() -> None:
    own = message(STATUS, "response", {"vertexes": [vertex("a")]}, 0)
    body = Item("grpc-message", "9 bytes", {"size": 9, "compressed": False}, (0, 14), (own,))
    call = replace(decoded_call(f"POST {STATUS}", 200), items={"response": (body,)})
    for text in ("grpc:Status", "buildstep:*make"):
        assert shown(text, call)[1] == "#7 step  | [1/2] RUN make ..."
