"""Docker contexts on disk, read as the docker CLI reads them.

Measured with docker CLI 28.2.2 and 20.10.24; where they differ, the newer one counts. The store is below
``$DOCKER_CONFIG`` or ``~/.docker``: ``contexts/meta/<sha256 of the name>/meta.json`` has the daemon's address,
``contexts/tls/<the same>/docker/{ca,cert,key}.pem`` are its TLS files.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apispy.endpoints.address import TLS, Endpoint, parse_daemon_address
from apispy.endpoints.files import read_json
from apispy.errors import ApispyError, UsageError
from apispy.structs import Struct, replace

DEFAULT = "default"
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.+-]+")
"""The names that the docker CLI accepts: two characters at least."""


class Store(Struct, frozen=True):
    """The contexts of one docker configuration directory."""

    config: Path

    @classmethod
    def of(cls, environ: Mapping[str, str], home: Path) -> "Store":
        """Return the store that the docker CLI uses with this environment and home directory."""
        return cls(Path(environ.get("DOCKER_CONFIG") or home / ".docker"))

    def meta_file(self, name: str) -> Path:
        """Return the meta.json of the context *name*."""
        return self.config / "contexts/meta" / _hashed(name) / "meta.json"

    def tls_dir(self, name: str) -> Path:
        """Return the directory of its ca.pem, cert.pem and key.pem, each of which may be missing."""
        return self.config / "contexts/tls" / _hashed(name) / "docker"

    def names(self) -> list[str]:
        """Return the names of all contexts but "default", sorted, without those that docker could not use."""
        found = (_stored_name(file) for file in self.config.glob("contexts/meta/*/meta.json"))
        return sorted(name for name in found if NAME.fullmatch(name) and self.meta_file(name).is_file())

    def read(self, name: str) -> dict[str, Any]:
        """What meta.json says. UsageError when there is no such context, ApispyError when it cannot be read."""
        try:
            return read_json(self.meta_file(name))
        except FileNotFoundError:
            existing = ", ".join([DEFAULT, *self.names()])
            raise UsageError(
                f"There is no docker context {name!r}: looked for {self.meta_file(name)}. "
                f"There are: {existing}. To list them: docker context ls"
            ) from None

    def endpoint(self, name: str) -> Endpoint:
        """Return the endpoint of the context, which must not be "default": that one depends on the environment."""
        meta, file = self.read(name), self.meta_file(name)
        docker = _object(_object(meta, "Endpoints"), "docker")
        host = docker.get("Host")
        if not isinstance(host, str) or not host:
            raise ApispyError(f"{file}: expected Endpoints.docker.Host, found none. {_recreate_hint(name)}")
        try:
            endpoint, scheme_tls = parse_daemon_address(host)
        except UsageError as error:
            raise UsageError(f"In docker context {name!r} ({file}): {error}") from None
        if endpoint.kind != "tcp":
            return endpoint  # docker ignores TLS files here too
        tls = self._tls(name, docker.get("SkipTLSVerify") is not True, bool(scheme_tls))
        return replace(
            endpoint, port=endpoint.port or (443 if tls else 80), tls=tls
        )  # the defaults of Go's HTTP client

    def _tls(self, name: str, verify: bool, wanted: bool) -> TLS | None:
        """TLS is on if there is any TLS file, or SkipTLSVerify; environment variables have no effect."""
        directory = self.tls_dir(name)
        ca, cert, key = (
            p if (p := directory / f"{n}.pem").is_file() else None for n in ("ca", "cert", "key")
        )
        if verify and not (ca or cert or key or wanted):
            return None
        pair = (cert, key) if cert and key else (None, None)
        return TLS(verify, ca, *pair)


def current(environ: Mapping[str, str], home: Path) -> str:
    """Return docker's context when none is typed: DOCKER_HOST > DOCKER_CONTEXT > currentContext > default."""
    if environ.get("DOCKER_HOST", "").strip():
        return DEFAULT
    return environ.get("DOCKER_CONTEXT") or configured(Store.of(environ, home).config) or DEFAULT


def configured(config: Path) -> str:
    """Return currentContext of config.json, or an empty string; docker only warns about a file that it cannot read."""
    try:
        name = read_json(config / "config.json").get("currentContext")
    except (FileNotFoundError, ApispyError):
        return ""
    return name if isinstance(name, str) else ""


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()


def _stored_name(file: Path) -> str:
    try:
        name = read_json(file).get("Name")
    except (FileNotFoundError, ApispyError):
        return ""
    return name if isinstance(name, str) else ""


def _object(holder: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the object under *key*; empty if its value is missing or not an object."""
    found = holder.get(key)
    return found if isinstance(found, dict) else {}


def _recreate_hint(name: str) -> str:
    return f"Recreate it: docker context rm {name}; docker context create {name} --docker host=ADDRESS"
