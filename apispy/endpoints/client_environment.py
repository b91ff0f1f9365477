"""The environment in which docker clients come to an endpoint. The one place that says so."""

from apispy.endpoints.address import TLS, Endpoint
from apispy.errors import UsageError

VARIABLES = ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_TLS", "DOCKER_CERT_PATH", "DOCKER_CONTEXT")

type Settings = dict[str, str | None]
"""By name; None is a variable to take away. In the order of VARIABLES, and always all of them."""

NONE: Settings = dict.fromkeys(VARIABLES)


def settings(endpoint: Endpoint) -> Settings:
    """What to set for *endpoint*, and what to take away because it would lead elsewhere or ask for the wrong TLS.

    DOCKER_CONTEXT is taken away too: docker gives DOCKER_HOST the right of way, but not every client knows that.
    UsageError for TLS files that no DOCKER_CERT_PATH can name.
    """
    found = NONE | {"DOCKER_HOST": str(endpoint)}
    if endpoint.tls is not None:
        found["DOCKER_TLS_VERIFY" if endpoint.tls.verify else "DOCKER_TLS"] = "1"
        found["DOCKER_CERT_PATH"] = _cert_path(endpoint, endpoint.tls)
    if odd := [value for value in found.values() if value and not value.isprintable()]:
        raise UsageError(
            f"{odd[0]!r} cannot stand in an environment variable safely; use a path without such characters."
        )
    return found


def _cert_path(endpoint: Endpoint, tls: TLS) -> str | None:
    files = {"ca.pem": tls.ca, "cert.pem": tls.cert, "key.pem": tls.key}
    there = {name: file for name, file in files.items() if file is not None}
    folders = {file.absolute().parent for file in there.values()}
    named = all(file.name == name for name, file in there.items())
    if len(folders) <= 1 and named and (tls.ca or not tls.verify):
        return str(folders.pop()) if folders else None
    found = ", ".join(str(file) for file in there.values()) or "none"
    raise UsageError(
        f"{endpoint}: docker finds TLS files only by the names ca.pem, cert.pem and key.pem in one directory, "
        f"DOCKER_CERT_PATH; found {found}. Put copies with these names into one directory, and save it: "
        "apispy endpoints add NAME ADDRESS --tlscacert DIR/ca.pem --tlscert DIR/cert.pem --tlskey DIR/key.pem"
    )
