"""What kind of secrets each stream of a call may hold."""

from functools import lru_cache

from apispy.engine.lookup import FORM
from apispy.engine.operation import Call, Operation
from apispy.engine.operations import FOREIGN_TAGS
from apispy.model import Direction, Exchange, Headers
from apispy.redaction import categories
from apispy.redaction.bodies import Secrets
from apispy.redaction.body_type import Fields, coding, is_archive
from apispy.redaction.categories import kind_at
from apispy.redaction.json_paths import Path
from apispy.redaction.policy import Policy

LOGIN = (
    "request.password",
    "request.auth",
    "request.identitytoken",
    "request.registrytoken",
    "response.IdentityToken",
)
"""The secrets of POST /auth, repeated here so that a gap in the table of operations cannot expose them."""

SECRET_TUNNEL = "h2c"
"""The protocol of BuildKit's tunnels, whose gRPC messages hold credentials and build secrets. Only a
decoder whose items are redacted one by one reads them."""

GRPC = "application/grpc"
"""The beginning of the media types of gRPC's messages."""

ARCHIVE = "tar"
"""The format among PROGRAMS that only the user's patterns are searched in: a file may have any bytes."""

PROGRAMS = ("stdio", "raw", "tar", "websocket", "opaque")
"""Formats of program output and files. Only secrets that are known already, and those of the
user's rules, are found there."""

FRAMED = ("stdio", "raw")
"""The formats among PROGRAMS that are Docker's stdio frames or plain text."""

WITH_FRAMES = ("stdio", "websocket")
"""The formats among PROGRAMS whose decoders tell headers of frames from what programs write."""

NO_HEADERS = Headers()

VARIABLES = (categories.ENV, categories.BUILD)


def is_secret_tunnel(call: Call, exchange: Exchange, direction: Direction) -> bool:
    """Whether the stream is one side of a BuildKit tunnel, or the body of a gRPC call, which has the same messages."""
    if direction not in ("to_server", "to_client"):
        request, response = exchange.request, exchange.response
        if request.headers.media_type.startswith(GRPC):
            return True
        if response is not None and response.headers.media_type.startswith(GRPC):
            return True
        return call.operation.response == "grpc" and not is_error(exchange, direction)
    protocol = exchange.tunnel.protocol if exchange.tunnel else ""
    return SECRET_TUNNEL in (call.operation.response, protocol)


def is_websocket(exchange: Exchange, direction: Direction) -> bool:
    """Whether the stream is one side of a WebSocket."""
    tunnel = exchange.tunnel if direction in ("to_server", "to_client") else None
    return tunnel is not None and tunnel.protocol == "websocket"


def is_form(exchange: Exchange, direction: Direction) -> bool:
    """Whether the request declares its body as a form."""
    return direction == "request" and media_type(exchange, direction) == FORM


def is_unknown_json(call: Call, exchange: Exchange, direction: Direction) -> bool:
    """Whether the stream may be JSON whose secret fields are not in the table of operations."""
    if direction not in ("request", "response") or is_error(exchange, direction):
        return False
    kind = media_type(exchange, direction)
    foreign = not call.known or call.operation.tag in FOREIGN_TAGS
    return (foreign and not kind) or ("json" in kind and (foreign or _unexpected(call, direction)))


def _unexpected(call: Call, direction: Direction) -> bool:
    """Whether the request has a body that the operation does not define: a client may send credentials there."""
    return direction == "request" and call.operation.request != "json"


def fields_in_text(call: Call, exchange: Exchange, direction: Direction) -> Fields:
    """Where a body that is not JSON may have fields with secrets, because nothing defines its text.

    No operation defines text in a request. Texts that one defines in a response, and its errors, stay readable.
    """
    if direction == "request":
        return "anywhere"
    if direction != "response":
        return "nowhere"
    if call.known and call.operation.tag not in FOREIGN_TAGS:
        defined = is_error(exchange, direction) or call.operation.response
        return "nowhere" if defined else "anywhere"
    return "not in sentences" if is_error(exchange, direction) else "anywhere"


def is_error(exchange: Exchange, direction: Direction) -> bool:
    """Whether the stream is the body of an error response: a message, in plain text before API 1.24."""
    response = exchange.response
    return direction == "response" and response is not None and response.status >= 400


def format_of(call: Call, exchange: Exchange, direction: Direction, head: bytes = b"") -> str:
    """The format of a stream by the table of operations; "" if it has none. *head*: the first bytes of a request body.

    A request body counts as an archive only if its bytes begin like one.
    """
    if is_error(exchange, direction):
        return "text"
    if direction == "to_server":
        return "raw"
    if direction == "request":
        said = "json" if "json" in media_type(exchange, direction) else call.operation.request
        is_text = said in PROGRAMS and head and not is_archive(head, coding(exchange.request.headers, head))
        return "text" if is_text else said
    return call.operation.response


def headers_of(exchange: Exchange, direction: Direction) -> Headers:
    """The headers of the message that a stream belongs to; empty before the response."""
    head = exchange.response if direction != "request" else exchange.request
    return head.headers if head else NO_HEADERS


def media_type(exchange: Exchange, direction: Direction) -> str:
    """The declared media type of a stream, in lower case, without parameters; "" if none is declared."""
    return headers_of(exchange, direction).media_type


def secrets_of(call: Call, direction: Direction, policy: Policy) -> Secrets:
    """The secret paths of a stream by the table of operations, without those that the policy shows."""
    operation = call.operation
    login = operation.method in ("POST", "") and call.path.rstrip("/").endswith("/auth")
    if not operation.secrets and not login:
        return []
    return list(_secrets_of(operation, direction, login=login, shows_variables=policy.env == "none"))


@lru_cache(1024)  # there are as many keys as streams with secrets in the table of operations
def _secrets_of(
    operation: Operation, direction: Direction, *, login: bool, shows_variables: bool
) -> tuple[tuple[Path, str], ...]:
    found = []
    for secret in operation.secrets + (LOGIN if login else ()):
        side, *names = secret.lower().split(".")
        path: Path = tuple(names)
        kind = kind_at(operation, path)
        if side == direction and not (kind in VARIABLES and shows_variables):
            found.append((path, kind))
    return tuple(found)
