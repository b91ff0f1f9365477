"""Where spans and metrics go: ``--otlp ENDPOINT``, and the standard environment variables of OpenTelemetry.

The variables are read only with ``--otlp``; the endpoint is always the one that is typed. Source:
https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and .../configuration/sdk-environment-variables/
"""

import re
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from apispy.endpoints import Listen
from apispy.errors import UsageError
from apispy.structs import Struct

PORTS = {"http": 80, "https": 443, "grpc": 4317, "grpcs": 4317}
"""The schemes, and the port of an address that has none."""

HEADERS, CA = "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_CERTIFICATE"
RESOURCE, SERVICE = "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME"

EXAMPLE = "Type --otlp http://localhost:4318, or --otlp grpc://localhost:4317"

MAX_WORD = 3
"""Characters of a value that is too short to be a secret."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x20-\x7e\x80-\xff]*")


class Settings(Struct, frozen=True):
    """A receiver of OTLP, and what is sent with every request."""

    scheme: str
    host: str
    port: int
    path: str = ""  # of HTTP, without "/v1/traces"
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case. The values may be secrets: nothing prints them."""
    ca: Path | None = None
    """Certificates that verify the receiver; None: those of the system."""
    resource: tuple[tuple[str, str], ...] = ()
    """Attributes of all that is sent."""
    service: str = ""
    """The ``service.name`` of all that is sent; "": a client's program."""

    def __repr__(self) -> str:
        return f"Settings({self!s})"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"

    @property
    def uses_tls(self) -> bool:
        return self.scheme in ("https", "grpcs")

    @property
    def uses_grpc(self) -> bool:
        return self.scheme.startswith("grpc")

    @property
    def is_local(self) -> bool:
        """Whether what is sent stays on this machine."""
        return Listen("tcp", self.host, self.port, "").loopback

    def without_secrets(self, text: str) -> str:
        """Return *text*, which a receiver wrote, without the values of the headers that it got."""
        for _, value in self.headers:
            for secret in (value, *value.split()):
                text = text.replace(secret, "<redacted>") if len(secret) > MAX_WORD else text
        return text


def settings_of(endpoint: str, environ: Mapping[str, str]) -> Settings:
    """Read the value of --otlp and the environment. Raises UsageError, which quotes no secret."""
    scheme, host, port, path = _address(endpoint)
    ca = Path(environ[CA]) if environ.get(CA) else None
    if ca and scheme in ("http", "grpc"):
        ca = None  # it is there for other programs
    return Settings(
        scheme,
        host,
        port,
        path,
        tuple((name.lower(), value) for name, value in _pairs(HEADERS, environ, _NAME, _VALUE)),
        ca,
        (("host.name", socket.gethostname()), *_pairs(RESOURCE, environ, re.compile(".+"), re.compile(".*"))),
        environ.get(SERVICE, ""),
    )


def _address(endpoint: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise UsageError(f"--otlp: this is not an address. {EXAMPLE}") from None
    if parts.scheme not in PORTS or not host or not endpoint.isprintable():
        raise UsageError(
            f"--otlp: expected http://, https://, grpc:// or grpcs:// and a host, found {_shown(endpoint)}. {EXAMPLE}"
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(
            "--otlp: the address must have no user name, password, query or fragment. "
            f"Credentials go into {HEADERS}, such as authorization=Bearer%20TOKEN"
        )
    path = parts.path.rstrip("/")
    if path.endswith(("/v1/traces", "/v1/metrics")):
        base = path.rpartition("/v1/")[0]
        raise UsageError(
            f"--otlp: apispy adds /v1/traces and /v1/metrics. "
            f"Type --otlp {Settings(parts.scheme, host, port or PORTS[parts.scheme], base)}"
        )
    if path and parts.scheme.startswith("grpc"):
        raise UsageError(f"--otlp: the address of a gRPC receiver has no path, found {path!r}. {EXAMPLE}")
    return parts.scheme, host, PORTS[parts.scheme] if port is None else port, path


def _shown(endpoint: str) -> str:
    """Return an address without what may be secret in it."""
    before, at, host = endpoint.partition("?")[0].rpartition("@")
    return repr(f"...@{host}" if at else host) if before or host else "nothing"


def _pairs(
    variable: str, environ: Mapping[str, str], name: re.Pattern[str], value: re.Pattern[str]
) -> list[tuple[str, str]]:
    """Read NAME=VALUE,..., percent-encoded as in W3C's Baggage. A wrong part is named by its place."""
    found = []
    for number, part in enumerate(environ.get(variable, "").split(","), 1):
        if not part.strip():
            continue
        key, equals, content = (text.strip() for text in part.partition("="))
        key, content = unquote(key), unquote(content)
        if not equals or not name.fullmatch(key) or not value.fullmatch(content):
            raise UsageError(
                f"{variable}: part {number} is not NAME=VALUE. Separate parts by commas, and write other "
                "characters as %XX"
            )
        found.append((key, content))
    return found
