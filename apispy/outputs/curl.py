"""The curl command that repeats a call."""

import base64
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from apispy.model import Exchange
from apispy.outputs import units
from apispy.outputs.base import Reading
from apispy.outputs.escaping import escape

INLINE = 8 << 10
"""Bytes of a body that may stand in the command; a longer one is taken from a file."""

LEFT_OUT = frozenset(
    b"host user-agent content-length transfer-encoding connection upgrade accept-encoding expect te trailer".split()
)
"""Header fields that are the client's own affair, or curl's: without an upgrade Docker answers as a plain stream."""

BINARY = frozenset(("tar", "stdio", "raw", "opaque"))
"""Formats of answers that curl must be told to write to a terminal."""

NOT_BY_CURL = {
    "h2c": "curl cannot repeat this: BuildKit speaks gRPC on this connection",
    "websocket": "curl cannot repeat this: it is a websocket",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where the command goes: a unix socket, or *base* ("https://127.0.0.1:2377") with the files of its TLS.

    *impossible* says why curl cannot go there at all.
    """

    socket: str = ""
    base: str = "http://localhost"
    cacert: str = ""
    cert: str = ""
    key: str = ""
    insecure: bool = False
    impossible: str = ""

    def words(self) -> list[str]:
        named = {
            "--unix-socket": self.socket,
            "--cacert": self.cacert,
            "--cert": self.cert,
            "--key": self.key,
        }
        words = [word for name, value in named.items() if value for word in (name, value)]
        return [*words, "--insecure"] if self.insecure else words


Keep = Callable[[str, bytes], str]
"""Takes a file's name and content, and gives the path under which it keeps them."""


def curl(reading: Reading, target: Target, keep: Keep | None = None) -> str:
    """One line for a POSIX shell; a comment where curl cannot do it, or where the line is not the whole call.

    A body that cannot stand in the line is given to *keep*; without one the line says what to put where.
    """
    if why := target.impossible or why_not(reading):
        return f"# {why}"
    before, words, remark = parts(reading, keep)
    command = ["curl", "-sS", *target.words(), *words[:-1], target.base + words[-1]]
    line = before + " ".join(shlex.quote(word) for word in command)
    remarks = [remark] if remark else []
    if any(one.token and one.place.startswith("request") for one in reading.exchange.redactions):
        remarks.append("it has tokens (<redacted:...>) for what --show-secrets shows")
    return escape(f"{line}  # {'; '.join(remarks)}" if remarks else line)


def why_not(reading: Reading) -> str:
    """Why no curl command can repeat the call; "" when one can."""
    tunnel = reading.exchange.tunnel
    return NOT_BY_CURL.get(tunnel.protocol if tunnel else "") or NOT_BY_CURL.get(
        reading.call.operation.response, ""
    )


def parts(reading: Reading, keep: Keep | None = None) -> tuple[str, list[str], str]:
    """(what stands before curl in the pipe, its words with the path as the last, what is to be said of them)."""
    exchange = reading.exchange
    before, data, remark = _body(reading, keep)
    words = [*_method(exchange), *_headers(exchange), *data, *_binary(reading), *_path(exchange)]
    return before, words, remark


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
        if name.lower() not in LEFT_OUT and not name.startswith(b"@"):  # curl would read a file of that name
            yield "-H"
            yield f"{name.decode('latin-1')}: {value.decode('utf-8', 'backslashreplace')}"
    if exchange.request.body.size and "content-type" not in exchange.request.headers:
        yield "-H"
        yield "Content-Type:"  # without this, curl says that it sends a form


def _body(reading: Reading, keep: Keep | None) -> tuple[str, list[str], str]:
    """(what stands before curl in the pipe, curl's words for the body, what is to be said of it)."""
    body = reading.exchange.request.body
    if not body.size:
        return "", [], ""
    name = f"request-{reading.exchange.id}"
    if not body.shown:
        return "", ["--data-binary", f"@{name}"], f"the body ({units.size(body.size)}) is withheld"
    if keep and body.size > INLINE and not body.cut:
        return "", ["--data-binary", f"@{keep(name, body.data)}"], ""
    if body.cut or body.size > INLINE:
        return "", ["--data-binary", f"@{name}"], f"put the body ({units.size(body.size)}) into {name}"
    data = body.data.rstrip() if reading.call.operation.request == "json" else body.data
    text = _as_text(data)
    if text is not None:
        return "", ["--data-binary", text], ""
    coded = base64.b64encode(data).decode("ascii")
    return f"echo {coded} | base64 -d | ", ["--data-binary", "@-"], ""


def _as_text(data: bytes) -> str | None:
    """As it may stand on a line; not with a leading @, which curl would take for a file's name."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if escape(text) == text and not text.startswith("@") else None


def _binary(reading: Reading) -> list[str]:
    streams = ["--no-buffer"] if reading.call.stays_open else []
    return [*streams, "--output", "-"] if reading.call.operation.response in BINARY else streams


def _path(exchange: Exchange) -> list[str]:
    path = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?]*", "", exchange.request.target)
    words = ["--globoff"] if re.search(r"[\[\]{}]", path) else []
    if "/." in path:
        words.append("--path-as-is")
    return [*words, path]
