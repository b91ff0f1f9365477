"""Whole calls: no secret passes, and what is no secret stays as it was."""

import gzip
import json
from typing import Any

import pytest

from apispy.model import Body, Chunk, Exchange, Headers, Item, Request, Response, Tunnel
from apispy.redaction import ExchangeRedactor, Policy, Redactor, parse
from apispy.redaction.tokens import Tokens
from apispy.structs import replace

from .hiding import TOKENS, token


def whole(data: bytes) -> Body:
    return Body((Chunk(0.1, data),) if data else (), len(data))


def exchange(
    line: str, request: bytes = b"", response: bytes = b"", status: int = 200, **fields: str
) -> Exchange:
    method, target = line.split(" ", 1)
    headers = Headers(
        tuple((name.replace("_", "-").encode(), text.encode()) for name, text in fields.items())
    )
    asked = Request(method, target, headers=headers, body=whole(request))
    answered = Response(status, headers=headers, body=whole(response))
    return Exchange(1, 1, 0.0, "c", "u", asked, answered, end="complete")


def redactor(*rules: str, **policy: Any) -> Redactor:
    return Redactor(Policy(rules=parse(rules), **policy), TOKENS)


def cleaning(line: str, *rules: str, **fields: str) -> ExchangeRedactor:
    made = exchange(line, **fields)
    clean = redactor(*rules).for_exchange(made)
    clean.exchange(made)
    return clean


@pytest.mark.parametrize("target", ["/auth", "/v1.41/auth", "/v9.99/auth/", "//auth", "/unheard/of/auth"])
def test_a_login_is_always_clean(target: str) -> None:
    secret = json.dumps({"username": "ann", "password": "hunter2", "identitytoken": "hunter2"}).encode()
    clean = redactor().redact(exchange(f"POST {target}", secret, b'{"IdentityToken": "hunter2"}'))
    assert "hunter2" not in repr(clean)
    assert "ann" in repr(clean)
    assert cleaning(f"POST {target}").hides("request")
    assert cleaning(f"POST {target}").hides("response")


def test_what_has_no_secrets_is_not_touched() -> None:
    plain = exchange("GET /v1.41/containers/json?all=1", b"{ not json", b"[ ]", User_Agent="docker")
    assert redactor().redact(plain) == plain
    assert not cleaning("GET /v1.41/containers/json").hides("response")


def test_with_secrets_shown_nothing_is_touched() -> None:
    secret = exchange("POST /auth", b'{"password": "hunter2"}', Authorization="x")
    shown = redactor(show_secrets=True)
    assert shown.redact(secret) == secret
    assert not shown.for_exchange(secret).hides("request")
    assert shown.message("quotes b'x'") == "quotes b'x'"


def test_redacting_again_changes_nothing() -> None:
    secret = exchange(
        "POST /v1.41/auth?token=x", b'{"password": "hunter22"}', b"quoting hunter22", Cookie="x"
    )
    once = redactor().redact(secret)
    assert Redactor(tokens=Tokens(b"other")).redact(once) == once


def test_places_tokens_and_kinds() -> None:
    clean = redactor().redact(
        exchange("POST /containers/create?token=t", b'{"Env": ["A=a", "B=b"]}', Cookie="c")
    )
    assert [(one.place, one.token, one.kind) for one in clean.redactions] == [
        ("request.query:token", token("t"), "secret parameters"),
        ("request.header:Cookie", token("c"), "header credentials"),
        ("request.body:$.Env[0]", token("a"), "environment values"),
        ("request.body:$.Env[1]", token("b"), "environment values"),
        ("response.header:Cookie", token("c"), "header credentials"),
    ]


def test_the_report() -> None:
    one = redactor()
    for _ in range(2):
        one.count(one.redact(exchange("POST /containers/create", b'{"Env": ["A=a", "B=b"]}', Cookie="c")))
    one.count(one.redact(exchange("GET /info")))
    assert one.report() == {"environment values": 4, "header credentials": 4}


@pytest.mark.parametrize(
    ("target", "body", "kind"),
    [
        ("/swarm/join", {"JoinToken": "x"}, "swarm tokens"),
        ("/swarm/unlock", {"UnlockKey": "x"}, "unlock keys"),
        ("/swarm/update", {"CAConfig": {"SigningCAKey": "x"}}, "private keys"),
        ("/secrets/create", {"Data": "x"}, "secrets"),
        ("/configs/create", {"Data": "x"}, "configs"),
        ("/auth", {"password": "x"}, "registry credentials"),
        ("/volumes/create", {"DriverOpts": {"o": "x"}}, "driver options"),
        ("/volumes/create", {"DriverOpts": {"password": "x"}}, "driver options"),
        ("/plugins/x/set", ["A=x"], "environment values"),
    ],
)
def test_kinds_of_secrets_in_bodies(target: str, body: Any, kind: str) -> None:
    clean = redactor().redact(exchange(f"POST {target}", json.dumps(body).encode()))
    assert [(one.token, one.kind) for one in clean.redactions] == [(token("x"), kind)]


def test_the_message_of_an_error_stays() -> None:
    clean = redactor().redact(
        exchange("GET /containers/x/json", response=b"No such container: x\n", status=404)
    )
    assert clean.response is not None
    assert clean.response.body.data == b"No such container: x\n"


def test_secrets_that_the_daemon_quotes() -> None:
    clean = redactor().redact(
        replace(
            exchange("POST /auth", b'{"password": "hunter22"}', b'{"message": "no: hunter22"}', 401),
            problems=("odd: hunter22, bytearray(b'x')",),
        )
    )
    assert clean.response is not None
    assert json.loads(clean.response.body.data) == {"message": f"no: {token('hunter22')}"}
    assert clean.problems == (f"odd: {token('hunter22')},",)


@pytest.mark.parametrize("line", ["POST /session", "POST /grpc", "POST /unheard"])
def test_tunnels_of_buildkit_are_withheld(line: str) -> None:
    secret = replace(exchange(line, status=101), tunnel=Tunnel("h2c", whole(b"s"), whole(b"s")))
    clean = redactor().redact(secret)
    assert clean.tunnel is not None
    assert (clean.tunnel.to_server.shown, clean.tunnel.to_client.shown) == (False, False)
    known = redactor().for_exchange(secret)
    assert known.hides("to_client")
    assert known.chunk("to_client", Chunk(0, b"s")) is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/moby.buildkit.v1.Control/Solve", b"application/grpc"),
        ("/some/path", b"Application/gRPC+proto; x=y"),
        ("/moby.buildkit.v1.Control/Solve", b"application/proto"),  # whatever it is, it has the same secrets
    ],
)
def test_bodies_of_grpc_calls_are_withheld(path: str, kind: bytes) -> None:
    message = whole(b"\0\0\0\0\7hunter2")
    fields = Headers(((b"content-type", kind),))
    made = Exchange(
        1,
        1,
        1.0,
        "",
        "",
        Request("POST", path, headers=fields, body=message),
        Response(200, headers=fields, body=message),
    )
    one = redactor().for_exchange(made)
    clean = one.exchange(made)
    assert [(body.shown, body.data, body.size) for body in clean.streams.values()] == [(False, b"", 12)] * 2
    assert one.hides("request")
    assert one.hides("response")
    assert one.chunk("request", message.chunks[0]) is None


def test_an_error_of_a_daemon_without_grpc_is_shown() -> None:
    refused = Response(
        404,
        headers=Headers(((b"content-type", b"application/json"),)),
        body=whole(b'{"message":"page not found"}'),
    )
    made = Exchange(
        1, 1, 1.0, "", "", Request("POST", "/moby.buildkit.v1.Control/Solve", body=whole(b"hunter2")), refused
    )
    clean = redactor().for_exchange(made).exchange(made)
    assert not clean.request.body.shown
    assert clean.response is not None
    assert clean.response.body.data == b'{"message":"page not found"}'


def test_a_pattern_in_the_path_does_not_change_what_the_call_is() -> None:
    made = exchange("GET /v1.41/containers/web/json", response=b'{"Config": {"Env": ["A=s"]}}')
    known = redactor("re:containers|web").for_exchange(made)
    clean = known.exchange(made)
    assert "web" not in clean.request.target
    assert known.call(clean).operation.id == "ContainerInspect"
    assert known.hides("response")
    assert "A=s" not in repr(clean)


def test_chunks() -> None:
    chunk = Chunk(0.1, b"see https://a:b@r/ now")
    assert cleaning("GET /images/json").chunk("response", chunk) == Chunk(0.1, b"see https://***@r/ now")
    assert cleaning("GET /containers/x/logs").chunk("response", chunk) == chunk
    assert cleaning("GET /containers/x/logs", "re:x").chunk("response", chunk) is None
    assert cleaning("GET /containers/x/logs", "header:x").chunk("response", chunk) == chunk
    assert cleaning("GET /unheard", Content_Type="application/json").chunk("response", chunk) is None


def item(value: Any, kind: str = "json") -> Item:
    return Item(kind, "at corp-1", value, (0, 9), (Item("part", "corp-1", b"corp-1", (0, 1)),))


def test_items() -> None:
    shown = cleaning("GET /events", "json:$.x", "re:corp-1").item("response", item({"x": "s", "y": "corp-1"}))
    assert shown.value == {"x": token("s"), "y": token("corp-1")}
    assert shown.label == f"at {token('corp-1')}"
    shown = cleaning("GET /containers/x/logs", "re:corp-1").item("response", item(b"a corp-1", "stdout"))
    assert shown.value == f"a {token('corp-1')}".encode()
    assert shown.children[0].value == token("corp-1").encode()
    plain = item(b"https://a:b@r/", "stdout")
    assert cleaning("GET /containers/x/logs").item("response", plain) is plain


def test_items_that_are_too_deep() -> None:
    deep: Any = "s"
    for _ in range(900):
        deep = [deep]
    assert cleaning("GET /events").item("response", item(deep)).kind == "problem"


def test_messages() -> None:
    assert redactor("re:corp-1").message("corp-1 said b'x'") == f"{token('corp-1')} said"


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_an_undeclared_compression_is_found_however_the_body_is_split(size: int) -> None:
    data = gzip.compress(b'{"Options": {"password": "hunter2"}}')
    chunks = tuple(Chunk(0.1, data[at : at + size]) for at in range(0, len(data), size))
    made = exchange("GET /v1.41/networks/x").with_stream("response", Body(chunks, len(data)))
    assert not redactor().redact(made).streams["response"].shown
