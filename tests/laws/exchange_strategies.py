"""Strategies for exchanges, for the laws of the exporters: typical, unusual, and with injection attempts."""

import json

from hypothesis import strategies as st

from apispy.model import Body, Chunk, Exchange, Headers, Request, Response, Tunnel
from apispy.structs import replace

ID = "c12250feba24" + "0" * 52

INJECTIONS = (
    *(
        "`" * 5,
        "|",
        "\\|",
        "</details>",
        "<script>",
        "@someone",
        "# heading",
        "*x*",
        "[a](http://b)",
        "'",
        '"',
    ),
    *("$(touch x)", "`x`", "'; touch x; '", "\n", "\r\n", "\x1b[2J", "\x00", "\u202e", "\u2028", "é€", "END"),
    *(
        "=1+1",
        "@SUM(1)",
        '"""',
        "'''",
        "\\",
        "{",
        "}",
        "%s",
        ID,
        ID[:12],
        "sha256:" + ID,
        "\x7f",
        "<redacted>",
    ),
)

words = st.lists(st.sampled_from(INJECTIONS) | st.text(max_size=8), max_size=4).map("".join)
latin = words.map(lambda text: text.encode("latin-1", "replace").decode("latin-1"))
on_a_line = latin.map(lambda text: "".join(char for char in text if char not in "\r\n\0"))
datas = st.binary(max_size=60) | words.map(lambda text: text.encode("utf-8", "replace")) | st.recursive(
    words | st.none() | st.integers() | st.floats(allow_nan=False) | st.just(ID),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.just("Id"), inner, max_size=3),
).map(lambda value: json.dumps(value).encode())  # fmt: skip
seconds = st.floats(0, 100)

TARGETS = (
    *(
        "/_ping",
        "/v1.41/containers/create?name=web",
        f"/v1.41/containers/{ID}/start",
        "/v1.41/containers/json?all=1",
    ),
    *(
        f"/v1.41/containers/{ID[:12]}/attach?stream=1",
        f"/v1.41/containers/{ID}/wait",
        "/v1.41/events",
        "/build?t=x",
    ),
    *("/v1.41/exec/e/start", "/v1.20/info?a=1&a=2", "http://proxied/v1.41/info", "/grpc", "*", ""),
    "/v1.41/containers/json?filters=%7B%22name%22%3A%5B%22a%22%5D%7D&limit=x",
)


def field(names: tuple[str, ...]) -> st.SearchStrategy[tuple[bytes, bytes]]:
    return st.tuples(
        st.sampled_from(names).map(str.encode), on_a_line.map(lambda text: text.strip().encode("latin-1"))
    )


odd_fields = field(("X-Odd", "User-Agent", "Content-Type", "Location", "Server", "Accept"))
framing = st.sampled_from([(b"Transfer-Encoding", b"chunked"), (b"Content-Length", b"7")])
kinds = st.just((b"Content-Type", b"application/json"))
headers = st.lists(odd_fields | framing | kinds, max_size=4).map(lambda fields: Headers(tuple(fields)))


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    """Generate a body: complete, truncated, not stored, or without an end."""
    at = 0.0
    chunks = []
    for data in draw(st.lists(datas, max_size=3)):
        at += draw(seconds)
        chunks.append(Chunk(at, data))
    size = sum(len(chunk.data) for chunk in chunks)
    whole = Body(tuple(chunks), size, ended_at=draw(st.none() | st.just(at)))
    return draw(
        st.sampled_from(
            (whole, replace(whole, size=size + 5), replace(whole, size=9, chunks=(), shown=False))
        )
    )


requests = st.builds(
    Request,
    st.sampled_from(("GET", "POST", "HEAD", "PUT", "DELETE", "odd'\"$x")),
    st.sampled_from(TARGETS) | st.builds("{}{}".format, st.sampled_from(TARGETS), on_a_line),
    st.sampled_from(("1.0", "1.1", "2")),
    headers,
    bodies(),
)
responses = st.builds(
    Response,
    st.sampled_from((101, 200, 201, 204, 304, 404, 500)),
    on_a_line,
    st.just("1.1"),
    headers,
    bodies(),
    seconds,
)
tunnels = st.builds(Tunnel, st.sampled_from(("tcp", "raw", "h2c", "websocket")), bodies(), bodies())
exchanges = st.builds(
    Exchange,
    st.integers(1, 9),
    st.integers(1, 3),
    st.floats(1_700_000_000, 1_700_000_100),
    words,
    st.sampled_from(("unix:///var/run/docker.sock", "tcp://[::1]:2375", "ssh://a@b")) | words,
    requests,
    st.none() | responses,
    st.none() | tunnels,
    st.sampled_from(("open", "complete", "left", "cut")),
    seconds,
    st.lists(words, max_size=2).map(tuple),
)
sessions = st.lists(exchanges, max_size=5)
