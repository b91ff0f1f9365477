"""The machines of Docker Machine, as they lie on disk.

Below ``$MACHINE_STORAGE_PATH`` or ``~/.docker/machine``: ``machines/NAME/config.json`` and the certificates. Source of
the layout: docker/machine, libmachine/host and libmachine/auth, ConfigVersion 3.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from apispy.endpoints.address import TLS, Endpoint, daemon_address
from apispy.endpoints.files import read_json
from apispy.errors import ApispyError, UsageError

PORT = 2376
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]*")
"""What Docker Machine takes for a name, as it becomes a host name."""

_FILES = {"ca": "CaCertPath", "cert": "ClientCertPath", "key": "ClientKeyPath"}


@dataclass(frozen=True)
class Machines:
    """The machines of one storage directory."""

    storage: Path

    @classmethod
    def of(cls, environ: Mapping[str, str], home: Path) -> "Machines":
        """Those of docker-machine with these."""
        return cls(Path(environ.get("MACHINE_STORAGE_PATH") or home / ".docker/machine"))

    def directory(self, name: str) -> Path:
        """The machine's own."""
        return self.storage / "machines" / name

    def names(self) -> list[str]:
        """All there are, sorted."""
        found = (file.parent.name for file in self.storage.glob("machines/*/config.json"))
        return sorted(name for name in found if NAME.fullmatch(name))

    def read(self, name: str) -> dict[str, Any]:
        """Its config.json. UsageError when there is no such machine, ApispyError when it cannot be read."""
        file = self.directory(name) / "config.json"
        try:
            if not NAME.fullmatch(name):
                raise FileNotFoundError  # and do not leave the directory by way of ..
            return read_json(file)
        except FileNotFoundError:
            raise UsageError(
                f"There is no machine {name!r}: looked for {file}. There are: {', '.join(self.names()) or 'none'}. "
                "MACHINE_STORAGE_PATH names the directory to look in."
            ) from None

    def endpoint(self, name: str) -> Endpoint:
        """Where the machine is; with TLS, and verified, as ``docker-machine env`` has it."""
        config = self.read(name)
        where = self._address(name, config)
        try:
            endpoint, _ = daemon_address(where)
        except UsageError as error:
            raise UsageError(f"In machine {name!r}: {error}") from None
        if endpoint.kind != "tcp":
            return endpoint
        files = {role: self._file(name, role, config) for role in _FILES}
        return replace(endpoint, port=endpoint.port or PORT, tls=TLS(True, **files))

    def _address(self, name: str, config: dict[str, Any]) -> str:
        """The URL that the driver "none" was given, else the port of Docker at the machine's address."""
        driver = config.get("Driver")
        for key, form in (("URL", "{}"), ("IPAddress", f"tcp://{{}}:{PORT}")):
            if isinstance(driver, dict) and isinstance(found := driver.get(key), str) and found:
                return form.format(found)
        file = self.directory(name) / "config.json"
        raise ApispyError(
            f"{file}: expected Driver.URL or Driver.IPAddress, found neither; a machine that was never started has "
            f"none. Type: docker-machine start {name}"
        )

    def _file(self, name: str, role: str, config: dict[str, Any]) -> Path:
        """In the machine's own directory, which ``docker-machine env`` names, or where its options say."""
        own = self.directory(name) / f"{role}.pem"
        options = config.get("HostOptions")
        auth = options.get("AuthOptions") if isinstance(options, dict) else None
        said = auth.get(_FILES[role]) if isinstance(auth, dict) else None
        for file in (own, Path(said) if isinstance(said, str) and said else own):
            if file.is_file():
                return file
        raise UsageError(f"Machine {name!r} lacks {own}. Type: docker-machine regenerate-certs {name}")
