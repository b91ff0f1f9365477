"""Takes what is secret out of an exchange, before anything else sees it."""

import json
import re
from dataclasses import replace
from typing import Any

from apispy.engine.operation import Call
from apispy.model import REDACTED, Body, Chunk, Direction, Exchange, Headers
from apispy.steps.registry_auth import without_secrets

SECRET_HEADERS = frozenset(
    b"x-registry-auth x-registry-config authorization proxy-authorization cookie set-cookie".split()
)
"""Header fields whose values are credentials, in lower case."""

EMPTY_CREDENTIALS = (b"", b"e30=", b"bnVsbA==")
"""What clients send when they have none: nothing, base64 of ``{}`` and of ``null``. It helps to see that."""

LOGIN = (
    "request.password",
    "request.auth",
    "request.identitytoken",
    "request.registrytoken",
    "response.IdentityToken",
)
"""The secrets of POST /auth. Here too, so that a gap in the table of operations cannot show them."""

WITHHELD_FORMATS = ("h2c",)
"""BuildKit's tunnels carry registry credentials and build secrets inside gRPC: only a discreet decoder reads them."""


_QUOTED_BYTES = re.compile(r""":?\s*(?:bytearray\()?\bb(['"]).*\1\)?""", re.DOTALL)


def without_quotes(reason: str) -> str:
    """*reason* without the bytes from the wire that a parser's message quotes: a header line, a piece of a body."""
    return _QUOTED_BYTES.sub("", reason)


def redact(exchange: Exchange, call: Call) -> Exchange:
    """The same exchange without its secrets: marked in headers and JSON bodies, else the body is withheld."""
    problems = tuple(without_quotes(problem) for problem in exchange.problems)
    exchange = _redact_headers(replace(exchange, problems=problems))
    for direction, body in exchange.streams.items():
        if withholds(call, direction):
            clean = _redact_body(body, _paths(call, direction))
            if clean.shown or not (direction == "response" and _is_error(exchange)):
                exchange = exchange.with_stream(direction, clean)
    return exchange


def withholds(call: Call, direction: Direction) -> bool:
    """Whether this stream may hold secrets, so that its bytes may not be shown as they flow."""
    if call.operation.response in WITHHELD_FORMATS and direction in ("to_server", "to_client"):
        return True
    return bool(_paths(call, direction))


def _is_error(exchange: Exchange) -> bool:
    """An error's body is a message, in plain text before API 1.24, and not what the operation answers."""
    return exchange.response is not None and exchange.response.status >= 400


def _secrets(call: Call) -> tuple[str, ...]:
    login = call.operation.method in ("POST", "") and call.path.rstrip("/").endswith("/auth")
    return call.operation.secrets + (LOGIN if login else ())


def _paths(call: Call, direction: Direction) -> list[list[str]]:
    """Where the secrets of one stream are: [["password"], ["Spec", "Data"]]."""
    return [secret.split(".")[1:] for secret in _secrets(call) if secret.split(".")[0] == direction]


def _redact_headers(exchange: Exchange) -> Exchange:
    request, response = exchange.request, exchange.response
    request = replace(request, headers=_headers(request.headers), body=_trailers(request.body))
    if response is not None:
        response = replace(response, headers=_headers(response.headers), body=_trailers(response.body))
    return replace(exchange, request=request, response=response)


def _headers(headers: Headers) -> Headers:
    return Headers(tuple((name, _value(name, value)) for name, value in headers))


def _trailers(body: Body) -> Body:
    return replace(body, trailers=_headers(body.trailers)) if body.trailers else body


def _value(name: bytes, value: bytes) -> bytes:
    name = name.lower()
    if name not in SECRET_HEADERS or value.strip() in EMPTY_CREDENTIALS:
        return value
    return without_secrets(name.decode(), value) or REDACTED.encode()


def _redact_body(body: Body, paths: list[list[str]]) -> Body:
    if not body.size:
        return body
    try:
        if body.cut or not paths:
            raise ValueError("not all of it can be looked through")
        value = json.loads(body.data.decode("utf-8"))
    except (ValueError, RecursionError):
        return replace(body, chunks=(), shown=False)
    for path in paths:
        if path:
            _mask(value, path)
        else:  # the whole body
            value = _masked(value)
    # Padded, so that a text that got shorter does not look as if its end were missing.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return replace(body, chunks=(Chunk(body.chunks[-1].at, text.ljust(body.size)),))


def _mask(value: Any, path: list[str]) -> None:
    """Replace what is at *path* in *value*, in every element of the lists on the way.

    Names are compared without case, because the daemon (Go's encoding/json) reads them so.
    """
    if isinstance(value, list):
        for element in value:
            _mask(element, path)
    elif isinstance(value, dict):
        for key in [key for key in value if key.lower() == path[0].lower()]:
            if len(path) > 1:
                _mask(value[key], path[1:])
            else:
                value[key] = _masked(value[key])


def _masked(value: Any) -> Any:
    """*value* in its shape but without what it says. Of a list's ``NAME=value`` (Env) the names stay."""
    if isinstance(value, list):
        return [_masked_word(word) for word in value]
    if isinstance(value, dict):
        return {key: _masked(part) for key, part in value.items()}
    return value if value in ("", None) else REDACTED


def _masked_word(word: Any) -> Any:
    name, equals, _ = word.partition("=") if isinstance(word, str) else ("", "", "")
    return f"{name}={REDACTED}" if equals else _masked(word)
