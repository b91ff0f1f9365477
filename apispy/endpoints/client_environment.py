"""The environment variables that send docker clients to an endpoint."""

from apispy.endpoints.address import TLS, Endpoint
from apispy.errors import UsageError

NAMES = ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_TLS", "DOCKER_CERT_PATH", "DOCKER_CONTEXT")

type Variables = dict[str, str | None]
"""Values by name, None for a variable to unset. Always all NAMES, in that order."""

ALL_UNSET: Variables = dict.fromkeys(NAMES)


def variables_for(endpoint: Endpoint) -> Variables:
    """Return the variables to set for *endpoint*, and those to unset because they name another daemon or other TLS.

    DOCKER_CONTEXT is always unset: docker lets DOCKER_HOST override it, but not every client does.
    UsageError for TLS files that DOCKER_CERT_PATH cannot name.
    """
    found = ALL_UNSET | {"DOCKER_HOST": str(endpoint)}
    if endpoint.tls is not None:
        found["DOCKER_TLS_VERIFY" if endpoint.tls.verify else "DOCKER_TLS"] = "1"
        found["DOCKER_CERT_PATH"] = _cert_path(endpoint, endpoint.tls)
    if unsafe := [value for value in found.values() if value and not value.isprintable()]:
        raise UsageError(
            f"{unsafe[0]!r} contains unprintable characters, which are not safe in an environment variable. "
            "Use a path without them."
        )
    return found


def _cert_path(endpoint: Endpoint, tls: TLS) -> str | None:
    files = {"ca.pem": tls.ca, "cert.pem": tls.cert, "key.pem": tls.key}
    given = {name: file for name, file in files.items() if file is not None}
    directories = {file.absolute().parent for file in given.values()}
    named = all(file.name == name for name, file in given.items())
    if len(directories) <= 1 and named and (tls.ca or not tls.verify):
        return str(directories.pop()) if directories else None
    found = ", ".join(str(file) for file in given.values()) or "none"
    raise UsageError(
        f"{endpoint}: docker finds TLS files only by the names ca.pem, cert.pem and key.pem in one directory, "
        f"DOCKER_CERT_PATH; found {found}. Copy the files to one directory under these names, and save the endpoint: "
        "apispy endpoints add NAME ADDRESS --tlscacert DIR/ca.pem --tlscert DIR/cert.pem --tlskey DIR/key.pem"
    )
