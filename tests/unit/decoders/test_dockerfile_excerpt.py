"""The lines of a Dockerfile around an error: which are kept, and what redaction makes of them."""

import base64
import json
from typing import Any

import pytest

from apispy.decoders.dockerfile_excerpt import excerpt_of, is_excerpt, source_with
from apispy.decoders.grpc import GrpcCalls, read_details
from apispy.decoders.grpc_stream import Budget
from apispy.model import Body, Exchange, Headers, Item, Request, Response, Tunnel
from apispy.redaction import Redactor
from apispy.structs import replace
from tests.protobuf_writer import pb

SECRET = "hunter2planted"


def source(text: str, line: int, end: int | None = None) -> dict[str, Any]:
    ranges = [{"start": {"line": line}, "end": {"line": end or line}}]
    return {
        "info": {"filename": "Dockerfile", "data": base64.b64encode(text.encode()).decode()},
        "ranges": ranges,
    }


def test_it_has_the_lines_that_a_client_prints() -> None:
    text = "\n".join(f"RUN {number}" for number in range(1, 21))
    found = excerpt_of(source(text, 10, 11))
    assert found == {"first": 6, "end": 11, "lines": [f"RUN {number}" for number in range(6, 16)]}
    assert is_excerpt(found)
    assert excerpt_of(source_with("Dockerfile", 10, found)) == found
    assert excerpt_of(source("FROM a\nRUN b", 2)) == {"first": 1, "end": 2, "lines": ["FROM a", "RUN b"]}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# a comment\n  # another\nRUN x", ["", "", "RUN x"]),
        ("RUN a && \\\n  b\nRUN x", ["RUN a && \\", "  b", "RUN x"]),
        ("ENV A=1 \\\n  B=2 \\\n  C=3\nRUN x", ["ENV A=1 \\", "", "", "RUN x"]),
        ("LABEL a=b `\n  c=d\nRUN x", ["LABEL a=b `", "", "RUN x"]),
        ("\\\nRUN x", ["\\", ""]),
    ],
)
def test_lines_that_redaction_cannot_search_are_empty(text: str, lines: list[str]) -> None:
    assert excerpt_of(source(text, len(lines)))["lines"] == lines


@pytest.mark.parametrize(
    "odd",
    [
        *(
            None,
            {},
            [],
            {"ranges": []},
            source("RUN <<EOF\nx\nEOF", 1),
            source("RUN x", 2),
            source("RUN x", 0),
        ),
        *(
            source("RUN x\n" * 99, 1, 90),
            source("RUN x", 1) | {"info": {"data": "%"}},
            source("RUN x\nRUN y", 2, 1),
        ),
        source("RUN x", 1) | {"ranges": [{"start": {"line": "1"}, "end": {"line": True}}]},
    ],
)
def test_without_usable_lines_there_is_none(odd: Any) -> None:
    assert excerpt_of(odd) == {}


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {"first": 0, "end": 1, "lines": []},
        {"first": 1 << 40, "end": 1, "lines": []},
        {"first": 1, "end": 1},
        {"first": 1, "end": 1, "lines": [1]},
        {"first": True, "end": 1, "lines": []},
    ],
)
def test_what_an_edited_capture_may_have_is_no_excerpt(odd: Any) -> None:
    assert not is_excerpt(odd)


def test_no_planted_secret_passes() -> None:
    text = f"""FROM a
# {SECRET}
ENV A={SECRET}
ENV B=1 \\
    C={SECRET}
ARG T={SECRET}
RUN mysql -p{SECRET} && \\
    curl -H "Authorization: Bearer {SECRET}" https://u:{SECRET}@r.example/
RUN export TOKEN={SECRET}"""
    for line in range(1, 10):
        status = pb({3: {1: "x/errdefs.Source+json", 2: json.dumps(source(text, line))}})
        calls = GrpcCalls(Budget())
        calls.headers(1, [(b":path", b"/moby.buildkit.v1.Control/Solve")])
        details = base64.b64encode(status)
        value = calls.headers(1, [(b"grpc-status", b"2"), (b"grpc-status-details-bin", details)])
        assert len(value["excerpt"]["lines"]) >= 5
        exchange = Exchange(
            1, 1, 0.0, "c", "u", Request("POST", "/grpc"), Response(101), tunnel=Tunnel("h2c")
        )
        shown = Redactor().for_exchange(exchange).item("to_client", Item("h2c", "HEADERS", value, (0, 1)))
        assert SECRET not in repr(shown)
        assert len(shown.value["excerpt"]["lines"]) == len(value["excerpt"]["lines"])

        native = Exchange(1, 1, 0.0, "c", "u", Request("POST", "/moby.buildkit.v1.Control/Solve", "2"))
        trailers = Headers(((b"grpc-status", b"2"), (b"grpc-status-details-bin", details)))
        native = replace(native, response=Response(200, version="2", body=Body(trailers=trailers)))
        once = Redactor().redact(native)
        assert once.response is not None
        read = read_details(once.response.body.trailers.text("grpc-status-details-bin").encode())
        assert SECRET not in repr(read)
        assert len(read["excerpt"]["lines"]) == len(value["excerpt"]["lines"])
        again = Redactor().redact(once)
        assert again == once


def test_it_may_begin_inside_an_instruction() -> None:
    for name in ("RUN", "ENV"):
        text = "\n".join([f"{name} a \\", *[f"  {number} \\" for number in range(2, 9)], "  9", "RUN b"])
        found = excerpt_of(source(text, 8))
        assert [bool(line) for line in found["lines"][:6]] == [name == "RUN"] * 6
        assert excerpt_of(source_with("Dockerfile", 8, found)) == found
