"""The curl command that repeats a call."""

import base64
import re
import shlex
from collections.abc import Callable, Iterator

from apispy import units
from apispy.model import Exchange
from apispy.outputs.base import DecodedCall
from apispy.outputs.escaping import escape
from apispy.structs import Struct

MAX_INLINE_BODY = 8 << 10
"""Bytes of a body that may be part of the command; a longer body is read from a file."""

OMITTED_HEADERS = frozenset(
    b"host user-agent content-length transfer-encoding connection upgrade accept-encoding expect te trailer".split()
)
"""Headers that curl sets itself or that do not matter. Without an upgrade, Docker responds with a plain stream."""

BINARY_FORMATS = frozenset(("tar", "stdio", "raw", "opaque"))
"""Response formats that curl writes to a terminal only with ``--output -``."""

SECRET = re.compile(r"<redacted:([0-9a-f]{8})>|%3Credacted%3A([0-9a-f]{8})%3E")
"""The token of a secret, also percent-encoded in a target."""

UNSUPPORTED_PROTOCOLS = {
    "h2c": "curl cannot repeat this: BuildKit speaks gRPC on this connection",
    "websocket": "curl cannot repeat this: it is a WebSocket",
    "grpc": "curl cannot repeat this: it is a gRPC call",
}
"""Why curl cannot repeat a call, by the tunnel's protocol or the format of the response."""


class Target(Struct, frozen=True):
    """The daemon that the command calls: a unix socket, or *base* ("https://127.0.0.1:2377") with its TLS files.

    *impossible* is the reason why curl cannot reach it at all, or "".
    """

    socket: str = ""
    base: str = "http://localhost"
    cacert: str = ""
    cert: str = ""
    key: str = ""
    insecure: bool = False
    impossible: str = ""

    def arguments(self) -> list[str]:
        named = {
            "--unix-socket": self.socket,
            "--cacert": self.cacert,
            "--cert": self.cert,
            "--key": self.key,
        }
        words = [word for name, value in named.items() if value for word in (name, value)]
        return [*words, "--insecure"] if self.insecure else words


SaveBody = Callable[[str, bytes], str]
"""Saves a body under a file name and returns its path."""


def curl(decoded: DecodedCall, target: Target, save: SaveBody | None = None) -> str:
    """Return one line for a POSIX shell, or a comment if curl cannot repeat the call.

    A trailing comment says what the line lacks. A body too long for the line is passed to *save*; without *save*, the
    comment says which file to create.
    """
    if why := target.impossible or reason_impossible(decoded):
        return f"# {why}"
    pipe, words, comment = command_parts(decoded, save)
    command = ["curl", "-sS", *target.arguments(), *words[:-1], target.base + words[-1]]
    line = pipe + " ".join(shell_word(word) for word in command)
    comments = [comment] if comment else []
    if any(one.token and one.place.startswith("request") for one in decoded.exchange.redactions):
        comments.append(_secrets_comment(line))
    return escape(f"{line}  # {'; '.join(comments)}" if comments else line)


def secret_variable(token: re.Match[str]) -> str:
    """The variable for the secret that a match of SECRET replaces: "SECRET_3f2a91c0"."""
    return f"SECRET_{token[1] or token[2]}"


def shell_word(word: str) -> str:
    """Quote a word for a POSIX shell. The tokens of secrets become variables, which must be set."""
    parts, end = [], 0
    for token in SECRET.finditer(word):
        parts += [word[end : token.start()] and shlex.quote(word[end : token.start()])]
        parts += [f'"${{{secret_variable(token)}:?}}"']
        end = token.end()
    rest = word[end:]
    return "".join([*parts, shlex.quote(rest) if rest or not parts else ""])


def _secrets_comment(line: str) -> str:
    names = list(dict.fromkeys(re.findall(r"\$\{(SECRET_[0-9a-f]{8}):\?\}", line)))
    if not names:
        return "<redacted:...> replaces secrets; --show-secrets shows them"
    return f"set {', '.join(names)} to what was hidden; --show-secrets shows it"


def reason_impossible(decoded: DecodedCall) -> str:
    """Return why no curl command can repeat the call; "" when one can."""
    request, tunnel = decoded.exchange.request, decoded.exchange.tunnel
    if request.method == "PRI":
        return "curl cannot repeat this alone: it is the beginning of HTTP/2"
    named = [tunnel.protocol if tunnel else "", decoded.call.operation.response]
    if request.headers.text("content-type").startswith("application/grpc"):
        named.append("grpc")
    return next((UNSUPPORTED_PROTOCOLS[name] for name in named if name in UNSUPPORTED_PROTOCOLS), "")


def command_parts(decoded: DecodedCall, save: SaveBody | None = None) -> tuple[str, list[str], str]:
    """Return (pipe prefix before curl, its arguments ending with the path, a comment or "")."""
    exchange = decoded.exchange
    pipe, data, comment = _body(decoded, save)
    words = [*_method(exchange), *_headers(exchange), *data, *_binary(decoded), *_path(exchange)]
    return pipe, words, comment


def _method(exchange: Exchange) -> list[str]:
    request = exchange.request
    match request.method:
        case "GET" if not request.body.size:
            return []
        case "HEAD":
            return ["--head"]
    return ["-X", request.method]


def _headers(exchange: Exchange) -> Iterator[str]:
    for name, value in exchange.request.headers:
        if name.lower() not in OMITTED_HEADERS and not name.startswith(
            b"@"
        ):  # curl would read a file with that name
            yield "-H"
            yield f"{name.decode('latin-1')}: {value.decode('utf-8', 'backslashreplace')}"
    if exchange.request.body.size and "content-type" not in exchange.request.headers:
        yield "-H"
        yield "Content-Type:"  # otherwise curl declares a form


def _body(decoded: DecodedCall, save: SaveBody | None) -> tuple[str, list[str], str]:
    """Return (pipe prefix before curl, its arguments for the body, a comment or "")."""
    body = decoded.exchange.request.body
    if not body.size:
        return "", [], ""
    name = f"request-{decoded.exchange.id}"
    if not body.shown:
        return "", ["--data-binary", f"@{name}"], f"the body ({units.size(body.size)}) is withheld"
    if save and body.size > MAX_INLINE_BODY and not body.cut:
        return "", ["--data-binary", f"@{save(name, body.data)}"], ""
    if body.cut or body.size > MAX_INLINE_BODY:
        return "", ["--data-binary", f"@{name}"], f"save the body ({units.size(body.size)}) as {name}"
    data = body.data.rstrip() if decoded.call.operation.request == "json" else body.data
    text = _as_text(data)
    if text is not None:
        return "", ["--data-binary", text], ""
    coded = base64.b64encode(data).decode("ascii")
    return f"echo {coded} | base64 -d | ", ["--data-binary", "@-"], ""


def _as_text(data: bytes) -> str | None:
    """Return the data as text for the command line, or None. Not with a leading @, which curl takes for a file name."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if escape(text) == text and not text.startswith("@") else None


def _binary(decoded: DecodedCall) -> list[str]:
    streams = ["--no-buffer"] if decoded.call.stays_open else []
    return [*streams, "--output", "-"] if decoded.call.operation.response in BINARY_FORMATS else streams


def _path(exchange: Exchange) -> list[str]:
    path = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?]*", "", exchange.request.target)
    words = ["--globoff"] if re.search(r"[\[\]{}]", path) else []
    if "/." in path:
        words.append("--path-as-is")
    return [*words, path]
