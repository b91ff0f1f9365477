"""What the streams of a call hold, as far as secrets go."""

from apispy.engine.operation import Call
from apispy.model import Direction, Exchange, Headers
from apispy.redaction import categories
from apispy.redaction.bodies import Secrets
from apispy.redaction.body_type import coding, is_archive
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
"""The secrets of POST /auth. Here too, so that a gap in the table of operations cannot show them."""

SECRET_TUNNEL = "h2c"
"""BuildKit's tunnels carry registry credentials and build secrets inside gRPC: only a discreet decoder reads them."""

PROGRAMS = ("stdio", "raw", "tar", "websocket", "opaque")
"""Formats that hold what programs say, or files: apispy cannot know what is secret there, only the user can."""

FRAMED = ("stdio", "raw")
"""Those among them that may have Docker's frames, or are plain text."""

NO_HEADERS = Headers()

VARIABLES = (categories.ENV, categories.BUILD)

FORM = "application/x-www-form-urlencoded"


def is_secret_tunnel(call: Call, exchange: Exchange, direction: Direction) -> bool:
    if direction not in ("to_server", "to_client"):
        return False
    protocol = exchange.tunnel.protocol if exchange.tunnel else ""
    return SECRET_TUNNEL in (call.operation.response, protocol)


def is_form(exchange: Exchange, direction: Direction) -> bool:
    return direction == "request" and media_type(exchange, direction) == FORM


def is_unknown_json(call: Call, exchange: Exchange, direction: Direction) -> bool:
    """JSON, or what may be, of which no table says where its secrets are: as a rule, of a call that is not Docker's."""
    if direction not in ("request", "response") or is_error(exchange, direction):
        return False
    kind = media_type(exchange, direction)
    foreign = not call.known or call.operation.tag == "Podman"
    return (foreign and not kind) or ("json" in kind and (foreign or _unexpected(call, direction)))


def _unexpected(call: Call, direction: Direction) -> bool:
    """A client may send credentials in the body of a pull, though the daemon takes none there."""
    return direction == "request" and call.operation.request != "json"


def is_error(exchange: Exchange, direction: Direction) -> bool:
    """An error's body is a message, in plain text before API 1.24, and not what the operation answers."""
    response = exchange.response
    return direction == "response" and response is not None and response.status >= 400


def format_of(call: Call, exchange: Exchange, direction: Direction, head: bytes = b"") -> str:
    """What the table says of this stream, "" for nothing. *head*: the first bytes of a request's body.

    An archive is only taken for one if it begins like one.
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
    """Those of the message that a stream belongs to; none while there is no answer."""
    head = exchange.response if direction != "request" else exchange.request
    return head.headers if head else NO_HEADERS


def media_type(exchange: Exchange, direction: Direction) -> str:
    return headers_of(exchange, direction).text("content-type").partition(";")[0].strip().lower()


def secrets_of(call: Call, direction: Direction, policy: Policy) -> Secrets:
    """Where the table says that this stream has secrets, beside those that the policy does not hide."""
    login = call.operation.method in ("POST", "") and call.path.rstrip("/").endswith("/auth")
    found: Secrets = []
    for secret in call.operation.secrets + (LOGIN if login else ()):
        side, *names = secret.lower().split(".")
        path: Path = tuple(names)
        kind = kind_at(call.operation, path)
        if side == direction and not (kind in VARIABLES and policy.env == "none"):
            found.append((path, kind))
    return found
