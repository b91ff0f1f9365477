"""apispy's own certificates: their modes, their validity, and whether the keys match. Nothing is changed."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from apispy import system
from apispy.app.doctor.base import CheckContext, Finding, ok, problem
from apispy.errors import ApispyError
from apispy.units import count

PAIRS = (("ca.pem", "ca-key.pem"), ("cert.pem", "key.pem"), ("server.pem", "server-key.pem"))


def check_certificates(context: CheckContext) -> Iterator[Finding]:
    folder = context.certs_dir
    if not folder.is_dir():
        yield ok(f"{folder} does not exist yet; apispy creates it at the first start")
        return
    found = [*_modes(folder), *(finding for pair in PAIRS for finding in _pair(folder, *pair))]
    yield from found or [ok(f"{folder} is empty; apispy fills it at the first start")]


def _modes(folder: Path) -> Iterator[Finding]:
    keys = [folder / key for _, key in PAIRS if (folder / key).exists()]
    for path, allowed in ((folder, 0o755), *((key, 0o600) for key in keys)):
        mode = system.mode_bits(path.stat().st_mode)
        if mode & ~allowed:
            better = 0o700 if path is folder else 0o600
            yield problem(f"{path} has mode {mode:04o}: others have access", f"chmod {better:o} {path}")


def _pair(folder: Path, cert_name: str, key_name: str) -> Iterator[Finding]:
    from apispy.certs import validity_period

    cert, key = folder / cert_name, folder / key_name
    if not cert.exists():
        return  # created when it is needed
    remedy = (
        f"Move {folder} away: apispy creates a new CA at the next start"
        if cert_name == "ca.pem"
        else f"rm {cert}"
    )
    try:
        start, end = validity_period(cert)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        reason = (error.reason or "not a pair").replace("_", " ").lower()
        yield problem(f"{cert} and {key} do not belong together ({reason})", remedy)
    except OSError as error:
        yield problem(f"{key}: {error.strerror}", remedy)
    except ApispyError as error:
        yield problem(str(error).rstrip("."), remedy)
    else:
        yield _dates(cert, start, end, remedy)


def _dates(cert: Path, start: datetime, end: datetime, remedy: str) -> Finding:
    now = datetime.now(UTC)
    if now < start:
        text = (
            f"{cert} is valid from {start:%Y-%m-%d %H:%M} UTC, but the clock here shows {now:%Y-%m-%d %H:%M}"
        )
        return problem(text, "Set the clock")
    if now >= end:
        return problem(f"{cert} expired on {end:%Y-%m-%d}", remedy)
    return ok(
        f"{cert} is valid until {end:%Y-%m-%d} ({count((end - now).days, 'days')} left), and its key matches"
    )
