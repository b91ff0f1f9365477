"""The certificates of apispy, and docker's key: their modes, their validity, and whether the keys match."""

import shlex
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from apispy import system
from apispy.app.doctor.base import CheckContext, Finding, ok, problem, sudo
from apispy.endpoints import Endpoint
from apispy.errors import ApispyError
from apispy.units import count

PAIRS = (("ca.pem", "ca-key.pem"), ("cert.pem", "key.pem"), ("server.pem", "server-key.pem"))


def check_certificates(context: CheckContext) -> Iterator[Finding]:
    yield from _key_of_docker(context)
    folder = context.certs_dir
    if not folder.is_dir():
        yield ok(f"{folder} does not exist yet; apispy creates it at the first start")
        return
    found = [*_modes(folder), *(finding for pair in PAIRS for finding in _pair(folder, *pair))]
    yield from found or [ok(f"{folder} is empty; apispy fills it at the first start")]


def _key_of_docker(context: CheckContext) -> Iterator[Finding]:
    """Check the mode of the client key for the daemon: whoever reads it is root there."""
    tls = context.endpoint.tls if isinstance(context.endpoint, Endpoint) else None
    if tls and tls.key and tls.key.parent != context.certs_dir:
        yield from _mode(tls.key, allowed=0o700, better=0o600)


def _modes(folder: Path) -> Iterator[Finding]:
    yield from _mode(folder, allowed=0o755, better=0o700)
    for key in (folder / key for _, key in PAIRS if (folder / key).exists()):
        yield from _mode(key, allowed=0o600, better=0o600)


def _mode(path: Path, *, allowed: int, better: int) -> Iterator[Finding]:
    mode = system.mode_bits(path.stat().st_mode)
    if mode & ~allowed:
        command = f"chmod {better:o} {shlex.quote(str(path))}"
        yield problem(f"{path} has mode {mode:04o}: others have access", "Take it away", command)


def _pair(folder: Path, cert_name: str, key_name: str) -> Iterator[Finding]:
    from apispy.certs import validity_period

    cert, key = folder / cert_name, folder / key_name
    if not cert.exists():
        return  # created when it is needed
    cure = _cure(folder, cert)
    try:
        start, end = validity_period(cert)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        reason = (error.reason or "not a pair").replace("_", " ").lower()
        yield problem(f"{cert} and {key} do not belong together ({reason})", *cure)
    except OSError as error:
        yield problem(f"{key}: {error.strerror}", *cure)
    except ApispyError as error:
        yield problem(str(error).rstrip("."), *cure)
    else:
        yield _dates(cert, start, end, cure)


def _cure(folder: Path, cert: Path) -> tuple[str, str]:
    """What to do about a certificate of apispy's: it issues a new one at the next start."""
    if cert.name == "ca.pem":
        where = shlex.quote(str(folder))
        return "Move the directory away: apispy makes a new CA at its next start", f"mv {where} {where}.old"
    return "Remove it: apispy issues another at its next start", f"rm {shlex.quote(str(cert))}"


def _dates(cert: Path, start: datetime, end: datetime, cure: tuple[str, str]) -> Finding:
    now = datetime.now(UTC)
    if now < start:
        text = (
            f"{cert} is valid from {start:%Y-%m-%d %H:%M} UTC, but the clock here shows {now:%Y-%m-%d %H:%M}"
        )
        return problem(text, "Set the clock", sudo("timedatectl set-ntp true"))
    if now >= end:
        return problem(f"{cert} expired on {end:%Y-%m-%d}", *cure)
    return ok(
        f"{cert} is valid until {end:%Y-%m-%d} ({count((end - now).days, 'days')} left), and its key matches"
    )
