"""Decoded calls made by hand, for the tests of outputs."""

import json
from typing import Any

from apispy.learn import NameRegistry
from apispy.model import Body, Chunk, Exchange, Headers, Request, Response, Tunnel
from apispy.outputs import DecodedCall
from apispy.pipeline import read
from apispy.structs import replace

WEB = "c12250feba24" + "0" * 52


def body(content: Any) -> Body:
    """Bytes are used unchanged, None is no body, anything else becomes JSON."""
    if content is None:
        return Body()
    data = content if isinstance(content, bytes) else json.dumps(content).encode() + b"\n"
    return Body((Chunk(0.01, data),), len(data), ended_at=0.01)


def headers(**fields: str) -> Headers:
    return Headers(tuple((name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()))


def exchange(
    line: str, status: int | None = 200, answer: Any = None, *, ask: Any = None, **changes: Any
) -> Exchange:
    method, target = line.split(" ", 1)
    kind = Headers() if isinstance(answer, bytes | None) else headers(Content_Type="application/json")
    response = (
        None if status is None else Response(status, "Reason", headers=kind, body=body(answer), at=0.01)
    )
    request = Request(method, target, body=body(ask))
    plain = Exchange(7, 1, 1_700_000_000.0, "pid 1", "unix:///d.sock", request, response)
    return replace(plain, **{"end": "complete", "duration": 0.045, **changes})


def tunnel(to_server: bytes = b"", to_client: bytes = b"") -> Tunnel:
    return Tunnel("tcp", body(to_server), body(to_client))


def decoded_call(line: str, status: int | None = 200, answer: Any = None, **rest: Any) -> DecodedCall:
    return read(exchange(line, status, answer, **rest), NameRegistry())
