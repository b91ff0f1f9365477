"""The setting that selects the daemon, and cures for one that selects none."""

import difflib
import shlex

from apispy.app.doctor.alternatives import other_daemon, responding_settings
from apispy.app.doctor.base import CheckContext
from apispy.endpoints import TLS, Endpoint, upstream
from apispy.endpoints.contexts import DEFAULT, Store
from apispy.errors import ApispyError, UsageError
from apispy.structs import replace

LIST = "List the daemons of this machine: apispy endpoints"
TLS_VARIABLES = ("DOCKER_TLS_VERIFY", "DOCKER_TLS", "DOCKER_CERT_PATH")


def cure_of_selection(context: CheckContext) -> tuple[str, str]:
    """Return (what to do, the command) where the environment names no endpoint that can be dialled."""
    if context.typed:
        return LIST, ""
    if isinstance(context.endpoint, Endpoint):  # its TLS files cannot be loaded
        remedy, command = responding_settings(context, context.endpoint)
        return remedy or "Use a certificate and key that belong together", command
    if isinstance(context.endpoint, UsageError):
        return _cure_of_context(context) or _cure_of_tls(context) or _cure_of_host(context)
    return LIST, ""


def _cure_of_context(context: CheckContext) -> tuple[str, str] | None:
    if context.source not in ("DOCKER_CONTEXT", "currentContext"):
        return None
    names = Store.of(context.environ, context.home).names()
    wrong = context.environ.get("DOCKER_CONTEXT", "")
    if context.source == "DOCKER_CONTEXT" and (similar := difflib.get_close_matches(wrong, names, 1)):
        return "Use the context that has a similar name", f"export DOCKER_CONTEXT={shlex.quote(similar[0])}"
    if context.source == "DOCKER_CONTEXT":
        return "Let docker use its current context", "unset DOCKER_CONTEXT"
    if context.clis:
        return "Choose another context", f"docker context use {DEFAULT}"
    return "Choose another context", f"export DOCKER_CONTEXT={DEFAULT}"


def _cure_of_tls(context: CheckContext) -> tuple[str, str] | None:
    """The cure where the address can be used, but not the TLS files; None if the address cannot be used either."""
    environ = {name: value for name, value in context.environ.items() if name not in TLS_VARIABLES}
    try:
        address = upstream(environ=environ, home=context.home)
    except ApispyError:
        return None
    found = responding_settings(context, replace(address, tls=TLS(True, None, None, None)))
    return (
        found if found[1] else ("Put the daemon's ca.pem there, or set DOCKER_CERT_PATH to its directory", "")
    )


def _cure_of_host(context: CheckContext) -> tuple[str, str]:
    if context.source != "DOCKER_HOST":
        return LIST, ""
    remedy, command = other_daemon(context)
    return (
        (remedy, command) if command else ("Correct it, or let docker use its default", "unset DOCKER_HOST")
    )
