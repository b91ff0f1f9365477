"""Docker contexts as they lie on disk, read as the docker CLI reads them.

Measured with docker CLI 28.2.2 and 20.10.24 (where they differ, as the newer one does). The store, below
``$DOCKER_CONFIG`` or ``~/.docker``: ``contexts/meta/<sha256 of the name>/meta.json`` says where the daemon is,
``contexts/tls/<the same>/docker/{ca,cert,key}.pem`` how to speak TLS to it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from apispy.endpoints.address import TLS, Endpoint, daemon_address
from apispy.endpoints.files import read_json
from apispy.errors import ApispyError, UsageError

DEFAULT = "default"
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.+-]+")
"""What the docker CLI takes for a name: two characters at least."""


@dataclass(frozen=True)
class Store:
    """The contexts of one docker configuration directory."""

    config: Path

    @classmethod
    def of(cls, environ: Mapping[str, str], home: Path) -> "Store":
        """That of the docker CLI with these."""
        return cls(Path(environ.get("DOCKER_CONFIG") or home / ".docker"))

    def meta_file(self, name: str) -> Path:
        """Where the context called *name* is described."""
        return self.config / "contexts/meta" / _hashed(name) / "meta.json"

    def tls_dir(self, name: str) -> Path:
        """The directory of its ca.pem, cert.pem and key.pem, each there or not."""
        return self.config / "contexts/tls" / _hashed(name) / "docker"

    def names(self) -> list[str]:
        """All there are but "default", sorted; what docker could not use is left out."""
        found = (_name_in(file) for file in self.config.glob("contexts/meta/*/meta.json"))
        return sorted(name for name in found if NAME.fullmatch(name) and self.meta_file(name).is_file())

    def read(self, name: str) -> dict[str, Any]:
        """What meta.json says. UsageError when there is no such context, ApispyError when it cannot be read."""
        try:
            return read_json(self.meta_file(name))
        except FileNotFoundError:
            there = ", ".join([DEFAULT, *self.names()])
            raise UsageError(
                f"There is no docker context {name!r}: looked for {self.meta_file(name)}. "
                f"There are: {there}. To see them: docker context ls"
            ) from None

    def endpoint(self, name: str) -> Endpoint:
        """Where the context leads, which must not be "default": that one depends on the environment."""
        meta, file = self.read(name), self.meta_file(name)
        docker = _object(_object(meta, "Endpoints"), "docker")
        host = docker.get("Host")
        if not isinstance(host, str) or not host:
            raise ApispyError(f"{file}: expected Endpoints.docker.Host, found none. {_anew(name)}")
        try:
            endpoint, scheme_tls = daemon_address(host)
        except UsageError as error:
            raise UsageError(f"In docker context {name!r} ({file}): {error}") from None
        if endpoint.kind != "tcp":
            return endpoint  # whatever TLS files there are: docker ignores them too
        tls = self._tls(name, docker.get("SkipTLSVerify") is not True, bool(scheme_tls))
        return replace(endpoint, port=endpoint.port or (443 if tls else 80), tls=tls)  # as Go's HTTP has it

    def _tls(self, name: str, verify: bool, wanted: bool) -> TLS | None:
        """TLS is on when there is any material for it, or SkipTLSVerify; the environment has no say in it."""
        folder = self.tls_dir(name)
        ca, cert, key = (p if (p := folder / f"{n}.pem").is_file() else None for n in ("ca", "cert", "key"))
        if verify and not (ca or cert or key or wanted):
            return None
        pair = (cert, key) if cert and key else (None, None)
        return TLS(verify, ca, *pair)


def current(environ: Mapping[str, str], home: Path) -> str:
    """The context that docker uses when none is typed: DOCKER_HOST > DOCKER_CONTEXT > currentContext > default."""
    if environ.get("DOCKER_HOST", "").strip():
        return DEFAULT
    return environ.get("DOCKER_CONTEXT") or configured(Store.of(environ, home).config) or DEFAULT


def configured(config: Path) -> str:
    """currentContext of config.json, or empty; docker warns of a file that it cannot read, and goes on without."""
    try:
        said = read_json(config / "config.json").get("currentContext")
    except (FileNotFoundError, ApispyError):
        return ""
    return said if isinstance(said, str) else ""


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()


def _name_in(file: Path) -> str:
    try:
        name = read_json(file).get("Name")
    except (FileNotFoundError, ApispyError):
        return ""
    return name if isinstance(name, str) else ""


def _object(holder: dict[str, Any], key: str) -> dict[str, Any]:
    """The object under *key*; empty when something else is there."""
    found = holder.get(key)
    return found if isinstance(found, dict) else {}


def _anew(name: str) -> str:
    return f"Make it anew: docker context rm {name}; docker context create {name} --docker host=ADDRESS"
