"""The daemon's address as other formats have it: in URLs, and as host and port."""

from urllib.parse import urlsplit

from apispy.model import Exchange
from apispy.structs import Struct

HTTP_SCHEMES = ("tcp", "http", "https")


class Server(Struct, frozen=True):
    """Where a daemon listens. *transport* is "unix", "tcp", or "" if that is not known, as behind ssh."""

    transport: str
    address: str  # host name, IP address or path of a socket
    port: int | None = None


def absolute_url(exchange: Exchange) -> str:
    """Return the absolute URL of a request; the host is localhost for unix sockets and ssh."""
    if "://" in exchange.request.target.partition("?")[0]:
        return exchange.request.target
    address = urlsplit(exchange.upstream)
    scheme = "https" if address.scheme == "https" else "http"
    host = address.netloc if address.scheme in HTTP_SCHEMES else "localhost"
    return f"{scheme}://{host}{exchange.request.target}"


def server_of(exchange: Exchange) -> Server:
    """Return the daemon that the call went to. An address that is not a URL is taken as it is."""
    if exchange.upstream.startswith("unix://"):
        return Server("unix", exchange.upstream.removeprefix("unix://"))
    try:
        address = urlsplit(exchange.upstream)
        host, port = address.hostname, address.port
    except ValueError:
        return Server("", exchange.upstream)
    return Server("tcp" if address.scheme in HTTP_SCHEMES else "", host or exchange.upstream, port)
