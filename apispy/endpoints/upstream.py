"""The daemon to dial and its TLS files, by the docker CLI's rules, flag by flag, and by apispy's names for daemons.

Source of the rules: docker/cli, cli/flags/options.go, opts/hosts.go and cli/command/cli.go; measured with docker CLI
28.2.2 and 20.10.24.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path

from apispy import system
from apispy.endpoints import contexts
from apispy.endpoints.address import TLS, UPSTREAM_FORMS, Endpoint, invalid_address, parse_daemon_address
from apispy.endpoints.machines import Machines
from apispy.endpoints.saved_names import NAME, SavedNames
from apispy.errors import ApispyError, UsageError
from apispy.structs import Struct, replace

DEFAULT_SOCKET = system.default_daemon()
PLAIN_PORT, TLS_PORT = 2375, 2376
MAX_SUGGESTIONS = 2
CONTEXT_PREFIX, MACHINE_PREFIX = "context:", "machine:"


class _Flags(Struct, frozen=True):
    """The TLS flags as typed. None means not typed; ``tls`` False also means that, but ``verify`` False does not."""

    tls: bool
    verify: bool | None
    files: Mapping[str, Path | None]  # keys "ca", "cert", "key"

    @property
    def typed(self) -> bool:
        return self.tls or self.verify is not None or any(self.files.values())


def upstream(
    text: str | None = None,
    *,
    tls: bool | None = None,
    tlsverify: bool | None = None,
    tlscacert: str | Path | None = None,
    tlscert: str | Path | None = None,
    tlskey: str | Path | None = None,
    environ: Mapping[str, str],
    home: Path,
) -> Endpoint:
    """Return the daemon that ``text`` names, or without it the one that the docker CLI would use.

    ``text`` is a saved name, ``context:NAME``, ``machine:NAME`` or an address. ``tls`` False and None both mean that
    the flag was not typed. ``tlsverify`` None means that too; False turns TLS on without verification. UsageError for
    an address, a flag or a file that cannot be used; ApispyError for a damaged file.
    """
    files = {"ca": tlscacert, "cert": tlscert, "key": tlskey}
    flags = _Flags(bool(tls), tlsverify, {name: _expanded(file, home) for name, file in files.items()})
    typed = CONTEXT_PREFIX + contexts.current(environ, home) if text is None else text.strip()
    if typed == CONTEXT_PREFIX + contexts.DEFAULT:
        return _from_environment(flags, environ, home)
    try:
        found = _named(typed, environ, home)
    except ApispyError as error:
        raise (
            error if text is not None else type(error)(f"In {_source_of_context(environ, home)}: {error}")
        ) from None
    if found is None:
        return _addressed(typed, flags, environ, home, port_means_tls=True)
    if flags.typed:  # docker ignores them, so the daemon would not be verified as the user asked
        raise UsageError(
            f"TLS flags cannot be used with {typed}, which has its own TLS settings. Leave them out, or type its "
            f"address, {found}, instead."
        )
    return found


def remark_on_name(text: str, found: Endpoint, environ: Mapping[str, str], home: Path) -> str:
    """Say which host *text* was taken for, if it might be a mistyped name: *found* is its endpoint. Else "".

    It may be one if it has neither a scheme nor a port. The sentence names similar saved names, contexts and machines.
    ApispyError for a damaged file.
    """
    name = text.strip()
    saved = SavedNames.of(environ, home)
    if not NAME.fullmatch(name) or name in saved.names():
        return ""
    known = {other: other for other in saved.names()}
    known |= {other: MACHINE_PREFIX + other for other in Machines.of(environ, home).names()}
    known |= {other: CONTEXT_PREFIX + other for other in contexts.Store.of(environ, home).names()}
    similar = [known[other] for other in difflib.get_close_matches(name, known, MAX_SUGGESTIONS)]
    advice = f"; did you mean {' or '.join(similar)}?" if similar else ""
    security = "in plaintext" if found.tls is None else "with TLS"
    return f"no endpoint is saved as {name!r}, so it is a host: {found.host}, port {found.port}, {security}{advice}"


def _named(typed: str, environ: Mapping[str, str], home: Path) -> Endpoint | None:
    """Resolve a name; None for an address. A saved name takes precedence over a host of the same name."""
    if typed.startswith(CONTEXT_PREFIX):
        return contexts.Store.of(environ, home).endpoint(typed.removeprefix(CONTEXT_PREFIX))
    if typed.startswith(MACHINE_PREFIX):
        return Machines.of(environ, home).endpoint(typed.removeprefix(MACHINE_PREFIX))
    return SavedNames.of(environ, home).endpoint(typed) if NAME.fullmatch(typed) else None


def _source_of_context(environ: Mapping[str, str], home: Path) -> str:
    """Return which setting selected docker's context, for a message."""
    if environ.get("DOCKER_CONTEXT"):
        return "DOCKER_CONTEXT"
    return f"currentContext of {contexts.Store.of(environ, home).config / 'config.json'}"


def _from_environment(flags: _Flags, environ: Mapping[str, str], home: Path) -> Endpoint:
    """Resolve docker's context "default": DOCKER_HOST, or docker's default socket."""
    host = environ.get("DOCKER_HOST", "").strip() or DEFAULT_SOCKET
    try:
        parse_daemon_address(host)
    except UsageError as error:
        raise UsageError(f"In DOCKER_HOST: {error}") from None
    return _addressed(host, flags, environ, home, port_means_tls=False)


def _addressed(
    typed: str, flags: _Flags, environ: Mapping[str, str], home: Path, *, port_means_tls: bool
) -> Endpoint:
    """Resolve an address; *port_means_tls*: port 2376 means TLS.

    That rule is apispy's own: docker would speak plain HTTP there, to which no daemon responds.
    """
    endpoint, scheme_tls = parse_daemon_address(typed)
    if endpoint.kind == "ssh" and flags.typed:
        raise invalid_address(
            typed, "TLS flags cannot be used with ssh, which does its own encryption", UPSTREAM_FORMS
        )
    if endpoint.kind != "tcp":
        return endpoint
    if scheme_tls is False and flags.typed:
        raise invalid_address(typed, "http:// means no TLS, but TLS flags were given", UPSTREAM_FORMS)
    by_address = scheme_tls or (scheme_tls is None and port_means_tls and endpoint.port == TLS_PORT)
    tls_wanted = scheme_tls is not False and (by_address or flags.typed or _tls_in_environment(environ))
    port = endpoint.port or (TLS_PORT if tls_wanted else PLAIN_PORT)
    return replace(endpoint, port=port, tls=_tls(flags, environ, home) if tls_wanted else None)


def _tls_in_environment(environ: Mapping[str, str]) -> bool:
    """Return whether the environment turns TLS on; any non-empty value does, even "0"."""
    return bool(environ.get("DOCKER_TLS_VERIFY") or environ.get("DOCKER_TLS"))


def _tls(flags: _Flags, environ: Mapping[str, str], home: Path) -> TLS:
    verify = _verify(flags, environ)
    directory = Path(environ.get("DOCKER_CERT_PATH") or environ.get("DOCKER_CONFIG") or home / ".docker")
    found = {name: _file(name, flags.files[name], directory) for name in ("ca", "cert", "key")}
    if verify and found["ca"] is None:
        raise UsageError(
            f"The daemon's certificate cannot be verified: {directory / 'ca.pem'} does not exist. "
            "Type --tlscacert FILE with the CA of that daemon, set DOCKER_CERT_PATH to the directory "
            "that contains ca.pem, or type --tls with DOCKER_TLS_VERIFY unset to accept any certificate."
        )
    _check_pair(found["cert"], found["key"], directory)
    return TLS(verify, found["ca"], found["cert"], found["key"])


def _verify(flags: _Flags, environ: Mapping[str, str]) -> bool:
    """Flags take precedence over the environment; --tls or DOCKER_TLS alone mean encryption only, as in docker."""
    if flags.verify is not None:
        return flags.verify
    if environ.get("DOCKER_TLS_VERIFY"):
        return True
    return not (flags.tls or environ.get("DOCKER_TLS"))


def _file(name: str, typed: Path | None, directory: Path) -> Path | None:
    if typed is None:
        default = directory / f"{name}.pem"
        return default if default.is_file() else None
    if not typed.is_file():
        flag = {"ca": "--tlscacert", "cert": "--tlscert", "key": "--tlskey"}[name]
        raise UsageError(f"{flag} {typed}: expected a PEM file, but there is no such file. Check the path.")
    return typed


def _check_pair(cert: Path | None, key: Path | None, directory: Path) -> None:
    if (cert is None) == (key is None):
        return
    have, missing = ("certificate", "key") if cert else ("key", "certificate")
    flag, default = ("--tlskey", "key.pem") if cert else ("--tlscert", "cert.pem")
    raise UsageError(
        f"The client {have} {cert or key} has no {missing}: {directory / default} does not exist. "
        f"Type {flag} FILE."
    )


def _expanded(file: str | Path | None, home: Path) -> Path | None:
    """Expand ``~/`` (on Windows ``~\\`` too): not every shell expands it inside --tlscert=~/cert.pem."""
    if file is None or str(file) == "":
        return None
    return home / str(file)[2:] if str(file).startswith(("~/", "~" + os.sep)) else Path(file)
