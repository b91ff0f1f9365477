"""No secret passes, and what is no secret stays as it was."""

import base64
import json

import pytest

from apispy import engine
from apispy.engine import Call, Operation
from apispy.model import Body, Chunk, Exchange, Headers, Request, Response, Tunnel
from apispy.steps.redact import REDACTED, redact, withholds, without_quotes

EMPTY, NULL = base64.b64encode(b"{}"), base64.b64encode(b"null")


def call_with(*secrets: str) -> Call:
    return Call(Operation("X", "POST", "/x", "json", secrets=secrets), "/x", None, {}, ())


def exchange(
    request: bytes = b"", response: bytes = b"", fields: Headers | None = None, status: int = 200
) -> Exchange:
    fields = fields or Headers()
    asked = Request("POST", "/x", headers=fields, body=whole(request))
    answered = Response(status, headers=fields, body=whole(response))
    return Exchange(1, 1, 0.0, "c", "u", asked, answered, end="complete")


def whole(data: bytes) -> Body:
    half = len(data) // 2
    chunks = (Chunk(0.1, data[:half]), Chunk(0.2, data[half:])) if data else ()
    return Body(chunks, len(data))


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        (b"X-Registry-Auth", b"c2VjcmV0", REDACTED.encode()),
        (b"x-registry-config", b"c2VjcmV0", REDACTED.encode()),
        (b"X-REGISTRY-AUTH", EMPTY, EMPTY),
        (b"X-Registry-Auth", NULL, NULL),
        (b"X-Registry-Auth", b"", b""),
        (b"Authorization", b"Basic x", REDACTED.encode()),
        (b"Proxy-Authorization", b"Basic x", REDACTED.encode()),
        (b"Cookie", b"a=b", REDACTED.encode()),
        (b"Set-Cookie", b"a=b", REDACTED.encode()),
        (b"User-Agent", b"docker", b"docker"),
    ],
)
def test_headers(name: bytes, value: bytes, shown: bytes) -> None:
    clean = redact(exchange(fields=Headers(((name, value),))), call_with())
    assert clean.request.headers.fields == ((name, shown),)
    assert clean.response is not None
    assert clean.response.headers.fields == ((name, shown),)


def base64_of(value: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode())


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        (
            b"X-Registry-Auth",
            {"username": "ann", "Password": "s", "auth": "", "serveraddress": "https://r/"},
            {"username": "ann", "Password": REDACTED, "auth": "", "serveraddress": "https://r/"},
        ),
        (b"X-Registry-Auth", {"serveraddress": "https://a:s@r/"}, {"serveraddress": REDACTED}),
        (
            b"X-Registry-Config",
            {"r.example": {"username": "ann", "password": "s"}, "ghcr.io": {"identitytoken": "t"}},
            {"r.example": {"username": "ann", "password": REDACTED}, "ghcr.io": {"identitytoken": REDACTED}},
        ),
    ],
)
def test_of_registry_headers_the_structure_stays(name: bytes, value: object, shown: object) -> None:
    clean = redact(exchange(fields=Headers(((name, base64_of(value)),))), call_with())
    assert clean.request.headers.fields == ((name, base64_of(shown)),)


@pytest.mark.parametrize(
    "value", [{"unknown": "s"}, {"password": ["s"]}, ["s"], "s", {"r": {"password": "s"}}]
)
def test_registry_headers_of_another_shape_are_withheld(value: object) -> None:
    clean = redact(exchange(fields=Headers(((b"X-Registry-Auth", base64_of(value)),))), call_with())
    assert clean.request.headers.fields == ((b"X-Registry-Auth", REDACTED.encode()),)


def test_trailers() -> None:
    body = Body((Chunk(0, b"x"),), 1, Headers(((b"Authorization", b"secret"),)))
    clean = redact(exchange().with_stream("request", body), call_with())
    assert clean.request.body.trailers.fields == ((b"Authorization", b"<redacted>"),)


@pytest.mark.parametrize(
    ("secret", "value", "shown"),
    [
        ("request.password", {"user": "a", "password": "s"}, {"user": "a", "password": REDACTED}),
        ("request.password", {"PassWord": "s"}, {"PassWord": REDACTED}),  # Go reads names without case
        ("request.password", {"password": ""}, {"password": ""}),
        ("request.a.b", {"a": {"b": "s", "c": 1}}, {"a": {"b": REDACTED, "c": 1}}),
        ("request.a.b", {"a": [{"b": "s"}, {"b": 5}]}, {"a": [{"b": REDACTED}, {"b": REDACTED}]}),
        ("request.b", [{"b": "s"}], [{"b": REDACTED}]),
        (
            "request.Env",
            {"Env": ["A=s", "B", "C=s=t"]},
            {"Env": [f"A={REDACTED}", REDACTED, f"C={REDACTED}"]},
        ),
        ("request.t", {"t": {"Worker": "s", "n": None}}, {"t": {"Worker": REDACTED, "n": None}}),
        ("request.b", "only text", "only text"),
    ],
)
def test_json_fields(secret: str, value: object, shown: object) -> None:
    clean = redact(exchange(json.dumps(value).encode()), call_with(secret))
    assert json.loads(clean.request.body.data) == shown
    assert clean.request.body.shown
    assert not clean.request.body.cut


def test_of_a_repeated_name_none_is_shown() -> None:
    clean = redact(exchange(b'{"password": "one", "password": "two"}'), call_with("request.password"))
    assert json.loads(clean.request.body.data) == {"password": REDACTED}


@pytest.mark.parametrize(
    "data",
    [b"password=secret", b'{"password": "s"} {"x": 1}', b'{"password": "s"', b"\xff\xfe{", b"[" * 100_000],
    ids=["form", "two values", "half", "no text", "deep"],
)
def test_what_cannot_be_looked_through_is_withheld(data: bytes) -> None:
    body = redact(exchange(data), call_with("request.password")).request.body
    assert (body.shown, body.data, body.size) == (False, b"", len(data))


def test_a_cut_body_is_withheld() -> None:
    cut = exchange().with_stream("request", Body((Chunk(0, b'{"password": "s"}'),), 1000))
    body = redact(cut, call_with("request.password")).request.body
    assert (body.shown, body.data, body.size) == (False, b"", 1000)


def test_the_message_of_an_error_stays() -> None:
    clean = redact(exchange(response=b"No such container: x\n", status=404), call_with("response.Config.Env"))
    assert clean.response is not None
    assert clean.response.body.data == b"No such container: x\n"


@pytest.mark.parametrize("target", ["/auth", "/v1.41/auth", "/v9.99/auth/", "//auth", "/unheard/of/auth"])
def test_a_login_is_always_clean(target: str) -> None:
    call = engine.lookup("POST", target)
    secret = {"username": "ann", "password": "hunter2", "identitytoken": "hunter2"}
    clean = redact(exchange(json.dumps(secret).encode(), b'{"IdentityToken": "hunter2"}'), call)
    assert "hunter2" not in repr(clean)
    assert "ann" in repr(clean)
    assert withholds(call, "request")
    assert withholds(call, "response")


def test_what_has_no_secrets_is_not_touched() -> None:
    call = engine.lookup("GET", "/v1.41/containers/json")
    plain = exchange(b"{ not json", b"[]")
    assert redact(plain, call) == plain
    assert not withholds(call, "response")


def test_tunnels_of_buildkit_are_withheld() -> None:
    call = engine.lookup("POST", "/session")
    with_tunnel = Exchange(
        1,
        1,
        0.0,
        "c",
        "u",
        Request("POST", "/session"),
        Response(101),
        Tunnel("h2c", whole(b"s"), whole(b"s")),
    )
    clean = redact(with_tunnel, call)
    assert clean.tunnel is not None
    assert (clean.tunnel.to_server.shown, clean.tunnel.to_client.shown) == (False, False)
    assert withholds(call, "to_client")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("illegal header line: bytearray(b'X-Registry-Auth hunter2')", "illegal header line"),
        ('a fault in apispy: ValueError(b"it\'s")', "a fault in apispy: ValueError()"),
        ("the daemon spoke before it was asked", "the daemon spoke before it was asked"),
    ],
)
def test_quotes_of_the_wire_are_left_out(reason: str, said: str) -> None:
    assert without_quotes(reason).startswith(said.removesuffix(")"))
    assert "hunter2" not in without_quotes(reason)
    assert "it's" not in without_quotes(reason)


def test_a_body_that_is_secret_as_a_whole() -> None:
    clean = redact(exchange(b'["DEBUG=1", "TOKEN=hunter2"]'), call_with("request"))
    assert json.loads(clean.request.body.data) == [f"DEBUG={REDACTED}", f"TOKEN={REDACTED}"]
    clean = redact(exchange(b"hunter2"), call_with("request"))
    assert not clean.request.body.shown
