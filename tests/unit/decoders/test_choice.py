"""Which decoder reads what: the heads are those that daemons send."""

import pytest

from apispy.decoders import DECODERS, choose
from apispy.engine import OPERATIONS, lookup
from apispy.model import Direction, Headers

RAW = "application/vnd.docker.raw-stream"
FRAMES = "application/vnd.docker.multiplexed-stream"


def head(kind: str = "", **more: str) -> Headers:
    fields = {"Content-Type": kind, **more} if kind else more
    return Headers(tuple((name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()))


@pytest.mark.parametrize(
    ("line", "direction", "headers", "status", "name"),
    [
        ("GET /info", "response", head("application/json"), 200, "json"),
        ("GET /events", "response", head("application/json"), 200, "json-lines"),
        ("GET /events", "response", head("application/json-seq; charset=utf-8"), 200, "json-lines"),
        ("GET /containers/x/logs", "response", head(), 200, "stdio"),
        ("GET /containers/x/logs", "response", head("application/jsonl"), 200, "json-lines"),
        ("POST /containers/x/attach", "to_client", head(RAW, Upgrade="tcp"), 101, "stdio"),
        ("POST /containers/x/attach", "to_server", head(RAW, Upgrade="tcp"), 101, "raw"),
        ("POST /containers/x/attach", "response", head(RAW), 404, "text"),
        ("POST /session", "to_client", head(Upgrade="h2c"), 101, "h2c"),
        ("POST /session", "to_server", head(Upgrade="h2c"), 101, "h2c"),
        ("GET /containers/x/attach/ws", "to_server", head(Upgrade="websocket"), 101, "websocket"),
        ("POST /containers/x/start", "response", head("application/json"), 404, "json"),
        ("POST /v1.22/containers/x/start", "response", head("text/plain; charset=utf-8"), 404, "text"),
        ("GET /info/", "response", head("text/html"), 301, "text"),
        ("POST /build", "request", head("application/x-tar"), 200, "tar"),
        ("POST /build", "response", head("application/json"), 200, "json-lines"),
        ("POST /containers/create", "request", head("application/json"), None, "json"),
        ("GET /containers/x/archive", "response", head("application/x-tar", Content_Encoding="gzip"), 200, "opaque"),
        ("GET /libpod/info", "response", head("application/json"), 200, "json"),
        ("GET /libpod/x", "response", head(FRAMES), 200, "stdio"),
        ("GET /libpod/x", "response", head("application/octet-stream"), 200, "opaque"),
        ("GET /libpod/x", "response", head(), 200, "opaque"),
        ("POST /libpod/x/attach", "to_client", head(RAW), 200, "stdio"),
    ],
)  # fmt: skip
def test_choice(line: str, direction: Direction, headers: Headers, status: int | None, name: str) -> None:
    assert choose(lookup(*line.split()), direction, headers, status) == name


def test_every_format_in_the_table_has_a_decoder() -> None:
    named = {row.request for row in OPERATIONS} | {row.response for row in OPERATIONS}
    assert named - {""} <= set(DECODERS)
