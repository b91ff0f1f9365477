"""Which daemon to dial, and with what TLS files: the docker CLI's rules, flag by flag.

Source of the rules: docker/cli, cli/flags/options.go and opts/hosts.go; measured with docker CLI 28.2.2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from apispy.endpoints.address import (
    TLS,
    UPSTREAM_FORMS,
    Endpoint,
    host_port,
    refused,
    split_url,
    ssh_parts,
    unix_path,
    unknown_scheme,
)
from apispy.errors import UsageError

DEFAULT_SOCKET = "unix:///var/run/docker.sock"
PLAIN_PORT, TLS_PORT = 2375, 2376
_SCHEME_TLS = {"tcp": None, "http": False, "https": True}


@dataclass(frozen=True)
class _Flags:
    """The TLS flags as typed; None means not typed, and so does ``tls`` False (but not ``verify`` False)."""

    tls: bool
    verify: bool | None
    files: Mapping[str, Path | None]  # by the names "ca", "cert", "key"

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
    """The daemon that ``text`` names, or without it the one that the docker CLI would use.

    ``tls`` False and None both mean that the flag was not typed; ``tlsverify`` None means so, False turns TLS
    on without verification. UsageError for an address, a flag or a file that cannot be used.
    """
    files = {"ca": tlscacert, "cert": tlscert, "key": tlskey}
    flags = _Flags(bool(tls), tlsverify, {name: _expanded(file, home) for name, file in files.items()})
    typed = _docker_cli_host(environ) if text is None else text
    try:
        endpoint, scheme_tls = _address(typed.strip())
    except UsageError as error:
        raise error if text is not None else UsageError(f"In DOCKER_HOST: {error}") from None
    if endpoint.kind == "ssh" and flags.typed:
        raise refused(typed, "TLS flags cannot be used with ssh, which encrypts by itself", UPSTREAM_FORMS)
    if endpoint.kind != "tcp":
        return endpoint
    if scheme_tls is False and flags.typed:
        raise refused(typed, "http:// means without TLS, and TLS flags were given", UPSTREAM_FORMS)
    # Port 2376 is a rule of apispy's own: the docker CLI would speak plain HTTP there, which no daemon answers.
    by_address = scheme_tls or (scheme_tls is None and text is not None and endpoint.port == TLS_PORT)
    tls_wanted = scheme_tls is not False and (by_address or flags.typed or _tls_in(environ))
    port = endpoint.port or (TLS_PORT if tls_wanted else PLAIN_PORT)
    return replace(endpoint, port=port, tls=_tls(flags, environ, home) if tls_wanted else None)


def _docker_cli_host(environ: Mapping[str, str]) -> str:
    """What the docker CLI dials when nothing is typed. Docker contexts will be looked up here."""
    if host := environ.get("DOCKER_HOST", "").strip():
        return host
    if (context := environ.get("DOCKER_CONTEXT", "default")) not in ("", "default"):
        raise UsageError(  # going on would spy on another daemon than the one that docker talks to
            f"DOCKER_CONTEXT={context}: apispy does not read docker contexts yet. Type --upstream with the "
            f"address that this prints: docker context inspect {context} -f '{{{{.Endpoints.docker.Host}}}}'"
        )
    return DEFAULT_SOCKET


def _address(text: str) -> tuple[Endpoint, bool | None]:
    """(endpoint without TLS, port 0 if none was given; what the scheme says about TLS or None)."""
    scheme, rest = split_url(text)
    if scheme == "unix":
        return Endpoint("unix", "", 0, unix_path(rest, text, UPSTREAM_FORMS), "", None), None
    if scheme == "ssh":
        return ssh_parts(rest, text), None
    if scheme not in _SCHEME_TLS:
        raise unknown_scheme(scheme, text, UPSTREAM_FORMS)
    address, slash, base = rest.partition("/")
    if base:
        raise refused(
            text,
            f"a base path ({slash}{base}) cannot be used, apispy forwards paths as they are",
            UPSTREAM_FORMS,
        )
    host, port = host_port(address, text, UPSTREAM_FORMS)
    if port == 0:
        raise refused(text, "expected a port from 1 to 65535, found 0", UPSTREAM_FORMS)
    return Endpoint("tcp", host, port or 0, "", "", None), _SCHEME_TLS[scheme]


def _tls_in(environ: Mapping[str, str]) -> bool:
    """Whether the environment turns TLS on; any text does, even "0"."""
    return bool(environ.get("DOCKER_TLS_VERIFY") or environ.get("DOCKER_TLS"))


def _tls(flags: _Flags, environ: Mapping[str, str], home: Path) -> TLS:
    verify = _verify(flags, environ)
    folder = Path(environ.get("DOCKER_CERT_PATH") or environ.get("DOCKER_CONFIG") or home / ".docker")
    found = {name: _file(name, flags.files[name], folder) for name in ("ca", "cert", "key")}
    if verify and found["ca"] is None:
        raise UsageError(
            f"The daemon's certificate cannot be verified: looked for {folder / 'ca.pem'}, which is not "
            "there. Type --tlscacert FILE with the CA of that daemon, set DOCKER_CERT_PATH to the directory "
            "that holds ca.pem, or type --tlsverify=false to accept any certificate."
        )
    _check_pair(found["cert"], found["key"], folder)
    return TLS(verify, found["ca"], found["cert"], found["key"])


def _verify(flags: _Flags, environ: Mapping[str, str]) -> bool:
    """Typed first, then the environment; --tls and DOCKER_TLS alone mean encryption only, as in docker."""
    if flags.verify is not None:
        return flags.verify
    if environ.get("DOCKER_TLS_VERIFY"):
        return True
    return not (flags.tls or environ.get("DOCKER_TLS"))


def _file(name: str, typed: Path | None, folder: Path) -> Path | None:
    if typed is None:
        default = folder / f"{name}.pem"
        return default if default.is_file() else None
    if not typed.is_file():
        flag = {"ca": "--tlscacert", "cert": "--tlscert", "key": "--tlskey"}[name]
        raise UsageError(f"{flag} {typed}: expected a PEM file, found no file of that name. Check the path.")
    return typed


def _check_pair(cert: Path | None, key: Path | None, folder: Path) -> None:
    if (cert is None) == (key is None):
        return
    have, missing = ("certificate", "key") if cert else ("key", "certificate")
    flag, default = ("--tlskey", "key.pem") if cert else ("--tlscert", "cert.pem")
    raise UsageError(
        f"The client {have} {cert or key} has no {missing}: looked for {folder / default}, which is not "
        f"there. Type {flag} FILE."
    )


def _expanded(file: str | Path | None, home: Path) -> Path | None:
    """``~/`` as the shell would have it: not every shell expands it inside --tlscert=~/cert.pem."""
    if file is None or str(file) == "":
        return None
    return home / str(file)[2:] if str(file).startswith("~/") else Path(file)
