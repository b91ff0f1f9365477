"""The machines of Docker Machine on disk.

Below ``$MACHINE_STORAGE_PATH`` or ``~/.docker/machine``: ``machines/NAME/config.json`` and the certificates. Source of
the layout: docker/machine, libmachine/host and libmachine/auth, ConfigVersion 3.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apispy.endpoints.address import TLS, Endpoint, parse_daemon_address
from apispy.endpoints.files import read_json
from apispy.errors import ApispyError, UsageError
from apispy.structs import Struct, replace

PORT = 2376
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]*")
"""The names that Docker Machine accepts; they become host names."""

_FILES = {"ca": "CaCertPath", "cert": "ClientCertPath", "key": "ClientKeyPath"}


class Machines(Struct, frozen=True):
    """The machines of one storage directory."""

    storage: Path

    @classmethod
    def of(cls, environ: Mapping[str, str], home: Path) -> "Machines":
        """Return the machines that docker-machine uses with this environment and home directory."""
        return cls(Path(environ.get("MACHINE_STORAGE_PATH") or home / ".docker/machine"))

    def directory(self, name: str) -> Path:
        """Return the machine's own directory."""
        return self.storage / "machines" / name

    def names(self) -> list[str]:
        """Return the names of all machines, sorted."""
        found = (file.parent.name for file in self.storage.glob("machines/*/config.json"))
        return sorted(name for name in found if NAME.fullmatch(name))

    def read(self, name: str) -> dict[str, Any]:
        """Return its config.json. UsageError if there is no such machine, ApispyError if the file cannot be read."""
        file = self.directory(name) / "config.json"
        try:
            if not NAME.fullmatch(name):
                raise FileNotFoundError  # a name like ".." must not leave the directory
            return read_json(file)
        except FileNotFoundError:
            raise UsageError(
                f"There is no machine {name!r}: looked for {file}. There are: {', '.join(self.names()) or 'none'}. "
                "Set MACHINE_STORAGE_PATH if your machines are elsewhere."
            ) from None

    def endpoint(self, name: str) -> Endpoint:
        """Return the machine's endpoint; TCP always has verified TLS, as with ``docker-machine env``."""
        config = self.read(name)
        address = self._address(name, config)
        try:
            endpoint, _ = parse_daemon_address(address)
        except UsageError as error:
            raise UsageError(f"In machine {name!r}: {error}") from None
        if endpoint.kind != "tcp":
            return endpoint
        files = {role: self._file(name, role, config) for role in _FILES}
        return replace(endpoint, port=endpoint.port or PORT, tls=TLS(True, **files))

    def _address(self, name: str, config: dict[str, Any]) -> str:
        """Return the URL given to the driver "none", else Docker's TLS port at the machine's address."""
        driver = config.get("Driver")
        for key, form in (("URL", "{}"), ("IPAddress", f"tcp://{{}}:{PORT}")):
            if isinstance(driver, dict) and isinstance(found := driver.get(key), str) and found:
                return form.format(found)
        file = self.directory(name) / "config.json"
        raise ApispyError(
            f"{file}: expected Driver.URL or Driver.IPAddress, found neither. A machine has them once it has "
            f"started. Type: docker-machine start {name}"
        )

    def _file(self, name: str, role: str, config: dict[str, Any]) -> Path:
        """Find a TLS file in the machine's directory, as ``docker-machine env``, or at the path in its options."""
        own = self.directory(name) / f"{role}.pem"
        options = config.get("HostOptions")
        auth = options.get("AuthOptions") if isinstance(options, dict) else None
        configured = auth.get(_FILES[role]) if isinstance(auth, dict) else None
        for file in (own, Path(configured) if isinstance(configured, str) and configured else own):
            if file.is_file():
                return file
        raise UsageError(f"Machine {name!r} has no {own}. Type: docker-machine regenerate-certs {name}")
