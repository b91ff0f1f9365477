"""Which decoder reads what: the heads are those that daemons send."""

import pytest

from apispy.decoders import DECODERS, choose
from apispy.engine import OPERATIONS, Call, lookup
from apispy.model import Direction, Headers

RAW = "application/vnd.docker.raw-stream"
TAR = "application/x-tar"
FRAMES = "application/vnd.docker.multiplexed-stream"


def head(kind: str = "", **more: str) -> Headers:
    fields = {"Content-Type": kind, **more} if kind else more
    return Headers(tuple((name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()))


@pytest.mark.parametrize(
    ("line", "direction", "headers", "status", "name"),
    [
        ("GET /info", "response", head("application/json"), 200, "json"),
        ("GET /events", "response", head("application/json"), 200, "events"),
        ("GET /events", "response", head("application/json-seq; charset=utf-8"), 200, "events"),
        ("GET /containers/x/logs", "response", head(), 200, "stdio"),
        ("GET /containers/x/logs", "response", head("application/jsonl"), 200, "json-lines"),
        ("POST /containers/x/attach", "to_client", head(RAW, Upgrade="tcp"), 101, "stdio"),
        ("POST /containers/x/attach", "to_client", head(FRAMES, Upgrade="tcp"), 101, "frames"),
        ("POST /containers/x/attach", "to_server", head(RAW, Upgrade="tcp"), 101, "raw"),
        ("POST /containers/x/attach", "response", head(RAW), 404, "text"),
        ("POST /session", "to_client", head(Upgrade="h2c"), 101, "h2c"),
        ("POST /session", "to_server", head(Upgrade="h2c"), 101, "h2c"),
        ("GET /containers/x/attach/ws", "to_server", head(Upgrade="websocket"), 101, "websocket"),
        ("POST /containers/x/start", "response", head("application/json"), 404, "json"),
        ("POST /v1.22/containers/x/start", "response", head("text/plain; charset=utf-8"), 404, "text"),
        ("GET /info/", "response", head("text/html"), 301, "text"),
        ("POST /build", "request", head("application/x-tar"), 200, "tar"),
        ("POST /build", "response", head("application/json"), 200, "progress"),
        ("POST /containers/create", "request", head("application/json"), None, "json"),
        ("GET /containers/x/stats", "response", head(), 200, "stats"),
        ("GET /containers/x/archive", "response", head(TAR, Content_Encoding="gzip"), 200, "tar in gzip"),
        ("GET /containers/x/archive", "response", head(TAR, Content_Encoding="deflate"), 200, "tar in deflate"),
        ("GET /info", "response", head("application/json", Content_Encoding="GZIP"), 200, "json in gzip"),
        ("GET /info", "response", head("application/json", Content_Encoding="br"), 200, "opaque"),
        ("GET /containers/x/export", "response", head("application/octet-stream"), 200, "tar"),
        ("POST /containers/x/start", "response", head(), 204, "sniffed"),
        ("GET /libpod/info", "response", head("application/json"), 200, "json"),
        ("GET /libpod/x", "response", head(FRAMES), 200, "frames"),
        ("GET /libpod/x", "response", head("application/octet-stream"), 200, "sniffed"),
        ("GET /libpod/x", "response", head(), 200, "sniffed"),
        ("POST /libpod/x/attach", "to_client", head(RAW), 200, "stdio"),
    ],
)  # fmt: skip
def test_choice(line: str, direction: Direction, headers: Headers, status: int | None, name: str) -> None:
    assert choose(lookup(*line.split()), direction, headers, status) == name


@pytest.mark.parametrize(("tty", "name"), [(None, "stdio"), (True, "raw"), (False, "frames")])
def test_what_is_known_of_the_terminal_decides(tty: bool | None, name: str) -> None:
    attach, logs = lookup("POST", "/containers/x/attach"), lookup("GET", "/containers/x/logs")
    assert choose(attach, "to_client", head(RAW, Upgrade="tcp"), 101, tty=tty) == name
    assert choose(logs, "response", head(), 200, tty=tty) == name
    assert choose(attach, "to_server", head(RAW, Upgrade="tcp"), 101, tty=tty) == "raw"
    assert choose(lookup("GET", "/info"), "response", head("application/json"), 200, tty=tty) == "json"


def test_nothing_of_a_known_operation_is_left_unread() -> None:
    for row in OPERATIONS:
        call = Call(row, row.path, None, {}, ())
        for direction in ("request", "response"):
            for kind in ("", "application/octet-stream", "application/json", "image/png"):
                assert choose(call, direction, head(kind), 200) != "opaque"  # type: ignore[arg-type]


def test_every_format_in_the_table_has_a_decoder() -> None:
    named = {row.request for row in OPERATIONS} | {row.response for row in OPERATIONS}
    assert named - {""} <= set(DECODERS)
