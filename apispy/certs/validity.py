"""The validity period of a certificate."""

from datetime import datetime
from pathlib import Path

from cryptography import x509

from apispy.errors import ApispyError


def validity_period(path: Path) -> tuple[datetime, datetime]:
    """Start and end (aware, UTC) of the first certificate in the PEM file *path*. Raises ApispyError."""
    try:
        cert = x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise ApispyError(f"{path}: {error.strerror}. Check the path and its permissions.") from error
    except ValueError as error:
        raise ApispyError(f"{path}: expected a certificate in PEM, found something else.") from error
    return cert.not_valid_before_utc, cert.not_valid_after_utc
