"""The user's own names for daemons: ``apispy endpoints add NAME ADDRESS``.

The file is ``$XDG_CONFIG_HOME/apispy/endpoints.json`` (``~/.config/apispy/endpoints.json``), 0600. It holds the
endpoint to which address and TLS options resolved, so that a name means the same daemon in every shell.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apispy import system
from apispy.endpoints.address import TLS, Endpoint, parse_daemon_address
from apispy.endpoints.files import make_directory, read_json, write_json
from apispy.errors import ApispyError, UsageError
from apispy.structs import Struct, replace

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]{0,62}")
FORMAT = 1


class SavedNames(Struct, frozen=True):
    """The names in one file, which may not exist yet."""

    file: Path

    @classmethod
    def of(cls, environ: Mapping[str, str], home: Path) -> "SavedNames":
        """Return the names of the user."""
        return cls(system.config_home(environ, home) / "apispy/endpoints.json")

    def names(self) -> list[str]:
        """Return all names, sorted. ApispyError if the file cannot be read."""
        return sorted(self._entries())

    def endpoint(self, name: str) -> Endpoint | None:
        """Return the endpoint saved as *name*, or None."""
        entry = self._entries().get(name)
        if entry is None:
            return None
        try:
            return _restored(entry)
        except (KeyError, TypeError, AttributeError, UsageError) as error:
            raise ApispyError(
                f"{self.file}: the entry {name!r} is damaged ({error}). Type: apispy endpoints remove {name}"
            ) from None

    def add(self, name: str, endpoint: Endpoint, *, force: bool = False) -> None:
        """Save *name*. UsageError for an invalid name and, unless *force*, for one that exists."""
        if not NAME.fullmatch(name) or name == "default":
            raise UsageError(
                f"Name {name!r}: expected a letter followed by letters, digits, '_', '.' and '-', at most 63 "
                'characters, and not "default".'
            )
        entries = self._entries()
        if name in entries and not force:
            raise UsageError(f"The endpoint {name!r} already exists. Add --force to replace it.")
        self._write(entries | {name: _saved(endpoint)})

    def remove(self, name: str) -> None:
        """Remove *name*. UsageError if it does not exist."""
        entries = self._entries()
        if name not in entries:
            existing = ", ".join(sorted(entries)) or "none"
            raise UsageError(f"There is no endpoint {name!r} in {self.file}. There are: {existing}.")
        del entries[name]
        self._write(entries)

    def _entries(self) -> dict[str, Any]:
        try:
            content = read_json(self.file)
        except FileNotFoundError:
            return {}
        entries = content.get("endpoints")
        if content.get("format") != FORMAT or not isinstance(entries, dict):
            raise ApispyError(
                f'{self.file}: expected "format": {FORMAT} and "endpoints", found something else. '
                "Another version of apispy, or a person, wrote it. Use that version, or move the file away."
            )
        return entries

    def _write(self, entries: dict[str, Any]) -> None:
        make_directory(self.file.parent)
        write_json(self.file, {"format": FORMAT, "endpoints": entries})


def _saved(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.tls is None:
        return {"address": str(endpoint), "tls": None}
    files = {role: getattr(endpoint.tls, role) for role in ("ca", "cert", "key")}
    tls = {role: str(file.absolute()) if file else None for role, file in files.items()}
    return {"address": str(endpoint), "tls": {"verify": endpoint.tls.verify, **tls}}


def _restored(entry: dict[str, Any]) -> Endpoint:
    endpoint, _ = parse_daemon_address(entry["address"])
    if (tls := entry["tls"]) is None:
        return endpoint
    ca, cert, key = (Path(tls[role]) if tls[role] is not None else None for role in ("ca", "cert", "key"))
    return replace(endpoint, tls=TLS(tls["verify"] is not False, ca, cert, key))
