"""The names of the files in each layout."""

from collections.abc import Mapping
from typing import Literal

type Layout = Literal["article", "docker", "machine"]
type Role = Literal["ca", "ca-key", "server", "server-key", "cert", "key"]

_CA: Mapping[Role, tuple[str, ...]] = {"ca": ("ca.pem",), "ca-key": ("ca-key.pem",)}
_CLIENT: Mapping[Role, tuple[str, ...]] = {"cert": ("cert.pem",), "key": ("key.pem",)}

# The path of each file under the user's directory; {host} is the first name of the daemon.
# docker: docs.docker.com, "Protect the Docker daemon socket". machine: docker-machine's storage path (ENGINE.md, 3).
LAYOUTS: Mapping[Layout, Mapping[Role, tuple[str, ...]]] = {
    "article": {**_CA, "server": ("server.pem",), "server-key": ("server-key.pem",), **_CLIENT},
    "docker": {**_CA, "server": ("server-cert.pem",), "server-key": ("server-key.pem",), **_CLIENT},
    "machine": {
        "ca": ("certs/ca.pem", "machines/{host}/ca.pem"),
        "ca-key": ("certs/ca-key.pem",),
        "server": ("machines/{host}/server.pem",),
        "server-key": ("machines/{host}/server-key.pem",),
        "cert": ("certs/cert.pem", "machines/{host}/cert.pem"),
        "key": ("certs/key.pem", "machines/{host}/key.pem"),
    },
}

MEANING: Mapping[Role, str] = {
    "ca": "certificate of the CA: both sides trust it; not secret",
    "ca-key": "KEY OF THE CA: anyone who has it can admit clients; keep it off the daemon's machine",
    "server": "certificate of the daemon",
    "server-key": "key of the daemon",
    "cert": "certificate of the client",
    "key": "key of the client: anyone who has it is root on the daemon's machine",
}
